import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { answerIn, call, describeHosts, type Home, makeHome } from '../../support/hosts.js';
import { kill, makeProject, type TestProject, until } from '../../support/project.js';
import { type ScriptedModel, startModel, type Turn } from '../../support/scripted-model.js';
import { openTerminal, type Terminal } from '../../support/terminal.js';

// Claude Code in a terminal takes long calls as MCP tasks: it asks the server about them, and no model.

const FILES = {
  'PROJECT_BRIEF.md': '---\nmetric: val_acc\ndirection: maximize\n---\n# Goal\nImprove train.sh.\n',
  'config.yaml':
    'experiment: {stop_grace: 1, survivor_grace: 1, dry_run_args: [--dry]}\ngpu: {auto_detect: false}\n',
  'train.sh':
    'case "$*" in *--dry*) exit 0;; esac\necho epoch 7/9 val_acc=0.4\nwhile [ ! -e go ]; do sleep 0.05; done\necho epoch 9/9 val_acc=0.5\n',
};

let project: TestProject;
let model: ScriptedModel;
let home: Home;
let terminal: Terminal;
afterEach(async () => {
  terminal.close();
  await model.close();
  await project.end();
  home.remove();
});

const begin = async (script: readonly Turn[], options: readonly string[]): Promise<void> => {
  project = makeProject(FILES);
  model = await startModel(script);
  home = makeHome(model.url, project.root, options);
  terminal = openTerminal('claude', home, project.root, '/auto-experiment --max-cycles 1');
};
const shown = (words: string): Promise<void> => until(() => terminal.screen().includes(words));
const go = (): void => writeFileSync(join(project.root, 'go'), '');
const turns = () => model.requests.filter(({ turn }) => turn);

const LAUNCH = call('claude', 'launch_experiment', { command: ['sh', 'train.sh'], title: 'once' });
const WAIT = call('claude', 'wait_for_experiment', { run: 'exp001' });

describeHosts('a wait as a task', () => {
  it('as installed: shown in the call, and no request until the end', async () => {
    await begin(
      [
        LAUNCH,
        WAIT,
        (request) => {
          expect(answerIn(request)).toMatchObject({ reason: 'ended', run: { id: 'exp001' } });
          expect(answerIn(request)).not.toHaveProperty('news');
          return [{ text: 'It has ended.' }];
        },
      ],
      [],
    );
    // The words of `tasks/get`: the client shows how far the run is.
    await shown('exp001 epoch 7/9');
    expect(turns()).toHaveLength(2);
    go();
    await shown('It has ended.');
    expect(model.errors).toEqual([]);
    expect(turns()).toHaveLength(3);
  });

  it('with the host’s defaults: in the background for one request, also when the host was killed meanwhile', async () => {
    await begin(
      [
        LAUNCH,
        WAIT,
        (request) => {
          expect(request.results.at(-1)).toContain('started server-side task');
          return [{ text: 'It runs in the background.' }];
        },
        (request) => {
          expect(JSON.stringify(request.body)).toMatch(/exp001 succeeded|\\"id\\":\\"exp001\\"/);
          return [{ text: 'It has ended.' }];
        },
      ],
      ['--keep-host-defaults'],
    );
    await shown('It runs in the background.');
    await shown('1 MCP task');
    kill(terminal.pid());
    terminal.close();
    terminal = openTerminal('claude', home, project.root, '--continue');
    await shown('1 MCP task');
    expect(turns()).toHaveLength(3);
    go();
    await shown('It has ended.');
    expect(model.errors).toEqual([]);
    expect(turns()).toHaveLength(4);
    expect(project.ledger().filter(({ kind }) => kind === 'launch')).toHaveLength(1);
    // Told by the task, so nobody is owed it any more.
    expect(readdirSync(join(project.root, 'workspace/receipts'))).toEqual([]);
  });
});
