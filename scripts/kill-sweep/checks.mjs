// What must hold in a project after any number of kills, read from its files alone.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectedValue, ledgerOf, processesOf, tempsBelow, textOf } from './project.mjs';

export const COUNTS = [
  'runs_lost',
  'started_twice',
  'wrong_endings',
  'torn_files',
  'verdicts_changed',
  'ledger_rewritten',
  'directives_lost',
  'directives_tried_twice',
  'duplicate_memory_lines',
  'memory_incomplete',
  'bill_wrong',
  'leftover_processes',
  'leftover_temps',
];

/**
 * Checks one project at its end. `seen`: texts of the ledger as they were at each kill. `orders`: texts of directives
 * that were written. Returns counts of violations and words about each.
 */
export function check(place, { seen, orders }) {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, 0]));
  const words = [];
  const fail = (name, text) => {
    counts[name] += 1;
    words.push(`${name}: ${text}`);
  };
  const text = textOf(place.ledger);
  const { records, torn } = ledgerOf(place.ledger);
  const of = (kind) => records.filter((record) => record.kind === kind);
  for (const before of seen)
    if (!text.startsWith(before))
      fail('ledger_rewritten', 'what stood there at a kill is not there any more');
  const folders = readdirSync(place.runs).filter((name) => /^exp\d+$/.test(name));
  const launched = new Set(of('launch').map(({ run }) => run));
  for (const run of new Set([...folders, ...launched])) checkRun(place, run, { of, folders, launched, fail });
  checkPlans({ of, fail });
  if (place.seeded) checkSeeds({ of, fail });
  else checkVerdicts({ of, fail });
  checkFiles(place, folders, fail);
  checkOrders(place, orders, { of, fail });
  checkMemory(place, { of, fail });
  checkBill({ of, fail });
  for (const { pid, argv } of processesOf(place.project))
    fail('leftover_processes', `${pid} ${argv.join(' ').slice(0, 160)}`);
  for (const path of [place.project, join(place.dir, 'tmp'), join(place.dir, 'home')].flatMap(tempsBelow))
    fail('leftover_temps', path);
  return { counts, words, torn_ledger_lines: torn, runs: folders.length };
}

function checkRun(place, run, { of, folders, launched, fail }) {
  const mine = (kind) => of(kind).filter((record) => record.run === run);
  if (!folders.includes(run)) return fail('runs_lost', `${run} is in the ledger and has no folder`);
  if (!launched.has(run)) fail('runs_lost', `${run} has a folder and no launch in the ledger`);
  const [end] = mine('end');
  const [verdict] = mine('verdict');
  if (end === undefined || verdict === undefined)
    return fail('runs_lost', `${run} has no ${end === undefined ? 'end' : 'verdict'}`);
  if (mine('end').length > 1) fail('runs_lost', `${run} ended ${mine('end').length} times`);
  const record = jsonOf(textOf(join(place.runs, run, 'run.json'))) ?? {};
  if (end.ending !== 'succeeded' || record.ending !== 'succeeded' || record.state !== 'ended')
    fail(
      'wrong_endings',
      `${run}: ${end.ending}, run.json ${record.state} ${record.ending}; ${end.evidence}`,
    );
  const expected = expectedValue(record.command ?? [], record.seed);
  if (Math.abs(end.value - expected) > 2e-6)
    fail('wrong_endings', `${run}: value ${end.value}, its command and seed give ${expected}`);
  if (mine('verdict').some(({ status }) => status !== verdict.status) || record.verdict !== verdict.status)
    fail(
      'verdicts_changed',
      `${run}: ${mine('verdict').map(({ status }) => status)}, run.json ${record.verdict}`,
    );
  if (mine('verdict').length > 1)
    fail('verdicts_changed', `${run} was judged ${mine('verdict').length} times`);
  const starts = textOf(place.starts)
    .split('\n')
    .filter((line) => line.startsWith(`${run} `));
  if (starts.length > 1) fail('started_twice', `${run}: ${starts.join(', ')}`);
  if (starts.length === 0) fail('runs_lost', `${run} was never started`);
}

/** Null for a torn text; `checkFiles` counts it. */
function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function checkPlans({ of, fail }) {
  const runsOf = new Map();
  for (const { run, plan } of of('launch'))
    if (plan !== null) runsOf.set(plan, new Set([...(runsOf.get(plan) ?? []), run]));
  for (const [plan, runs] of runsOf)
    if (runs.size > 1) fail('started_twice', `${plan} was launched as ${[...runs]}`);
  const dropped = new Set(of('drop').map(({ plan }) => plan));
  for (const { id } of of('plan')) {
    if (runsOf.has(id) && dropped.has(id)) fail('runs_lost', `${id} was launched and dropped`);
    if (!runsOf.has(id) && !dropped.has(id)) fail('runs_lost', `${id} was never launched`);
  }
}

/** The keep rule once more, in the order of the ledger: a run is kept when it is better than all before. */
function checkVerdicts({ of, fail }) {
  let best = null;
  for (const { run, status, kept, value } of of('verdict')) {
    const expected = best === null ? null : value > best ? 'unconfirmed' : 'rejected';
    if (status !== expected || kept !== (expected !== 'rejected'))
      fail('verdicts_changed', `${run}: ${status}, the rule gives ${expected}`);
    if (kept) best = value;
  }
}

/** With seeds: each candidate is decided once, each kept one on as many fresh seeds as its verdict says, none used twice. */
function checkSeeds({ of, fail }) {
  const launches = new Map(of('launch').map((record) => [record.run, record]));
  const seeds = [...launches.values()].map(({ seed }) => seed);
  if (new Set(seeds).size !== seeds.length) fail('verdicts_changed', `a seed was drawn twice: ${seeds}`);
  for (const { run, status, kept, seeds: used } of of('verdict')) {
    const { replicate } = launches.get(run);
    if (replicate !== undefined && (status !== null || kept))
      fail('verdicts_changed', `${run} repeats another`);
    if (status === 'unconfirmed') fail('verdicts_changed', `${run} is unconfirmed, with seeds`);
    if (status !== 'confirmed') continue;
    const fresh = [...launches.values()].filter(
      (one) => one.replicate?.arm === run && one.replicate.kind === 'confirm',
    ).length;
    const begun = of('confirm').filter((one) => one.run === run).length;
    if (fresh < used || used < 2 || begun !== 1)
      fail('verdicts_changed', `${run} is confirmed on ${used} of ${fresh} seeds, begun ${begun} times`);
  }
}

function checkFiles(place, folders, fail) {
  const whole = [
    'state.json',
    'supervisor.json',
    ...folders.flatMap((run) =>
      ['run.json', 'follow.json', 'env.json'].map((name) => join('runs', run, name)),
    ),
  ];
  for (const name of whole) {
    const path = join(place.workspace, name);
    try {
      if (existsSync(path)) JSON.parse(readFileSync(path, 'utf8'));
      else if (name.endsWith('run.json')) fail('torn_files', `${name} is not there`);
    } catch (error) {
      fail('torn_files', `${name}: ${error.message}`);
    }
  }
  for (const name of readdirSync(place.workspace)) if (name.includes('.corrupt-')) fail('torn_files', name);
  for (const run of folders) {
    const lines = textOf(join(place.runs, run, 'metrics.jsonl'))
      .split('\n')
      .filter((line) => line !== '');
    const places = lines.map((line) => jsonOf(line)?.line ?? 'torn');
    if (new Set(places).size !== places.length || places.length !== 5)
      fail('torn_files', `${run}/metrics.jsonl has ${places.length} records of lines ${places}`);
  }
}

function checkOrders(place, orders, { of, fail }) {
  const archive = join(place.workspace, 'directive_archive');
  const names = existsSync(archive) ? readdirSync(archive) : [];
  const filed = names.filter((name) => !name.startsWith('.')).map((name) => textOf(join(archive, name)));
  const done = of('directive').filter(({ state }) => state === 'done');
  // One that is written while another waits is added below it: both are in one directive then.
  const times = (texts, order) =>
    texts.flatMap((text) => text.split('\n')).filter((line) => line.trim() === order).length;
  for (const order of orders) {
    const ended = times(
      done.map(({ text }) => text),
      order,
    );
    if (ended !== 1) fail('directives_lost', `"${order}" is done ${ended} times`);
    if (times(filed, order) !== 1)
      fail('directives_lost', `"${order}" is ${times(filed, order)} times in the archive: ${names}`);
    const [name, value] = order.split('=');
    const tried = of('plan').filter(({ assignment, heeds, command }) =>
      place.leader
        ? heeds !== undefined && command.join(' ').endsWith(`--${name} ${value}`)
        : assignment !== null && Object.keys(assignment).length === 1 && String(assignment[name]) === value,
    ).length;
    if (tried !== 1)
      fail(tried === 0 ? 'directives_lost' : 'directives_tried_twice', `"${order}" was tried ${tried} times`);
  }
  if (names.some((name) => name.startsWith('.taken-')))
    fail('directives_lost', `not all were filed: ${names}`);
  if (existsSync(join(place.workspace, 'HUMAN_DIRECTIVE.md')))
    fail('directives_lost', 'one is still waiting');
}

/** Every call once, with one outcome at most. */
function checkBill({ of, fail }) {
  const ids = of('call').map(({ id }) => id);
  if (new Set(ids).size !== ids.length) fail('bill_wrong', 'a call was numbered twice');
  const paid = of('usage').map(({ call }) => call);
  if (new Set(paid).size !== paid.length) fail('bill_wrong', 'a call was paid twice');
  for (const call of paid) if (!ids.includes(call)) fail('bill_wrong', `${call} was paid and never begun`);
}

function checkMemory(place, { of, fail }) {
  const lines = textOf(join(place.workspace, 'MEMORY_LOG.md'))
    .split('\n')
    .filter((line) => /^\S*\s*\[\d\d-\d\d \d\d:\d\d\]/.test(line));
  const bodies = lines.map((line) => line.replace(/^.*?\] /, ''));
  for (const body of new Set(bodies)) {
    const times = bodies.filter((other) => other === body).length;
    if (times > 1) fail('duplicate_memory_lines', `${times} × ${body.slice(0, 100)}`);
  }
  for (const kind of ['decision', 'result']) {
    const about = of(kind).map(({ run }) => run);
    for (const run of new Set(about)) {
      const times = about.filter((other) => other === run).length;
      if (times > 1) fail('duplicate_memory_lines', `the ledger has ${times} ${kind}s about ${run}`);
    }
  }
  if (of('plan').length === 0) return;
  const newest = of('decision').at(-1)?.text ?? '?';
  if (!bodies.some((body) => newest.startsWith(body.replace(/…$/, '').slice(0, 60))))
    fail('memory_incomplete', `the newest decision is not in the memory: ${newest}`);
  const repeats = new Set(
    of('launch').flatMap(({ run, replicate }) => (replicate === undefined ? [] : [run])),
  );
  const unreflected = of('verdict').filter(
    ({ run }) => !repeats.has(run) && !of('decision').some((decision) => decision.run === run),
  );
  for (const { run } of unreflected) fail('memory_incomplete', `nobody reflected on ${run}`);
}
