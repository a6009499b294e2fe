import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { submitScript } from '../../mcp-server/src/adapters/jobs/slurm/submit.js';
import { WRAPPER } from '../../mcp-server/src/adapters/jobs/wrapper.js';
import { quote } from '../../mcp-server/src/core/posix.js';
import { SlurmConfig, slurmRequest } from '../../mcp-server/src/core/slurm/settings.js';

// What is handed to a cluster, to the letter: a change of it is a change of what runs there.

const request = slurmRequest(
  SlurmConfig.parse({
    partition: 'gpu,long',
    account: "o'neil",
    gres: 'gpu:a100',
    cpus: 8,
    mem: '32G',
    time: '8h',
    signal: 'USR1@180',
    setup: ['module load cuda/12.4'],
    extra: ['--constraint=a100&nvlink', '--exclusive'],
  }),
  2,
  3600,
  60,
);
const spec = {
  argv: ['python', 'train.py', '--name', "it's $HOME; `id`", 'a\nb'],
  cwd: '/data/my project',
  marker: 'exp007@0123456789abcdef',
};
const script = submitScript(spec, request, '/data/100%/exp007', 'END');

it('a run becomes this script, every value quoted', async () => {
  const shown = script.replaceAll(quote(WRAPPER), "'WRAPPER'");
  await expect(shown).toMatchFileSnapshot('slurm-script.golden.sh');
});

it('the shell takes both halves of it', () => {
  execFileSync('sh', ['-n'], { input: script });
  const batch = /<< 'END'\n([\s\S]*)END\n/.exec(script)?.[1] ?? '';
  expect(batch.startsWith('#!/bin/sh\n')).toBe(true);
  execFileSync('sh', ['-n'], { input: batch });
});
