import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { amd } from '../../mcp-server/src/adapters/gpus/amd.js';
import { cudaEnv } from '../../mcp-server/src/core/gpus/cuda-env.js';
import { gpuState } from '../../mcp-server/src/core/gpus/free.js';
import { inquire } from '../support/inquire.js';
import { makeProject } from '../support/project.js';

const has = (program: string): boolean => program === 'rocm-smi';
const parse = (cards: unknown, before = '') =>
  inquire(amd, () => before + JSON.stringify(cards), { has }).report;
const CARD = {
  'Unique ID': '0xAB12',
  'Temperature (Sensor edge) (C)': '41.0',
  'Average Graphics Package Power (W)': '26.5',
  'GPU use (%)': '3',
  'VRAM Total Memory (B)': '34342961152',
  'VRAM Total Used Memory (B)': '10850304',
  'Card series': 'Arcturus [Instinct MI100]',
};

describe('rocm-smi', () => {
  it('tells each card, whatever its fields are called in that version', () => {
    const newer = {
      'Temperature (Sensor junction) (C)': '60.0',
      'Current Socket Graphics Package Power (W)': '9.215',
      'GPU use (%)': '20.3',
      'VRAM Total Memory (B)': '536870912',
      'VRAM Total Used Memory (B)': '482263040',
      'Card Series': 'Radeon 680M',
      'Unique ID': 'N/A',
    };
    const { gpus, error } = parse({ card0: CARD, card1: newer, system: {} }, 'WARNING: something\n');
    expect(error).toBeNull();
    expect(gpus).toEqual([
      {
        index: 0,
        uuid: 'AMD-ab12',
        vendor: 'amd',
        name: 'Instinct MI100',
        memory_used_mb: 10,
        memory_total_mb: 32752,
        utilization_pct: 3,
        temperature_c: 41,
        power_w: 26.5,
        processes: [],
      },
      {
        index: 1,
        uuid: null,
        vendor: 'amd',
        name: 'Radeon 680M',
        memory_used_mb: 460,
        memory_total_mb: 512,
        utilization_pct: 20.3,
        temperature_c: 60,
        power_w: 9.215,
        processes: [],
      },
    ]); // prettier-ignore
    expect(gpus.map(gpuState)).toEqual(['free', 'free']);
  });

  it('never takes a cell for a number that is none', () => {
    const { gpus } = parse({
      card0: { ...CARD, 'GPU use (%)': 'N/A', 'VRAM Total Used Memory (B)': 'unknown' },
    });
    expect(gpus[0]).toMatchObject({ utilization_pct: null, memory_used_mb: null });
    expect(gpus.map(gpuState)).toEqual(['error']);
  });

  it('says what is wrong and how to mend it', () => {
    const said = (stdout: string, timedOut = false) =>
      inquire(amd, () => ({ code: 1, stdout, timedOut }), { has }).report.error;
    expect(said('ERROR:root:Driver not initialized (amdgpu not found in modules)')).toContain(
      'modprobe amdgpu',
    );
    expect(said('Permission denied')).toContain('render');
    expect(said('', true)).toContain('did not answer in time');
    expect(said('{"card0": ')).toContain('{"card0":');
    expect(said('nonsense')).toContain('nonsense');
  });

  it('pins a training by the variable of ROCm', () => {
    const gpus = parse({ card0: CARD, card2: CARD }).gpus.map((gpu) => ({ ...gpu, state: 'free' as const }));
    expect(cudaEnv(gpus, { gpus, error: null })).toEqual({ HIP_VISIBLE_DEVICES: '0,2' });
  });

  it('is asked by the command line where it is installed', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'ae-rocm-'));
    writeFileSync(join(bin, 'rocm-smi'), `#!/bin/sh\necho '${JSON.stringify({ card0: CARD })}'\n`);
    chmodSync(join(bin, 'rocm-smi'), 0o755);
    const project = makeProject({}, { PATH: `${bin}${delimiter}${process.env.PATH}` });
    try {
      const { gpus } = await project.json('gpu');
      expect(gpus).toContainEqual(expect.objectContaining({ uuid: 'AMD-ab12', state: 'free' }));
    } finally {
      await project.end();
      rmSync(bin, { recursive: true, force: true });
    }
  });
});
