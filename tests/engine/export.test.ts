import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settingsOfCommand } from '../../mcp-server/src/core/export/settings.js';
import { createEventParser } from '../../mcp-server/src/core/reading/sources/event-file.js';
import { eachField, textOf } from '../../mcp-server/src/core/reading/sources/protobuf.js';
import { type Json, makeProject, type TestProject } from '../support/project.js';

let project: TestProject;

const LOG = [1, 2, 3].map((epoch) => `echo epoch ${epoch}/3 val_acc=0.${epoch} train_loss=${4 - epoch}.5`);
async function train(...args: string[]): Promise<Json> {
  await project.json('launch', '--', 'sh', '-c', LOG.join('; '), 'train', ...args);
  return project.json('wait');
}

/** Events of a file: step, and tags with the plugin that they are for. Lengths are trusted: the real parser checks the sums. */
function events(file: string): { step: number; tags: { tag: string; plugin: string | null }[] }[] {
  const bytes = readFileSync(file);
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const event: { step: number; tags: { tag: string; plugin: string | null }[] } = { step: 0, tags: [] };
    eachField(bytes, at + 12, at + 12 + length, (field) => {
      if (field.number === 2) event.step = field.value;
      if (field.number !== 5) return;
      eachField(bytes, field.start, field.end, (value) => {
        const one: { tag: string; plugin: string | null } = { tag: '', plugin: null };
        eachField(bytes, value.start, value.end, (part) => {
          if (part.number === 1) one.tag = textOf(bytes, part);
          if (part.number !== 9) return;
          eachField(bytes, part.start, part.end, (data) => {
            eachField(bytes, data.start, data.end, (name) => {
              if (name.number === 1) one.plugin = textOf(bytes, name);
            });
          });
        });
        event.tags.push(one);
      });
    });
    found.push(event);
    at += 16 + length;
  }
  return found;
}

describe('export --to tensorboard', () => {
  beforeEach(() => {
    project = makeProject({
      'config.yaml': 'experiment: {metric: val_acc, direction: maximize}\ngpu: {auto_detect: false}\n',
    });
  });
  afterEach(() => project.end());

  it('writes every value where it was measured, with settings, text and ending', async () => {
    await train('--lr', '0.1');
    const { runs } = await project.json('export', '--to', 'tensorboard');
    expect(runs).toMatchObject([{ run: 'exp001', points: 6 }]);
    const [{ file }] = runs;
    const bytes = readFileSync(file);
    const { records, used } = createEventParser().push(bytes, true);
    expect(used).toBe(bytes.length);
    expect(records.map(({ step, metrics }) => [step, metrics])).toEqual([
      ...[1, 2, 3].map((epoch) => [epoch, { val_acc: epoch / 10 }]),
      ...[1, 2, 3].map((epoch) => [epoch, { train_loss: 4.5 - epoch }]),
    ]);
    const tags = events(file).flatMap((event) => event.tags);
    expect(tags.filter(({ plugin }) => plugin !== null)).toEqual([
      { tag: '_hparams_/session_start_info', plugin: 'hparams' },
      { tag: 'run', plugin: 'text' },
      { tag: '_hparams_/session_end_info', plugin: 'hparams' },
    ]);
  });

  it('replaces what it wrote before, and writes only the runs that are named', async () => {
    await train();
    await train('--seed', '2');
    const all = await project.json('export');
    expect(await project.json('export')).toEqual(all);
    const out = join(project.root, 'elsewhere');
    const one = await project.json('export', 'exp002', '--out', out);
    expect(one.runs.map(({ run }: Json) => run)).toEqual(['exp002']);
    expect(one.folder).toBe(out);
    expect(await project.run('export', '--to', 'carrier-pigeon')).toMatchObject({ code: 2 });
    rmSync(join(project.root, 'workspace'), { recursive: true });
    expect(await project.run('export')).toMatchObject({ code: 1 });
  });

  const python = process.env.TENSORBOARD_PYTHON ?? 'python3';
  const hasTensorboard = (() => {
    try {
      execFileSync(python, ['-c', 'import tensorboard.plugins.hparams.backend_context'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();
  // Where TensorBoard is installed its own reader says what it sees: TENSORBOARD_PYTHON names an interpreter that has it.
  it.skipIf(!hasTensorboard)('is read by TensorBoard itself', async () => {
    await train('--lr', '0.1', '--amp');
    const { folder } = await project.json('export');
    const script = join(project.root, 'read.py');
    writeFileSync(script, READ);
    const seen = JSON.parse(execFileSync(python, [script, folder], { encoding: 'utf8' }));
    expect(seen.scalars.val_acc.map(([step, value]: number[]) => [step, Number(value?.toFixed(4))])).toEqual([
      [1, 0.1],
      [2, 0.2],
      [3, 0.3],
    ]);
    expect(seen.text[0]).toContain('**exp001**');
    expect(seen.groups).toEqual([
      { name: 'exp001', hparams: { lr: 0.1, amp: true, verdict: 'baseline' }, status: [1] },
    ]);
  });
});

const READ = `
import json, sys
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.util import tensor_util
m = EventMultiplexer()
m.AddRunsFromDirectory(sys.argv[1])
m.Reload()
run = sorted(m.Runs())[0]
value = lambda event: tensor_util.make_ndarray(event.tensor_proto)
scalars = {t: [[e.step, float(value(e))] for e in m.Tensors(run, t)] for t in ("val_acc", "train_loss")}
text = [value(e)[0].decode() for e in m.Tensors(run, "run")]
context = backend_context.Context(base_plugin.TBContext(data_provider=MultiplexerDataProvider(m, sys.argv[1]), logdir=sys.argv[1]))
request = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=50, allowed_statuses=[0, 1, 2, 3])
answer = list_session_groups.Handler(RequestContext(), context, "x", request).run()
plain = lambda v: getattr(v, v.WhichOneof("kind"))
groups = [{"name": g.name, "hparams": {k: plain(v) for k, v in g.hparams.items()}, "status": [s.status for s in g.sessions]} for g in answer.session_groups]
print(json.dumps({"scalars": scalars, "text": text, "groups": groups}))
`;

describe('settings of a command', () => {
  it.each([
    [['python3', 'train.py', '--lr', '0.1', '--amp', '--name=a b'], { lr: 0.1, amp: true, name: 'a b' }],
    [['python', '-m', 'main', 'optim.lr=1e-3', '+model=vit'], { 'optim.lr': 0.001, model: 'vit' }],
    [['sh', '-c', 'echo hi'], {}],
    [['train', '--momentum', '-0.5'], { momentum: -0.5 }],
    [['train'], {}],
  ])('%j', (command, settings) => expect(settingsOfCommand(command)).toEqual(settings));
});
