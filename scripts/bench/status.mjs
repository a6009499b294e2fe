// Reading a long campaign: thousands of ended runs.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fillProject } from './fill.mjs';
import { figure, inTurn, median, run } from './measure.mjs';
import { openPlace } from './place.mjs';

const SIZES = [1000, 5000];
const TIMES = 3;

export async function statusBench({ program, quick }) {
  const place = await openPlace(program);
  try {
    const project = place.project('long', 'gpu: {auto_detect: false}\n');
    const figures = [];
    let written = 0;
    for (const size of quick ? SIZES.slice(0, 1) : SIZES) {
      fillProject(place.engine, project, size - written, written);
      written = size;
      figures.push(...(await measured(place, project, size)));
    }
    return figures;
  } finally {
    await place.close();
  }
}

async function measured(place, { dir, project }, size) {
  const cli =
    (...args) =>
    async () =>
      (await run(place.cli(...args, '--project', dir), { env: place.env })).ms / 1000;
  const [status, json, report, raw] = await inTurn(TIMES, [
    cli('status'),
    cli('status', '--json'),
    cli('report'),
    async () => readAll(project.paths),
  ]);
  const reference = {
    reference: median(raw),
    against: 'reading and JSON.parse of all run.json and the ledger, in process',
    samples: TIMES,
  };
  const target = size === 1000 ? { target: 1 } : {};
  return [
    figure(`${size} ended runs: status`, median(status), 's', { ...reference, ...target }),
    figure(`${size} ended runs: status --json`, median(json), 's', { ...reference, ...target }),
    figure(`${size} ended runs: report`, median(report), 's', reference),
    figure(
      `${size} ended runs: size of report.html`,
      statSync(join(project.paths.reports, 'report.html')).size / 1e6,
      'MB',
    ),
  ];
}

/** Seconds of the least that any answer about all runs takes. */
function readAll({ runs, ledger }) {
  const began = performance.now();
  for (const id of readdirSync(runs)) JSON.parse(readFileSync(join(runs, id, 'run.json'), 'utf8'));
  for (const line of readFileSync(ledger, 'utf8').trim().split('\n')) JSON.parse(line);
  return (performance.now() - began) / 1000;
}
