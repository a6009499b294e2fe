// Pictures of what a person looks at, for somebody to look at: npm run look -- FOLDER. The page in a real browser (Chromium) and the
// commands in a real terminal (tmux), on projects that are filled as the program fills them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { openBrowser, startDashboard } from '../tests/support/dashboard.js';
import { type Filling, fillProject } from '../tests/support/filled.js';
import { makeProject, type TestProject, until } from '../tests/support/project.js';
import { standInGpus } from '../tests/support/stand-in-gpus.js';
import { terminals } from './look/terminals.js';

const [, , wanted, only = ''] = process.argv;
if (wanted === undefined) {
  process.stderr.write('usage: npm run look -- FOLDER [pages | terminals]\n');
  process.exit(2);
}
const folder = resolve(wanted);
mkdirSync(folder, { recursive: true });
const bin = mkdtempSync(join(tmpdir(), 'auto-experiment-look-'));
standInGpus(bin);
process.env.PATH = `${bin}${delimiter}${process.env.PATH}`;
process.env.AUTO_EXPERIMENT_STATE_DIR = join(bin, 'state');

const BRIEF =
  '---\nmetric: val_acc\ndirection: maximize\ntarget: 0.95\nbudgets: {runs: 300, gpu_hours: 40}\n---\n# Goal\nBetter digits within a day on one machine\n';
const CONFIG =
  'experiment: {mandatory_dry_run: false, max_parallel: 2, time_limit: 2h, stop_grace: 1, survivor_grace: 1}\n';
const made: TestProject[] = [];

/** A project of that many runs. A run that goes on holds a GPU. */
async function filled(filling: Filling | null, busy = false): Promise<TestProject> {
  const project = makeProject(
    { 'PROJECT_BRIEF.md': BRIEF, 'config.yaml': CONFIG },
    { AUTO_EXPERIMENT_STATE_DIR: join(bin, 'state') },
  );
  made.push(project);
  if (filling !== null) fillProject(project.root, filling);
  if (busy) {
    const train =
      'i=0; while [ $i -lt 1500 ]; do i=$((i+1)); echo "step $i/1500 train_loss=1.$((99-i/20)) val_acc=0.$((700+i/10))"; sleep 0.2; done';
    await project.run('launch', '--title', 'wider head, cosine schedule', '--', 'sh', '-c', train);
    await project.json('launch', '--title', 'needs three GPUs', '--gpus', '3', '--', 'sh', '-c', train);
  }
  return project;
}

interface Shot {
  name: string;
  width?: number;
  height?: number;
  dark?: boolean;
  hash?: string;
  whole?: boolean;
  choose?: readonly string[];
  asks?: string;
}

async function shoot(
  browser: Browser,
  projects: readonly TestProject[],
  shots: readonly Shot[],
): Promise<void> {
  const dashboard = await startDashboard(projects);
  try {
    for (const {
      name,
      width = 1280,
      height = 900,
      dark = false,
      hash = '',
      whole = true,
      choose = [],
      asks,
    } of shots) {
      const page = await browser.newPage({
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
      });
      await page.goto(dashboard.url + hash);
      await page.getByText('live', { exact: true }).waitFor();
      for (const run of choose) await page.getByLabel(`Curves of ${run}`).check();
      if (asks !== undefined) await page.getByRole('button', { name: asks }).first().click();
      // Pictures are drawn when their data have come; a person looks a little later too.
      await page.waitForTimeout(2500);
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: whole });
      await page.close();
    }
  } finally {
    await dashboard.end();
  }
}

async function pages(): Promise<void> {
  const browser = await openBrowser();
  try {
    const failed = { 5: 'oom', 9: 'failed', 12: 'diverged', 39: 'failed' } as const;
    const many = await filled(
      { runs: 40, confirmed: true, endings: failed, titles: { 38: 'a'.repeat(120) } },
      true,
    );
    const away = await filled({
      runs: 3,
      away: { host: 'gpu-box.invalid', workspace: '/scratch/ada', args: [] },
    });
    const empty = await filled(null);
    await shoot(
      browser,
      [many, away, empty],
      [
        { name: 'desktop', choose: ['exp036', 'exp037'] },
        { name: 'desktop-first', whole: false },
        { name: 'desktop-dark', dark: true, choose: ['exp036', 'exp037'] },
        { name: 'phone', width: 390, height: 844 },
        { name: 'phone-first', width: 390, height: 844, whole: false },
        { name: 'phone-dark', width: 390, height: 844, dark: true },
        { name: 'failed-run', hash: '#exp039', whole: false },
        { name: 'oom-run-phone', hash: '#exp005', width: 390, height: 844, whole: false },
        { name: 'confirmed-run', hash: '#exp036', whole: false },
        { name: 'stop', asks: 'Stop', whole: false },
      ],
    );
    await shoot(browser, [empty], [{ name: 'empty' }, { name: 'empty-phone', width: 390, height: 844 }]);
    await shoot(
      browser,
      [await filled({ runs: 1 })],
      [{ name: 'one' }, { name: 'one-phone', width: 390, height: 844 }],
    );
    await shoot(
      browser,
      [await filled({ runs: 200, confirmed: true, endings: { 7: 'oom', 50: 'failed' } })],
      [{ name: 'two-hundred' }, { name: 'two-hundred-phone', width: 390, height: 844 }],
    );
    await shoot(
      browser,
      [away],
      [{ name: 'unreachable' }, { name: 'unreachable-phone', width: 390, height: 844 }],
    );
  } finally {
    await browser.close();
  }
}

try {
  if (only !== 'terminals') await pages();
  if (only !== 'pages') {
    const project = await filled({ runs: 40, confirmed: true, endings: { 38: 'oom', 39: 'failed' } }, true);
    await terminals({ folder, project, until });
  }
  writeFileSync(join(folder, 'made.txt'), 'look at every one of them\n');
} finally {
  for (const project of made) await project.end();
  rmSync(bin, { recursive: true, force: true });
}
