// Campaigns that are killed again and again until their end: the loop with its planner, and an agent over MCP.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import {
  armSelfKill,
  kill9,
  killSupervisors,
  openRuns,
  phaseOf,
  randomInstant,
  startProgram,
} from './killer.mjs';
import { processesOf, textOf } from './project.mjs';

const SELF_KILL_MS = 3000;
const WATCHED_MS = 15_000;

/** Counts and times that a campaign gathers; `place` is its project. */
function createTally(place) {
  const tally = { kills: [], seen: [], orders: [], rewatched_ms: [], failures: [], restarts: 0 };
  return {
    ...tally,
    killed(target, phase) {
      tally.kills.push({ target, phase });
      tally.seen.push(textOf(place.ledger).replace(/[^\n]*$/, ''));
    },
  };
}

/** `run` until it stops by itself, killed `quota` times on the way. */
export async function sweepCampaign(main, place, random, { quota, directives }) {
  const tally = createTally(place);
  const { kills } = tally;
  for (;;) {
    const target =
      kills.length < quota
        ? random.pick([
            'controller',
            'controller',
            'supervisor',
            'both',
            'self:run',
            'self:run',
            'self:run',
            'self:supervise',
            'self:supervise',
            'self:supervise',
          ])
        : 'none';
    // The trap is for a supervisor that is started from now on.
    if (target === 'self:supervise' && (await killSupervisors(place)) > 0)
      tally.killed('supervisor', phaseOf(place));
    const trap = target.startsWith('self:') ? armSelfKill(random, place, target.slice(5)) : null;
    const run = startProgram(main, place, place.run, { selfKill: trap?.value ?? null });
    tally.restarts += 1;
    let ended = null;
    run.child.stdout.resume();
    run.ended.then((result) => {
      ended = result;
    });
    const over = () => ended !== null;
    let next = target;
    while (!over() && kills.length < quota) {
      if (directives > tally.orders.length && random.next() < 0.4 && free(place)) order(main, place, tally);
      if (next.startsWith('self:')) await selfKilled(place, tally, trap, next, over);
      else await randomKill(place, tally, run, next, random, over);
      next = random.pick(['controller', 'supervisor', 'supervisor', 'both']);
    }
    const { code, signal, errors } = await run.ended;
    if (signal !== 'SIGKILL' && code !== 0)
      tally.failures.push(`run ended with ${code ?? signal}: ${errors.slice(-400)}`);
    if (signal === 'SIGKILL' && random.next() < 0.3) await delay(random.below(800));
    // A directive may have come in while the loop was leaving: the next call takes it.
    const waiting =
      textOf(join(place.workspace, 'HUMAN_DIRECTIVE.md')) !== '' || directives > tally.orders.length;
    if (signal !== 'SIGKILL' && directives > tally.orders.length && free(place)) order(main, place, tally);
    if ((signal !== 'SIGKILL' && !waiting) || tally.failures.length > 2) break;
  }
  await quiet(place);
  return tally;
}

/** A leader answers all that waits with one plan: it is given one wish at a time. */
function free(place) {
  if (!place.leader) return true;
  const archive = join(place.workspace, 'directive_archive');
  const taken = existsSync(archive) && readdirSync(archive).some((name) => name.startsWith('.taken-'));
  return !taken && textOf(join(place.workspace, 'HUMAN_DIRECTIVE.md')) === '';
}

/** A directive with a value that no proposal has. */
function order(main, place, tally) {
  const text = `x=0.${String(40_000 + tally.orders.length * 1111 + 7)}`;
  const done = spawnSync(process.execPath, [main, 'directive', text, '--project', place.project], {
    env: place.env,
    encoding: 'utf8',
  });
  if (done.status !== 0) tally.failures.push(`directive: ${done.stderr}`);
  tally.orders.push(text);
}

/** Waits until the trap has sprung; a supervisor that another call has started is not trapped. */
async function selfKilled(place, tally, trap, name, over) {
  for (const until = Date.now() + SELF_KILL_MS; !trap.fired() && !over() && Date.now() < until; )
    await delay(5);
  if (!trap.fired()) return trap.disarm();
  const phase = phaseOf(place);
  tally.killed(name, phase);
  if (name === 'self:supervise') await measureWatch(place, tally, Number(trap.what().split(' ')[1]), over);
}

async function randomKill(place, tally, run, target, random, over) {
  await randomInstant(random, place, over);
  if (over()) return;
  const phase = phaseOf(place);
  const controller = target !== 'supervisor' && kill9(run.pid);
  if (controller) await run.ended;
  const began = Date.now();
  const supervisors = target === 'controller' ? 0 : await killSupervisors(place);
  if (controller && supervisors > 0) tally.killed('both', phase);
  else if (controller) tally.killed('controller', phase);
  else if (supervisors > 0) {
    tally.killed('supervisor', phase);
    await measureWatch(place, tally, began, over);
  }
}

/** How long until a run under way is watched again; nothing when whoever waits ends before. */
async function measureWatch(place, tally, killedAt, over) {
  const run = openRuns(place).find(({ started }) => started)?.id;
  if (run === undefined) return;
  for (const until = Date.now() + WATCHED_MS; !over() && Date.now() < until; await delay(10)) {
    const at = watchedAt(place, run, killedAt);
    if (at !== undefined) return tally.rewatched_ms.push(at - killedAt);
  }
  if (!over()) tally.failures.push(`${run} was not watched again within ${WATCHED_MS / 1000} s`);
}

/** When the next supervisor took a run up, or judged it at once where it had ended meanwhile. */
function watchedAt(place, run, after) {
  const judged = lstatSync(join(place.runs, run, 'record', 'ended'), { throwIfNoEntry: false })?.mtimeMs;
  const times = textOf(join(place.workspace, 'supervisor.log'))
    .split('\n')
    .filter((line) => line.endsWith(`${run} is watched`))
    .map((line) => Date.parse(line.slice(0, 24)));
  return [...times, ...(judged === undefined ? [] : [Math.round(judged)])].find((at) => at >= after);
}

/** Waits until nothing of the project runs any more; what stays is told by the checks. */
async function quiet(place) {
  for (const until = Date.now() + 12_000; processesOf(place.project).length > 0 && Date.now() < until; )
    await delay(100);
}

/** A scripted agent: launch, wait, next; when its server is killed it looks what became of its call, and goes on. */
export async function agentCampaign(main, place, random, { quota }) {
  const tally = createTally(place);
  const { kills } = tally;
  let server = null;
  for (let number = 1; number <= place.limit && tally.failures.length < 3; ) {
    const armed = kills.length < quota && random.next() < 0.35 ? armSelfKill(random, place, 'mcp') : null;
    if (server === null || armed !== null) {
      server?.child.stdin.end();
      await server?.ended;
      server = await connect(main, place, armed);
      tally.restarts += 1;
    }
    const title = `step ${number}`;
    const command = [
      'python3',
      'train.py',
      ...(number === 1 ? [] : ['--x', String(random.below(1000) / 1000)]),
    ];
    const known = runTitled(place, title);
    const call =
      known === null
        ? ['launch_experiment', { command, title }]
        : ['wait_for_experiment', { run: known, timeout_s: 60 }];
    const answer = server.call(...call);
    const killing =
      kills.length < quota && armed === null && random.next() < 0.7
        ? killDuring(place, tally, server, random, call[0])
        : null;
    const result = await Promise.race([answer, server.ended.then(() => null)]);
    await killing;
    if (result === null) {
      await server.ended;
      if (armed?.fired()) tally.killed('self:mcp', phaseOf(place));
      server = null;
      continue;
    }
    if (result.isError === true) tally.failures.push(`${call[0]}: ${result.content?.[0]?.text}`);
    else if (call[0] === 'wait_for_experiment' && result.structuredContent.reason === 'ended') number += 1;
  }
  server?.child.stdin.end();
  await server?.ended;
  await quiet(place);
  return tally;
}

function runTitled(place, title) {
  const names = readdirSync(place.project).includes('workspace')
    ? readdirSync(place.runs).filter((name) => name.startsWith('exp'))
    : [];
  return names.find((run) => JSON.parse(textOf(join(place.runs, run, 'run.json'))).title === title) ?? null;
}

async function killDuring(place, tally, server, random, call) {
  await delay(random.below(call === 'launch_experiment' ? 500 : 1000));
  const phase = phaseOf(place);
  const during = call === 'launch_experiment' ? 'mcp in launch' : 'mcp in wait';
  if (call === 'wait_for_experiment' && random.next() < 0.5) {
    const began = Date.now();
    let over = false;
    server.ended.then(() => {
      over = true;
    });
    if ((await killSupervisors(place)) === 0) return;
    tally.killed('supervisor', phase);
    // The wait ends with the run, which it can only do when the run is watched again.
    await measureWatch(place, tally, began, () => over);
  } else if (kill9(server.pid)) {
    await server.ended;
    tally.killed(during, phase);
  }
}

/** A client of one server process: JSON-RPC, a line each. */
async function connect(main, place, armed) {
  const server = startProgram(main, place, ['mcp'], { stdin: 'pipe', selfKill: armed?.value ?? null });
  const waiting = new Map();
  let id = 0;
  server.child.stdin.on('error', () => undefined);
  createInterface({ input: server.child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(
      message.result ?? { isError: true, content: [{ text: JSON.stringify(message.error) }] },
    );
  });
  const send = (message) => server.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const request = (method, params) =>
    new Promise((resolve) => {
      id += 1;
      waiting.set(id, resolve);
      send({ id, method, params });
    });
  const hello = {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'kill-sweep', version: '1' },
  };
  await Promise.race([request('initialize', hello), server.ended]);
  send({ method: 'notifications/initialized' });
  return { ...server, call: (name, args) => request('tools/call', { name, arguments: args }) };
}
