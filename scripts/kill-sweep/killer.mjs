// Starts the program, kills it at random instants, and keeps count.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { supervisorsOf, textOf } from './project.mjs';

const HOOK = fileURLToPath(new URL('./self-kill.cjs', import.meta.url));

/** A small generator of random numbers with a seed (mulberry32). */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (n) => Math.floor(next() * n),
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

/** Starts a command of the program in a project; `selfKill` arms the hook. */
export function startProgram(main, place, argv, { stdin = 'ignore', selfKill = null } = {}) {
  const armed =
    selfKill === null ? {} : { SELF_KILL: selfKill, NODE_OPTIONS: `--require ${JSON.stringify(HOOK)}` };
  const child = spawn(process.execPath, [main, ...argv, '--project', place.project], {
    cwd: place.project,
    env: { ...place.env, ...armed },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors = `${errors}${chunk}`.slice(-4000);
  });
  const ended = new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal, errors })),
  );
  return { child, ended, pid: child.pid };
}

let tokens = 0;

/** The value of SELF_KILL for a kill at a random change on disk, and whether it has happened. */
export function armSelfKill(random, place, command) {
  const token = join(place.dir, `token-${++tokens}`);
  writeFileSync(token, '');
  const steps = 1 + random.below(command === 'mcp' ? 40 : 60);
  return {
    value: `${command} ${steps} ${random.pick(['before', 'after'])} ${token}`,
    fired: () => existsSync(`${token}.used`),
    disarm: () => rmSync(token, { force: true }),
    what: () => textOf(`${token}.used`).trim(),
  };
}

/** Ends a process that is certainly ours; false when it was gone. */
export function kill9(pid) {
  try {
    process.kill(pid, 'SIGKILL');
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}

/** Kills all supervisors of a project, waits until they are gone, and returns how many there were. */
export async function killSupervisors(place) {
  // Looked at again: what a supervisor has just forked bears its name until it becomes another program.
  const isStill = (pid) => textOf(`/proc/${pid}/cmdline`).split('\0').includes('supervise');
  const pids = supervisorsOf(place.project).filter((pid) => isStill(pid) && kill9(pid));
  while (pids.some((pid) => existsSync(`/proc/${pid}/cmdline`) && textOf(`/proc/${pid}/cmdline`) !== ''))
    await delay(2);
  return pids.length;
}

/** What goes on in a project at this instant, for the table. */
export function phaseOf(place) {
  const text = textOf(place.ledger);
  const last = /"kind":"(\w+)"[^\n]*\n?$/.exec(text)?.[1] ?? 'none';
  const call = /"kind":"call"[^\n]*"phase":"(\w+)[^\n]*\n?$/.exec(text)?.[1];
  if (call !== undefined) return call;
  const open = openRuns(place);
  if (open.some(({ exited }) => exited)) return 'settling';
  if (open.some(({ started }) => started)) return 'training';
  return ['none', 'plan', 'dry_run'].includes(last) || open.length > 0 ? 'launching' : 'between';
}

/** Runs that are not judged yet. */
export function openRuns(place) {
  if (!existsSync(place.runs)) return [];
  return readdirSync(place.runs)
    .filter((name) => name.startsWith('exp'))
    .flatMap((id) => {
      const names = readdirSync(join(place.runs, id, 'record'));
      return names.includes('ended')
        ? []
        : [{ id, started: names.includes('started'), exited: names.includes('exited') }];
    });
}

const TRIGGERS = {
  time: null,
  plan: (place) => textOf(place.ledger).split('"kind":"plan"').length,
  call: (place) => textOf(place.ledger).split('"kind":"call"').length,
  step: (place) => textOf(place.ledger).split('"kind":"step"').length,
  launch: (place) => (existsSync(place.runs) ? readdirSync(place.runs).length : 0),
  exited: (place) => openRuns(place).filter(({ exited }) => exited).length,
  ledger: (place) => statSync(place.ledger, { throwIfNoEntry: false })?.size ?? 0,
};

/** Waits for a random instant: some time, or just after something has changed. `over` ends it early. */
export async function randomInstant(random, place, over) {
  const names = Object.keys(TRIGGERS).filter((name) => place.leader || !['call', 'step'].includes(name));
  const trigger = TRIGGERS[random.pick(names)];
  const extra = trigger === null ? 50 + random.below(1500) : random.below(random.pick([4, 60, 250]));
  if (trigger !== null) {
    const before = trigger(place);
    const until = Date.now() + 2500;
    while (!over() && Date.now() < until && trigger(place) === before) await delay(4);
  }
  for (const until = Date.now() + extra; !over() && Date.now() < until; )
    await delay(Math.min(5, until - Date.now()));
}
