import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectMcp, type McpSession } from '../support/mcp-client.js';
import { type Json, kill, MAIN, makeProject, type TestProject } from '../support/project.js';

// Answers stay small whatever a project holds, and no line on standard input ends the server.

let project: TestProject;
const at = (...parts: string[]): string => join(project.root, ...parts);

describe('every answer is bounded', () => {
  let mcp: McpSession;
  const LONG = '"quoted" and \\ long '.repeat(30);

  beforeEach(async () => {
    project = makeProject({
      'PROJECT_BRIEF.md': `# ${LONG}\n${'"x"\n'.repeat(3000)}`,
      'config.yaml':
        'experiment: {metric: val_acc, direction: maximize, mandatory_dry_run: false}\nmemory: {brief_max_chars: 100000, log_max_chars: 50000}\n',
    });
    mcp = await connectMcp(project.root);
  });
  afterEach(async () => {
    await mcp.close();
    await project.end();
  });

  const finish = async (...command: string[]): Promise<string> => {
    const { data } = await mcp.call('launch_experiment', { command, title: LONG.slice(0, 200) });
    await mcp.call('wait_for_experiment', { run: data.run.id });
    return data.run.id;
  };

  it('a log of 10 MB in long lines', async () => {
    const id = await finish(
      'sh',
      '-c',
      'yes "a \\"long\\" line of a log, \\\\ $(printf %0300d 7)" | head -c 10000000; echo val_acc=0.5',
    );
    const { data, size } = await mcp.call('experiment_status', { run: id });
    expect(data.run.log_tail.length).toBeGreaterThan(3);
    expect(data.run.log_tail.at(-1)).toMatch(/val_acc=0.5$/);
    expect(size).toBeLessThan(9000);
    const page = await mcp.call('read_file', { path: `workspace/runs/${id}/log` });
    expect(page.data.next_offset).toBeGreaterThan(1000);
    expect(page.size).toBeLessThan(9000);
  });

  it('3,000 names of metrics, the declared one last', async () => {
    const script =
      'i=0; while [ $i -lt 3000 ]; do echo "epoch 1 some_group/metric_with_a_long_name_$i=0.$i"; i=$((i+1)); done; echo epoch 1 val_acc=0.5';
    const id = await finish('sh', '-c', script);
    const { data, size, text } = await mcp.call('experiment_status', { run: id });
    expect(data.run.primary).toEqual({ name: 'val_acc', value: 0.5 });
    expect(Object.keys(data.run.metrics).length).toBeGreaterThan(4);
    expect(data.run.metrics.val_acc).toMatchObject({ last: 0.5 });
    expect(text).toContain('val_acc 0.5');
    expect(size).toBeLessThan(9000);
  });

  it('2,000 runs, decisions and warnings in the ledger: the status is under 4,000 characters', async () => {
    const first = await finish('sh', '-c', 'echo val_acc=0.5');
    const record = JSON.parse(readFileSync(at('workspace/runs', first, 'run.json'), 'utf8'));
    const lines: Json[] = [];
    for (let number = 2; number <= 2000; number++) {
      const run = `exp${String(number).padStart(3, '0')}`;
      const when = record.ended_at;
      mkdirSync(at('workspace/runs', run, 'record'), { recursive: true });
      writeFileSync(
        at('workspace/runs', run, 'run.json'),
        number % 100 === 0
          ? '{'
          : JSON.stringify({ ...record, id: run, note: LONG, evidence: Array(5).fill(LONG) }),
      );
      symlinkSync('ending=succeeded;rc=0', at('workspace/runs', run, 'record/ended'));
      lines.push({
        kind: 'launch',
        at: when,
        run,
        plan: null,
        role: 'candidate',
        title: LONG,
        command: ['sh'],
        code: null,
      });
      lines.push({
        kind: 'end',
        at: when,
        run,
        ending: 'succeeded',
        exit_code: 0,
        signal: null,
        evidence: [],
        duration_s: 1,
        gpu_hours: 0,
        metric: 'val_acc',
        direction: 'maximize',
        value: 0.5,
      });
      lines.push({
        kind: 'verdict',
        at: when,
        run,
        status: 'unconfirmed',
        reason: LONG,
        kept: true,
        value: 0.5,
        gain: 0.1,
      });
      lines.push({ kind: 'decision', at: when, run, text: LONG });
    }
    writeFileSync(at('workspace/ledger.jsonl'), `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`, {
      flag: 'a',
    });
    writeFileSync(at('workspace/state.json'), JSON.stringify({ memory_applied: 1999 }));
    writeFileSync(at('workspace/HUMAN_DIRECTIVE.md'), '"do" \\ this\n'.repeat(2000));

    const status = await mcp.call('experiment_status');
    expect(status.data.status).toMatchObject({ total_runs: expect.any(Number), best: { run: 'exp2000' } });
    expect(status.data.status.total_runs).toBeGreaterThan(1900);
    expect(status.size).toBeLessThan(4000);
    const answers = {
      run: await mcp.call('experiment_status', { run: 'exp1999' }),
      wait: await mcp.call('wait_for_experiment', { run: 'exp1999' }),
      list: await mcp.call('list_files', { path: 'workspace/runs', depth: 3 }),
      memory: await mcp.call('read_memory'),
      logged: await mcp.call('log_memory', { text: LONG }),
      unknown: await mcp.call('experiment_status', { run: 'x'.repeat(20_000) }),
      name: await mcp.call('x'.repeat(20_000)),
      launch: await mcp.call('launch_experiment', {
        command: ['no-such', ...Array(400).fill('"x"'.repeat(50))],
      }),
      path: await mcp.call('read_file', { path: '"'.repeat(4000) }),
      shell: await mcp.call('run_shell', { command: 'printf "%08000d" 1; printf "%08000d" 2 >&2' }),
    };
    expect(answers.list.data.truncated).toBe(true);
    expect(answers.memory.data.notes.join()).toContain('read_file shows the rest');
    for (const [name, { size }] of Object.entries(answers)) expect(size, name).toBeLessThan(9000);
    const { contents } = await mcp.client.readResource({ uri: 'auto-experiment://brief' });
    expect(JSON.stringify(contents).length).toBeLessThan(9000);
  });

  it('a failing dry run that prints much, of a long command', async () => {
    writeFileSync(at('config.yaml'), 'experiment: {dry_run_args: [--dry]}');
    const command = [
      'sh',
      '-c',
      'yes "a \\"long\\" line $(printf %0500d 7)" | head -2000; exit 1',
      ...Array(100).fill(LONG),
    ];
    const answer = await mcp.call('launch_experiment', { command });
    expect(answer.text).toContain('failed with exit code 1');
    expect(answer.text).toContain('\nhint: mend the code');
    expect(answer.size).toBeLessThan(9000);
  });
});

describe('on the wire', () => {
  let server: ChildProcessWithoutNullStreams;
  let ended: Promise<number | null>;
  let lines: AsyncIterator<string>;

  beforeEach(() => {
    project = makeProject({
      'PROJECT_BRIEF.md': 'Improve it.',
      'config.yaml': 'experiment: {mandatory_dry_run: false, stop_grace: 1}',
    });
    server = spawn(process.execPath, [MAIN, 'mcp', '--project', project.root], { stdio: 'pipe' });
    ended = new Promise((resolve) => server.once('close', resolve));
    lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  });
  afterEach(async () => {
    if (server.pid !== undefined && server.exitCode === null) kill(server.pid);
    await project.end();
  });

  const send = (message: unknown): void => void server.stdin.write(`${JSON.stringify(message)}\n`);
  /** The answer to one request; what else comes is skipped. */
  const answerTo = async (id: number): Promise<Json> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the server has ended');
      const message = JSON.parse(value);
      if (message.id === id) return message;
    }
  };
  const request = async (id: number, method: string, params: unknown = {}): Promise<Json> => {
    send({ jsonrpc: '2.0', id, method, params });
    return answerTo(id);
  };
  const initialize = async (): Promise<Json> => {
    const answer = await request(1, 'initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'raw', version: '0' },
    });
    send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    return answer;
  };

  it('lines that are no request do not end it', async () => {
    expect((await initialize()).result.serverInfo.name).toBe('auto-experiment');
    const bad: (string | Buffer)[] = [
      'hello',
      '',
      '   ',
      '{"jsonrpc":"2.0","id":7,',
      '[]',
      '[{"jsonrpc":"2.0","id":7,"method":"ping"}]',
      'null',
      '5',
      '"text"',
      '{}',
      '{"jsonrpc":"1.0","id":7,"method":"ping"}',
      '{"jsonrpc":"2.0","id":null,"method":"ping"}',
      '{"jsonrpc":"2.0","id":{},"method":"ping"}',
      '{"jsonrpc":"2.0","method":"tools/call","params":{}}',
      '{"jsonrpc":"2.0","id":8,"method":"tools/call","params":[1]}',
      '{"jsonrpc":"2.0","id":9,"method":"tools/call"}',
      '{"jsonrpc":"2.0","id":10,"method":"no/such"}',
      '{"jsonrpc":"2.0","id":11,"result":{}}',
      '{"jsonrpc":"2.0","id":12,"method":"tools/call","params":{"name":"read_file","arguments":{"__proto__":{"path":"/etc/passwd"}}}}',
      '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}',
      '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":"much"}}',
      `{"jsonrpc":"2.0","id":13,"method":"ping","params":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`,
      Buffer.from([0xff, 0xfe, 0x00, 0x7b, 0x22]),
      `{"jsonrpc":"2.0","id":14,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"${'x'.repeat(2_000_000)}"}}}`,
    ];
    bad.push('x'.repeat(20_000_000));
    for (const line of bad) server.stdin.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
    expect(await request(100, 'ping')).toEqual({ jsonrpc: '2.0', id: 100, result: {} });
    const { result } = await request(101, 'tools/call', { name: 'list_files', arguments: {} });
    expect(result.structuredContent.entries).toContainEqual({
      path: 'config.yaml',
      kind: 'file',
      bytes: expect.any(Number),
    });
  });

  it('requests cut anywhere and requests in one piece are read alike', async () => {
    await initialize();
    const text = `${JSON.stringify({ jsonrpc: '2.0', id: 20, method: 'tools/call', params: { name: 'no_é', arguments: {} } })}\n`;
    for (const byte of Buffer.from(text)) server.stdin.write(Buffer.from([byte]));
    expect((await answerTo(20)).result.content[0].text).toContain('there is no tool "no_é"');
    server.stdin.write(
      [21, 22].map((id) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'ping' })}\r\n`).join(''),
    );
    expect([(await answerTo(21)).id, (await answerTo(22)).id]).toEqual([21, 22]);
  });

  it('the end of its input ends it with code 0, also during a wait, and the run goes on', async () => {
    await initialize();
    const command = ['sh', '-c', 'while [ ! -e go ]; do sleep 0.05; done; echo val_acc=1'];
    const { result } = await request(30, 'tools/call', { name: 'launch_experiment', arguments: { command } });
    const { id } = result.structuredContent.run;
    send({
      jsonrpc: '2.0',
      id: 31,
      method: 'tools/call',
      params: { name: 'wait_for_experiment', arguments: { run: id } },
    });
    await request(32, 'ping');
    server.stdin.end();
    expect(await ended).toBe(0);
    writeFileSync(at('go'), '');
    expect(await project.json('wait', id)).toMatchObject({ ending: 'succeeded' });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s ends it with code 0', async (signal) => {
    await initialize();
    kill(server.pid ?? 0, signal);
    expect(await ended).toBe(0);
  });
});
