// The keep rule on real training, the digits example.
//
//   node scripts/verdict-digits.mjs null [--campaigns 20] [--epochs 6]    pure re-seeds: how many are confirmed?
//   node scripts/verdict-digits.mjs early [--tries 40] [--epochs 20]      what early stopping saves, and how often it is wrong
//
// `null`: each campaign tries the unchanged training under other names, so that only the seed differs. `early`: a sweep in
// which every run that would be stopped is finished all the same.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/digits');
const CANDIDATES = 4;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { campaigns: { type: 'string' }, epochs: { type: 'string' }, tries: { type: 'string' } },
});
const place = mkdtempSync(join(tmpdir(), 'auto-experiment-digits-'));
// A copy, so that a build meanwhile does not pull the program away.
const program = join(place, 'program');
for (const part of ['mcp-server/dist', 'package.json'])
  cpSync(join(ROOT, part), join(program, part), { recursive: true });
const MAIN = join(program, 'mcp-server/dist/main.cjs');
try {
  if (positionals[0] === 'null') await nullCampaigns(Number(values.campaigns ?? 20), values.epochs ?? '6');
  else if (positionals[0] === 'early') await earlyKills(Number(values.tries ?? 40), values.epochs ?? '20');
  else throw new Error('say null or early');
} finally {
  rmSync(place, { recursive: true, force: true });
}

function project(name, change) {
  const folder = join(place, name);
  cpSync(EXAMPLE, folder, { recursive: true });
  const config = join(folder, 'config.yaml');
  writeFileSync(config, change(readFileSync(config, 'utf8')));
  return folder;
}

async function cli(folder, ...args) {
  const env = { ...process.env, AUTO_EXPERIMENT_STATE_DIR: join(place, 'state') };
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env,
    maxBuffer: 1 << 28,
  });
  return stdout;
}

async function nullCampaigns(campaigns, epochs) {
  const all = [];
  for (let index = 0; index < campaigns; index++) {
    const folder = project(`null-${index}`, (text) => text.replace(/\nsweep:[\s\S]*/, '\n'));
    const train = ['python3', 'train.py', '--lr', '0.1', '--momentum', '0.9', '--epochs', epochs];
    await cli(folder, 'launch', '--wait', '--', ...train);
    for (let candidate = 0; candidate < CANDIDATES; candidate++) {
      // A variable that nothing reads makes it another piece of work by name alone.
      await cli(folder, 'launch', '--wait', '--', 'env', `UNUSED=${candidate}`, ...train);
    }
    const { runs, certainty } = JSON.parse(await cli(folder, 'status', '--json'));
    const own = runs.filter((run) => run.replicate_of === null && run.role === 'candidate');
    all.push({ runs: runs.length, certainty, verdicts: own.map((run) => run.verdict) });
    const strict = best(runs, own);
    console.log(
      `campaign ${String(index + 1).padStart(2)}: ${own.map((run) => run.verdict).join(' ')}; σ ${certainty.sigma?.toFixed(4)}, ${runs.length} runs; strict > would have kept ${strict}`,
    );
  }
  const flat = all.flatMap((one) => one.verdicts);
  const kept = flat.filter((verdict) => verdict === 'confirmed').length;
  const promoted = all.reduce((sum, one) => sum + one.certainty.confirmations, 0);
  console.log(
    `${campaigns} campaigns of pure re-seeds, ${flat.length} candidates: ${promoted} promoted, ${kept} confirmed`,
  );
}

/** How many candidates a rule would keep that takes every better value. */
function best(runs, own) {
  let top = runs[0].primary.value;
  let kept = 0;
  for (const run of own) {
    if (run.primary.value <= top) continue;
    top = run.primary.value;
    kept += 1;
  }
  return kept;
}

async function earlyKills(tries, epochs) {
  const folder = project('early', (text) =>
    text
      .replace('command: python3 train.py', `command: python3 train.py --epochs ${epochs}`)
      .replace('dry_run_args:', 'early_kill_audit: 1\n  dry_run_args:')
      .replace(/max_runs: \d+/, `max_runs: ${tries}`)
      .replace(/patience: \d+/, `patience: ${tries}`),
  );
  await cli(folder, 'run', '--planner', 'sweep', '--json');
  const { runs, early_kills: words } = JSON.parse(await cli(folder, 'status', '--json'));
  const ledger = readFileSync(join(folder, 'workspace/ledger.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const flagged = ledger.filter((record) => record.kind === 'early');
  const saved = flagged.reduce((sum, { run, at }) => {
    const end = ledger.find((record) => record.kind === 'end' && record.run === run);
    return sum + Math.max(0, (Date.parse(end.at) - Date.parse(at)) / 1000);
  }, 0);
  const candidates = runs.filter((run) => run.replicate_of === null && run.role === 'candidate');
  const time = candidates.reduce((sum, run) => sum + (run.duration_s ?? 0), 0);
  for (const { run, words: why } of flagged) {
    const { primary, verdict } = runs.find((one) => one.id === run);
    console.log(`${run} ${why}; finished: ${primary.value}, ${verdict}`);
  }
  console.log(`${candidates.length} candidates, ${flagged.length} would have been stopped; ${words}`);
  console.log(
    `their time: ${time.toFixed(0)} s, of which early stopping saves ${saved.toFixed(0)} s (${((100 * saved) / time).toFixed(0)} %)`,
  );
}
