import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { Agent, AgentTask, ProviderFault } from '../../mcp-server/src/core/provider.js';
import { BIN, call, describeHosts, type HostName } from '../support/hosts.js';
import { makeProject, type TestProject, until } from '../support/project.js';
import { type Failure, type ScriptedModel, startModel, type Turn } from '../support/scripted-model.js';
import { caught } from './provider-suite.js';

/** A CLI as a worker: how it is opened on a HOME, and how its model says things. */
export interface AgentCase {
  name: string;
  host: HostName;
  /** The model that is asked for; its price is known to the CLI or not. */
  model: string;
  open(env: Record<string, string>, base: string, passEnv?: readonly string[]): Agent;
  /** Variables that give it its key. */
  key: Record<string, string>;
  /** How it ends with a structured answer. */
  answer(value: Record<string, unknown>): Turn;
  /** What the person and the project have configured for it, to be passed over: file → text. `touch PATH` shows that it ran. */
  planted(home: string, project: string): Record<string, string>;
  usd: number | null;
  failures: [name: string, answer: Failure, fault: ProviderFault, says: RegExp][];
}

const SCHEMA = {
  type: 'object',
  properties: {
    run: { type: 'string' },
    files: { type: 'array', items: { type: 'string' } },
    note: { type: 'string' },
  },
  required: ['run', 'files'],
  additionalProperties: false,
};

/** Secrets of many shapes: some told by their names, some by what they look like. */
const CANARIES = {
  OPENAI_API_KEY: 'sk-canary-openai-0000000001',
  ANTHROPIC_API_KEY: 'sk-ant-canary-000000000002',
  WANDB_API_KEY: 'canary3canary3canary3canary3',
  HF_TOKEN: 'hf_canary4canary4canary4canary4',
  AWS_SECRET_ACCESS_KEY: 'canary5/canary5/canary5',
  AWS_ACCESS_KEY_ID: 'AKIACANARY66CANARY66',
  GITHUB_TOKEN: 'ghp_canary7canary7canary7canary7',
  ODD_NAME: 'sk-canary-shape-0000000000008',
  DATABASE_URL: 'postgres://lab:canary-9-password@db.example/x',
  SLACK_HOOK: 'https://hooks.slack.com/services/T00/B00/canary10canary10',
  GEMINI_API_KEY: 'AIzaCanary11Canary11Canary11Canary11Can',
  GITLAB: 'glpat-canary12canary12canary12',
  NPM_CONFIG__AUTH: 'npm_canary13canary13canary13canary13',
  REPLICATE_TOKEN: 'r8_canary14canary14canary14canary14',
  GROQ_API_KEY: 'gsk_canary15canary15canary15canary15',
  SENDGRID: 'SG.canary16canary16canary16.canary16canary16canary16',
  SMTP_PASSWORD: 'canary-seventeen-password',
  SESSION_JWT: 'eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjE4fQ.canary18canary18',
  DEPLOY_SECRET: 'canary-nineteen-0123456789',
  STRIPE: 'sk_live_canary20canary20canary20',
};

/** What every CLI must do as a worker. The real program, a scripted model on loopback. */
export function describeAgent(cli: AgentCase): void {
  describeHosts(cli.name, () => {
    const inPlace = async (
      script: Turn[],
      act: (at: {
        agent: Agent;
        server: ScriptedModel;
        project: TestProject;
        home: string;
        task(over?: Partial<AgentTask>): AgentTask;
      }) => Promise<void>,
      env: Record<string, string> = {},
      passEnv: readonly string[] = [],
    ): Promise<void> => {
      const server = await startModel(script);
      const home = mkdtempSync(join(tmpdir(), 'auto-experiment-home-'));
      const project = makeProject({
        'PROJECT_BRIEF.md': 'Make it better.\n',
        'train.py': 'print("val_acc=0.5")\n',
      });
      const all = {
        PATH: `${BIN}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
        HOME: home,
        TERM: 'dumb',
        ...cli.key,
        ...env,
      };
      const task = (over: Partial<AgentTask> = {}): AgentTask => ({
        model: cli.model,
        role: 'code',
        system: 'SYSTEM-WORDS You change code.',
        prompt: 'PROMPT-WORDS Look at the files.',
        answer: null,
        project: project.root,
        timeoutMs: 60_000,
        signal: new AbortController().signal,
        ...over,
      });
      try {
        await act({ agent: cli.open(all, server.url, passEnv), server, project, home, task });
        expect(server.errors).toEqual([]);
      } finally {
        await server.close();
        await project.end();
        rmSync(home, { recursive: true, force: true, maxRetries: 10 });
      }
    };

    it('works with our tools through our server, and ends with the answer that was wanted', async () => {
      let offered = '';
      await inPlace(
        [
          (request) => {
            offered = JSON.stringify(request.body);
            return call(cli.host, 'write_file', { path: 'train.py', text: 'print("val_acc=0.9")\n' });
          },
          (request) => {
            expect(request.results.join()).toContain('train.py');
            return call(cli.host, 'list_files');
          },
          (request) => {
            expect(request.results.join()).toContain('PROJECT_BRIEF.md');
            return typeof cli.answer({ run: '', files: [] }) === 'function'
              ? []
              : (cli.answer({ run: 'none', files: ['train.py'] }) as never);
          },
          [{ text: 'done' }],
        ],
        async ({ agent, server, project, task }) => {
          const reply = await agent.work(task({ answer: SCHEMA }));
          expect(reply.answer).toEqual({ run: 'none', files: ['train.py'] });
          expect(readFileSync(join(project.root, 'train.py'), 'utf8')).toContain('0.9');
          const turns = server.requests.filter(({ turn }) => turn).length;
          expect(reply.usage).toEqual({
            input: 1000 * turns,
            cached: 0,
            cacheWrite: 0,
            output: 50 * turns,
            reasoning: 0,
          });
          expect(reply.model).toBe(cli.model);
          if (cli.usd === null) expect(reply.usd).toBe(null);
          else expect(reply.usd).toBeCloseTo(cli.usd * turns, 6);
          expect(offered).toContain('SYSTEM-WORDS');
          expect(offered).toContain('PROMPT-WORDS');
          // The role's tools of ours; nothing with which it could act around them.
          for (const ours of ['launch_experiment', 'write_file', 'read_file', 'list_files', 'run_shell'])
            expect(offered).toContain(ours);
          for (const theirs of [
            '"Bash"',
            '"Edit"',
            '"Write"',
            '"exec_command"',
            '"apply_patch"',
            '"web_search"',
            '"WebFetch"',
            'wait_for_experiment"',
          ])
            expect(offered).not.toContain(theirs);
        },
      );
    });

    it('runs nothing that the person or the project has configured for its own use', () =>
      inPlace([[{ text: 'Nothing to do.' }]], async ({ agent, server, project, home, task }) => {
        for (const [path, text] of Object.entries(cli.planted(home, project.root))) {
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, text);
        }
        const reply = await agent.work(task());
        expect(reply).toMatchObject({ text: 'Nothing to do.', answer: null });
        const words = JSON.stringify(server.requests.map(({ body, headers }) => [body, headers]));
        expect(words).not.toMatch(/PROJECT-PLANTED/);
        expect(readdirSync(project.root)).not.toContain('TOUCHED');
        expect(readdirSync(home)).not.toContain('TOUCHED');
      }));

    it('keeps the prompt and every key out of argv, and foreign keys out of every environment', () => {
      const canaries: Record<string, string> = { ...CANARIES, ...cli.key };
      const own = Object.values(cli.key)[0] ?? '';
      const passed = CANARIES.WANDB_API_KEY;
      let seen: { argv: string; env: string; ours: boolean }[] = [];
      return inPlace(
        [
          () => {
            seen = processes();
            return call(cli.host, 'list_files');
          },
          [{ text: 'done' }],
        ],
        async ({ agent, server, home, task }) => {
          await agent.work(task());
          const mine = seen.filter(({ env }) => env.includes(home));
          expect(mine.length).toBeGreaterThan(1);
          const secrets = Object.values(canaries);
          for (const { argv, env, ours } of mine) {
            for (const text of [...secrets, 'PROMPT-WORDS', 'SYSTEM-WORDS']) expect(argv).not.toContain(text);
            const found = secrets.filter((secret) => env.includes(secret));
            // The CLI knows its own key; our server, which launches training, knows what training may see.
            expect(found.filter((secret) => secret !== own && secret !== passed)).toEqual([]);
            if (ours) expect(found).toEqual([passed]);
          }
          expect(mine.some(({ ours }) => ours)).toBe(true);
          const sent = JSON.stringify(server.requests.map(({ body }) => body));
          for (const secret of secrets) expect(sent).not.toContain(secret);
        },
        canaries,
        ['WANDB_API_KEY'],
      );
    });

    it('is gone with all that it started when the caller gives up', () =>
      inPlace([{ hang: true }], async ({ agent, server, home, task }) => {
        const abort = new AbortController();
        const work = agent.work(task({ signal: abort.signal }));
        await Promise.race([server.turn(1), work]);
        expect(processes().some(({ env }) => env.includes(home))).toBe(true);
        const reason = new Error('enough');
        abort.abort(reason);
        await expect(work).rejects.toBe(reason);
        await until(() => !processes().some(({ env }) => env.includes(home)));
      }));

    it('is ended when its time is over, and says so', () =>
      inPlace([{ hang: true }], async ({ agent, home, task }) => {
        const error = await caught(agent.work(task({ timeoutMs: 4000 })));
        expect(error).toMatchObject({
          fault: 'bad_answer',
          message: expect.stringMatching(/not done after 4 s/),
        });
        await until(() => !processes().some(({ env }) => env.includes(home)));
      }));

    for (const [name, answer, fault, says] of cli.failures)
      it(`${name} → ${fault}`, () =>
        inPlace(
          Array.from({ length: 12 }, () => answer),
          async ({ agent, task }) => {
            const error = await caught(agent.work(task()));
            expect({ fault: error.fault, message: error.message }).toEqual({
              fault,
              message: expect.stringMatching(says),
            });
            for (const key of Object.values(cli.key))
              expect(`${error.message}${error.hint}`).not.toContain(key);
          },
        ));

    it('an endpoint that is not there is down, soon', () =>
      inPlace([], async ({ server, home, task }) => {
        await server.close();
        const env = { PATH: `${BIN}:${dirname(process.execPath)}:/usr/bin:/bin`, HOME: home, ...cli.key };
        expect(await caught(cli.open(env, server.url).work(task()))).toMatchObject({ fault: 'down' });
      }));

    it('a program that is not installed is said before anything is asked', () => {
      expect(() => cli.open({ PATH: '/nowhere', ...cli.key }, 'http://127.0.0.1:1')).toThrow(/no program/);
    });
  });
}

/** Every process of this machine that may be looked at, with what it was started with. */
function processes(): { argv: string; env: string; ours: boolean }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [
          { argv, env: readFileSync(`/proc/${pid}/environ`, 'utf8'), ours: argv.includes(' mcp --role ') },
        ];
      } catch (error) {
        if (error instanceof Error && 'code' in error) return [];
        throw error;
      }
    });
}
