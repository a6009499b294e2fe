#!/usr/bin/env node
// Real campaigns with short real trainings, whose processes are killed with SIGKILL at random instants and started
// again until the end; then the files are checked. Needs `npm run build` before.
//
//   node scripts/kill-sweep.mjs --kills 200 [--seed N] [--lanes 2] [--keep] [--only WORD]   (kinds whose name holds the word)
//
// Prints the seed, a table, and as its last line one JSON document. Exit code 1 when an invariant is broken.
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agentCampaign, sweepCampaign } from './kill-sweep/campaigns.mjs';
import { COUNTS, check } from './kill-sweep/checks.mjs';
import { createRandom, kill9 } from './kill-sweep/killer.mjs';
import { startMind } from './kill-sweep/mind.mjs';
import { ledgerOf, makeProject, processesOf } from './kill-sweep/project.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const wanted = Number(values.kills);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const short = wanted < 40;
const settings = { runs: short ? 4 : 10, quota: short ? 4 : 14 };
process.stdout.write(`seed ${seed}\n`);

const base = mkdtempSync(join(realpathSync(tmpdir()), 'kill-sweep-'));
const main = copyProgram();
const places = [];

/** A copy, so that a build meanwhile does not pull the program away. */
function copyProgram() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const copy = join(base, 'program');
  mkdirSync(join(copy, 'mcp-server'), { recursive: true });
  cpSync(join(root, 'package.json'), join(copy, 'package.json'));
  cpSync(join(root, 'agents'), join(copy, 'agents'), { recursive: true });
  cpSync(join(root, 'mcp-server', 'dist'), join(copy, 'mcp-server', 'dist'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  });
  return join(copy, 'mcp-server', 'dist', 'main.cjs');
}

const ALL = [
  { name: 'loop', parallel: 1, git: true, directives: 0 },
  { name: 'loop, 2 at once, directives', parallel: 2, git: true, directives: 3 },
  { name: 'agent over MCP', parallel: 1, git: false, agent: true },
  { name: 'loop, directives', parallel: 1, git: false, directives: 3 },
  { name: 'loop with seeds, 2 at once', parallel: 2, git: false, seeded: true },
  { name: 'loop with a leader', parallel: 1, git: false, leader: true, directives: 3 },
  { name: 'loop with a leader, 2 at once', parallel: 2, git: false, leader: true, directives: 3 },
];

const KINDS = ALL.filter(({ name }) => name.includes(values.only));

async function campaign(number, kind, quota) {
  const random = createRandom(seed * 1000 + number);
  const mind =
    kind.leader === true ? await startMind(createRandom(seed * 1000 + number + 500), settings) : null;
  const place = makeProject(join(base, String(number)), {
    ...kind,
    runs: settings.runs,
    seed: seed % 1000,
    mind: mind?.url ?? null,
  });
  places.push(place);
  const drive = kind.agent === true ? agentCampaign : sweepCampaign;
  const tally = await drive(main, place, random, { quota, directives: kind.directives ?? 0 });
  mind?.close();
  const found = check(place, tally);
  return { number, kind, place, asked: mind?.asked ?? null, ...tally, ...found };
}

/** What a campaign tried and what became of it, in order. */
function story(place) {
  const { records } = ledgerOf(place.ledger);
  const commands = new Map(
    records.flatMap((record) => (record.kind === 'launch' ? [[record.run, record.command.join(' ')]] : [])),
  );
  return records.flatMap((record) =>
    record.kind === 'verdict' ? [`${commands.get(record.run)}: ${record.status}, ${record.reason}`] : [],
  );
}

/** Ends what is left of the projects: processes that bear their mark. */
function endAll() {
  for (const place of places) for (const { pid } of processesOf(place.project)) kill9(pid);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    endAll();
    process.exit(130);
  });
}

const began = Date.now();
const results = [];
try {
  const reference = await campaign(0, ALL[0], 0);
  results.push(reference);
  let given = 0;
  let number = 0;
  const lane = async () => {
    while (given < wanted) {
      const quota = Math.min(settings.quota, wanted - given);
      given += quota;
      number += 1;
      const result = await campaign(number, KINDS[(number - 1) % KINDS.length], quota);
      given -= quota - result.kills.length;
      if (result.kind === ALL[0] && story(result.place).join('\n') !== story(reference.place).join('\n')) {
        result.counts.verdicts_changed += 1;
        result.words.push(
          `verdicts_changed: another story than without kills:\n${story(result.place).join('\n')}\n--- instead of\n${story(reference.place).join('\n')}`,
        );
      }
      results.push(result);
      tell(result);
    }
  };
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane));
} finally {
  endAll();
}
process.exitCode = report();

function tell({ number, kind, kills, runs, restarts, words, failures, place }) {
  process.stdout.write(
    `${String(number).padStart(3)}  ${kind.name.padEnd(28)} ${String(kills.length).padStart(3)} kills  ${String(restarts).padStart(3)} starts  ${String(runs).padStart(3)} runs  ${words.length + failures.length === 0 ? 'ok' : place.dir}\n`,
  );
  for (const line of [...words, ...failures]) process.stdout.write(`     ! ${line}\n`);
}

function report() {
  const kills = results.flatMap((result) => result.kills);
  const by = (key) =>
    Object.fromEntries(
      [...new Set(kills.map((kill) => kill[key]))]
        .sort()
        .map((name) => [name, kills.filter((kill) => kill[key] === name).length]),
    );
  const sum = (pick) => results.reduce((total, result) => total + pick(result), 0);
  const counts = Object.fromEntries(COUNTS.map((name) => [name, sum((result) => result.counts[name])]));
  const failures = results.flatMap((result) => result.failures);
  const watched = results.flatMap((result) => result.rewatched_ms).sort((a, b) => a - b);
  const quantile = (q) => watched[Math.min(watched.length - 1, Math.floor(q * watched.length))] ?? null;
  const summary = {
    seed,
    kills: kills.length,
    campaigns: results.length,
    runs: sum((result) => result.runs),
    restarts: sum((result) => result.restarts),
    directives: sum((result) => result.orders.length),
    model_calls: sum((result) =>
      Object.values(result.asked ?? {}).reduce((total, count) => total + count, 0),
    ),
    by_target: by('target'),
    by_phase: by('phase'),
    ...counts,
    failed_commands: failures.length,
    torn_ledger_lines: sum((result) => result.torn_ledger_lines),
    rewatched_ms: {
      n: watched.length,
      median: quantile(0.5),
      p90: quantile(0.9),
      max: watched.at(-1) ?? null,
    },
    seconds: Math.round((Date.now() - began) / 1000),
  };
  const bad = failures.length + COUNTS.reduce((total, name) => total + counts[name], 0);
  process.stdout.write('\n');
  for (const [name, value] of Object.entries(summary))
    process.stdout.write(`${name.padEnd(24)}${typeof value === 'object' ? JSON.stringify(value) : value}\n`);
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (values.keep || bad > 0) process.stdout.write(`files: ${base}\n`);
  else rmSync(base, { recursive: true, force: true });
  return bad === 0 ? 0 : 1;
}
