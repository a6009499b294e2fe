import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../../core/errors.js';
import { TOOLS } from '../../tools/index.js';
import type { Command } from '../command.js';
import { cliPage } from '../docs/cli-page.js';
import { configPage } from '../docs/config-page.js';
import { pricesMarkdown } from '../docs/prices-table.js';
import { roomsMarkdown } from '../docs/rooms.js';
import { toolsPage } from '../docs/tools-page.js';
import { command as bundle } from './bundle.js';
import { command as compare } from './compare.js';
import { command as dashboard } from './dashboard.js';
import { command as demo } from './demo.js';
import { command as directive } from './directive.js';
import { command as doctor } from './doctor.js';
import { command as exportRuns } from './export.js';
import { command as finalize } from './finalize.js';
import { command as gpu } from './gpu.js';
import { command as init } from './init.js';
import { command as install } from './install.js';
import { command as launch } from './launch.js';
import { command as logs } from './logs.js';
import { command as mcp } from './mcp.js';
import { command as metrics } from './metrics.js';
import { command as notes } from './notes.js';
import { command as notify } from './notify.js';
import { command as papers } from './papers.js';
import { command as report } from './report.js';
import { command as restore } from './restore.js';
import { command as run } from './run.js';
import { command as service } from './service.js';
import { command as status } from './status.js';
import { command as stop } from './stop.js';
import { command as trust } from './trust.js';
import { command as wait } from './wait.js';

/** Those that people use, in the order of the docs. */
export const COMMANDS = [
  init,
  demo,
  run,
  status,
  dashboard,
  report,
  launch,
  wait,
  stop,
  logs,
  compare,
  restore,
  bundle,
  finalize,
  exportRuns,
  notes,
  notify,
  metrics,
  gpu,
  directive,
  install,
  papers,
  trust,
  service,
  doctor,
  mcp,
];

export const command: Command = {
  name: 'gen',
  summary: 'Write the generated documentation (for developers of auto-experiment).',
  usage: 'gen [--check]',
  flags: { check: { kind: 'switch', help: 'Write nothing; fail when a page is not up to date.' } },
  json: false,
  project: false,
  words: 0,
  async run(console, args) {
    const docs = join(console.packageRoot, 'docs');
    const design = join(docs, 'design.md');
    const providers = join(docs, 'providers.md');
    const pages: [string, string][] = [
      [join(docs, 'config.md'), configPage()],
      [join(docs, 'tools.md'), toolsPage(TOOLS)],
      [join(docs, 'cli.md'), cliPage(COMMANDS)],
      [design, between(readFileSync(design, 'utf8'), 'rooms', roomsMarkdown())],
      [providers, between(readFileSync(providers, 'utf8'), 'prices', pricesMarkdown())],
    ];
    const stale = pages.filter(([path, text]) => !existsSync(path) || readFileSync(path, 'utf8') !== text);
    if (args.switches.check === true) {
      const [first] = stale;
      if (first !== undefined)
        throw new LabError(
          `${stale.map(([path]) => path).join(', ')}: not up to date`,
          'run npm run gen and commit what it wrote',
        );
      return 0;
    }
    for (const [path, text] of stale) {
      writeFileSync(path, text);
      console.out(`${path}\n`);
    }
    return 0;
  },
};

/** Replaces what stands between two markers of a page. Throws LabError when they are missing. */
function between(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new LabError(`the markers of "${name}" are missing`, `write ${begin} and ${end} into the page`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}
