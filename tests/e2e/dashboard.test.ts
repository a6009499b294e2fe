import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { appendLedger } from '../../mcp-server/src/store/ledger.js';
import {
  type Dashboard,
  describeInBrowser,
  openBrowser,
  openPage,
  startDashboard,
} from '../support/dashboard.js';
import { fillProject } from '../support/filled.js';
import { type Json, makeProject, type TestProject, until } from '../support/project.js';
import { standInGpus } from '../support/stand-in-gpus.js';

// The page in a real browser: what a person sees and does.

const BRIEF =
  '---\nmetric: val_acc\ndirection: maximize\ntarget: 0.95\nbudgets: {runs: 300}\n---\n# Goal\nBetter digits\n';
const CONFIG =
  'gpu: {auto_detect: false}\nexperiment: {mandatory_dry_run: false, max_parallel: 4, stop_grace: 1, survivor_grace: 1}\n';
const FILES = { 'PROJECT_BRIEF.md': BRIEF, 'config.yaml': CONFIG };
/** Prints a line for each one that is added to a file, until the file says `end`. */
const OBEDIENT =
  'touch "$1"; tail -n +1 -f "$1" | while read -r line; do [ "$line" = end ] && exit 0; echo "$line"; done';

describeInBrowser('the dashboard', () => {
  let browser: Browser;
  let context: BrowserContext;
  let project: TestProject;
  let dashboard: Dashboard;
  let folder: string;
  let mistakes: string[];

  beforeAll(async () => {
    browser = await openBrowser('--host-resolver-rules=MAP evil.test 127.0.0.1');
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    // What was launched reads a file of this folder, and is ended with its project besides.
    rmSync(folder, { recursive: true, force: true });
    await context?.close();
    await dashboard?.end();
    await project?.end();
  });

  async function open(
    fill: (root: string) => void,
    {
      width = 1280,
      hash = '',
      more = [] as TestProject[],
      files = FILES as Record<string, string>,
      dark = false,
      env = {} as Record<string, string>,
    } = {},
  ): Promise<Page> {
    folder = mkdtempSync(join(tmpdir(), 'auto-experiment-page-'));
    project = makeProject(files, env);
    fill(project.root);
    dashboard = await startDashboard([project, ...more], { env });
    context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
    });
    const opened = await openPage(context, dashboard);
    mistakes = opened.mistakes;
    await opened.page.goto(dashboard.url + hash);
    await opened.page.getByText('live', { exact: true }).waitFor();
    return opened.page;
  }
  const lines = () => join(folder, 'lines');
  const launched = async (): Promise<Json> => {
    const run = await project.json('launch', '--', 'sh', '-c', OBEDIENT, 'sh', lines());
    await until(() => existsSync(lines()));
    return run;
  };
  const directive = (): string => readFileSync(join(project.root, 'workspace/HUMAN_DIRECTIVE.md'), 'utf8');
  const rowOf = (page: Page, run: string) =>
    page.locator('#run-table tbody tr', { has: page.getByRole('button', { name: run, exact: true }) });

  it('shows a run as it is launched, its log as it grows, and its end, without a reload', async () => {
    const page = await open(() => {});
    await page.getByText('Nothing has run yet.', { exact: true }).waitFor();
    const { id } = await launched();
    await rowOf(page, id).getByText('running').waitFor();
    await page.locator('#running').getByText(id).waitFor();
    await rowOf(page, id).getByRole('button').click();
    const log = page.getByRole('log', { name: 'Log' });
    for (const value of ['0.5', '0.75']) {
      appendFileSync(lines(), `epoch 1 val_acc=${value}\n`);
      await log.getByText(`val_acc=${value}`).waitFor();
    }
    appendFileSync(lines(), 'end\n');
    const drawer = page.getByRole('dialog');
    await drawer.getByText('succeeded').waitFor();
    await drawer.getByText('exit code 0').waitFor();
    await page.keyboard.press('Escape');
    await rowOf(page, id).getByText('baseline', { exact: true }).waitFor();
    await page.locator('#say').getByText(`Nothing is better than the baseline ${id} yet`).waitFor();
    expect(await rowOf(page, id).textContent()).toContain('0.75');
    expect(mistakes).toEqual([]);
  });

  it('lays the curves of the chosen runs over each other, by step or time, smoothed, on a log scale, and finer when zoomed', async () => {
    const page = await open((root) => fillProject(root, { runs: 9 }));
    const asked: string[] = [];
    page.on('request', (sent) => {
      if (sent.url().includes('/api/curves')) asked.push(new URL(sent.url()).searchParams.get('of') ?? '');
    });
    const last = (): Json => JSON.parse(asked.findLast((of) => of.includes('"val_acc"')) ?? '{}');
    const eventually = (holds: () => boolean) => until(holds);
    for (const run of ['exp004', 'exp007']) await page.getByLabel(`Curves of ${run}`).check();
    const chips = page.getByRole('list', { name: 'Runs whose curves are shown' });
    await chips.getByText('exp007').waitFor();
    await eventually(() => last().runs?.includes('exp004') && last().runs.includes('exp007'));
    // Both are drawn: pixels of their colours are on the first canvas.
    const inks = () =>
      page.evaluate(() => {
        const style = getComputedStyle(document.documentElement);
        const canvas = document.querySelector<HTMLCanvasElement>('.plots canvas');
        const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        return ['--c0', '--c1', '--c2', '--c3'].map((name) => {
          const hex = style.getPropertyValue(name).trim();
          const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
          let count = 0;
          for (let index = 0; index < data.length; index += 4)
            if (
              data[index] === r &&
              data[index + 1] === g &&
              data[index + 2] === b &&
              data[index + 3] === 255
            )
              count += 1;
          return count;
        });
      });
    const shown = await chips.getByRole('listitem').count();
    await expect.poll(async () => (await inks()).filter((count) => count > 0).length).toBe(shown);
    await page.getByRole('button', { name: 'by time' }).click();
    await eventually(() => last().by === 'time');
    await page.getByLabel('Smoothing').fill('90');
    await eventually(() => last().smooth === 0.9);
    await page.getByLabel('Log scale').check();
    const plot = page.getByRole('group', { name: /First picture/ });
    await plot.focus();
    await page.keyboard.press('+');
    await eventually(() => last().from !== null && last().to > last().from);
    await page.keyboard.press('0');
    await eventually(() => last().from === null);
    await chips.getByRole('button', { name: 'Take exp004 out of the curves' }).click();
    await eventually(() => !last().runs.includes('exp004'));
    expect(await page.getByLabel('Curves of exp004').isChecked()).toBe(false);
    expect(mistakes).toEqual([]);
  });

  it('takes a directive, says that it waits, and then what became of it', async () => {
    const page = await open((root) => fillProject(root, { runs: 3 }));
    await page.getByLabel(/A directive/).fill('try a larger batch');
    await page.getByRole('button', { name: 'Leave directive' }).click();
    await page.locator('#order').getByText('waiting', { exact: true }).waitFor();
    expect(directive()).toBe('try a larger batch\n');
    await page.locator('#needs').getByText('try a larger batch').waitFor();
    rmSync(join(project.root, 'workspace/HUMAN_DIRECTIVE.md'));
    const at = new Date().toISOString();
    appendLedger(join(project.root, 'workspace/ledger.jsonl'), {
      kind: 'directive',
      at,
      id: 'd1',
      state: 'done',
      text: 'try a larger batch',
      outcome: 'tried in cycle 4',
    });
    await page.locator('#order').getByText('archived').waitFor();
    await page.locator('#order').getByText('tried in cycle 4').waitFor();
    await page.locator('#timeline').getByText('tried in cycle 4').waitFor();
    expect(mistakes).toEqual([]);
  });

  it('pauses the loop only after a question', async () => {
    const page = await open((root) => fillProject(root, { runs: 2 }));
    await page.getByRole('button', { name: 'Pause the loop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Pause the loop' }).click();
    expect(existsSync(join(project.root, 'workspace/HUMAN_DIRECTIVE.md'))).toBe(false);
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click();
    await until(() => existsSync(join(project.root, 'workspace/HUMAN_DIRECTIVE.md')));
    expect(directive()).toBe('pause\n');
    await page.locator('#order').getByText('waiting', { exact: true }).waitFor();
  });

  it('stops a run only after a question', async () => {
    const page = await open(() => {});
    const { id } = await launched();
    const stop = page.getByRole('button', { name: `Stop ${id}` });
    await stop.click();
    const question = page.getByRole('dialog', { name: `Stop ${id}?` });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'hidden' });
    const record = join(project.root, 'workspace/runs', id, 'record');
    expect(() => project.mark(id, 'stop', 'by'), record).toThrow('ENOENT');
    await stop.click();
    await question.getByRole('button', { name: `Stop ${id}` }).click();
    await rowOf(page, id).getByText('stopped', { exact: true }).waitFor();
    expect(project.mark(id, 'stop', 'by')).toBe('dashboard');
    expect(mistakes).toEqual([]);
  });

  it('shows a wrong key and a wrong name the door, and a page of another site changes nothing', async () => {
    const page = await open((root) => fillProject(root, { runs: 2 }));
    expect(page.url()).not.toContain('token');
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
    const other = await (await browser.newContext()).newPage();
    expect((await other.goto(`${dashboard.origin}/?token=wrong`))?.status()).toBe(403);
    expect(await other.textContent('body')).toContain('open the address that');
    const evil = `http://evil.test:${dashboard.port}/?token=${dashboard.token}`;
    expect((await other.goto(evil))?.status()).toBe(403);
    const site = createServer((_, answer) => answer.end('<!doctype html><title>other</title>'));
    await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
    const address = site.address();
    const foreign = await context.newPage();
    await foreign.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
    const tried = await foreign.evaluate(async (origin) => {
      const body = JSON.stringify({ project: 0, text: 'from elsewhere' });
      const attempts = [
        () =>
          fetch(`${origin}/api/directive`, { method: 'POST', mode: 'no-cors', credentials: 'include', body }),
        () =>
          fetch(`${origin}/api/directive`, {
            method: 'POST',
            credentials: 'include',
            headers: { 'content-type': 'application/json' },
            body,
          }),
        () => fetch(`${origin}/api/run?run=exp001`, { credentials: 'include' }),
      ];
      const said: string[] = [];
      for (const attempt of attempts)
        said.push(
          await attempt().then(
            (answer) => `${answer.type} ${answer.status}`,
            (error: unknown) => String(error),
          ),
        );
      return said;
    }, dashboard.origin);
    expect(tried).toEqual(Array(3).fill('TypeError: Failed to fetch'));
    expect(existsSync(join(project.root, 'workspace/HUMAN_DIRECTIVE.md'))).toBe(false);
    await new Promise((done) => site.close(done));
    await other.context().close();
  });

  it('shows markup in names, titles, logs and notes as the text that it is', async () => {
    const script = '<script>window.hit=1</script>';
    const image = '<img src=x onerror=window.hit=2>';
    const page = await open(
      (root) =>
        fillProject(root, {
          runs: 3,
          metric: script,
          titles: { 2: image },
          logs: { 2: `${script}\n${image}\n` },
          endings: { 3: 'failed' },
        }),
      {
        files: {
          ...FILES,
          'PROJECT_BRIEF.md': `---\nmetric: "${script}"\ndirection: maximize\n---\n# Goal\n${image}\n`,
          'workspace/MEMORY_LOG.md': `${script}\n`,
          'workspace/HUMAN_DIRECTIVE.md': image,
        },
      },
    );
    await page.locator('#say').getByText(script).waitFor();
    await rowOf(page, 'exp002').getByText(image).waitFor();
    await rowOf(page, 'exp002').getByRole('button').click();
    await page.getByRole('log', { name: 'Log' }).getByText(script).waitFor();
    await page.getByRole('dialog').getByRole('cell', { name: script }).waitFor();
    expect(await page.evaluate(() => ('hit' in window ? window.hit : null))).toBeNull();
    expect(await page.locator('body script, body img, body iframe').count()).toBe(0);
    expect(mistakes).toEqual([]);
  });

  it('fits a phone: nothing is wider than the screen', async () => {
    const others = [makeProject(FILES), makeProject(FILES)];
    try {
      const page = await open(
        (root) => fillProject(root, { runs: 39, confirmed: true, titles: { 38: 'a'.repeat(120) } }),
        { width: 390, more: others },
      );
      const width = () => page.evaluate(() => document.documentElement.scrollWidth);
      await rowOf(page, 'exp039').waitFor();
      expect(await width()).toBe(390);
      await page.getByLabel('Order').selectOption('oldest first');
      await rowOf(page, 'exp001').waitFor();
      await page.getByLabel('Order').selectOption('newest first');
      await rowOf(page, 'exp038').getByRole('button').click();
      await page.getByRole('log', { name: 'Log' }).getByText('step 40/40').waitFor();
      expect(
        await page.getByRole('dialog').evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth),
      ).toBe(0);
      await page.getByRole('button', { name: 'Close' }).click();
      for (const name of ['Leave directive', 'Pause the loop']) {
        const box = await page.getByRole('button', { name }).boundingBox();
        expect(box?.height).toBeGreaterThanOrEqual(32);
      }
    } finally {
      for (const other of others) await other.end();
    }
  });

  it('can be used with the keyboard alone', async () => {
    const page = await open((root) => fillProject(root, { runs: 30 }));
    await rowOf(page, 'exp030').waitFor();
    const focus = () =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '',
      );
    await page.keyboard.press('Tab');
    expect(await focus()).toBe('Skip to the runs');
    // What has the focus is seen to have it.
    const outline = () =>
      page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
    expect(await outline()).toBe('solid');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('exp02');
    await rowOf(page, 'exp030').waitFor({ state: 'detached' });
    for (let count = 0; count < 40 && (await focus()) !== 'exp029'; count++) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    expect(await focus()).toBe('exp028');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('heading', { name: 'exp028' }).waitFor();
    expect(await focus()).toBe('Close');
    await page.keyboard.press('Escape');
    expect(await focus()).toBe('exp028');
    await page.getByRole('group', { name: /Picture of the best so far/ }).focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.locator('#said').textContent()).toContain('exp029');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('heading', { name: 'exp029' }).waitFor();
    expect(mistakes).toEqual([]);
  });

  it('sorts, filters and turns the pages of thousands of runs', async () => {
    const page = await open((root) =>
      fillProject(root, { runs: 120, points: 3, endings: { 7: 'oom', 50: 'failed' } }),
    );
    await page.getByText('1–25 of 120').waitFor();
    const first = () => page.locator('#run-table tbody tr').first().locator('td.id').textContent();
    expect(await first()).toBe('exp120');
    await page.getByRole('columnheader', { name: 'run' }).getByRole('button').click();
    expect(await first()).toBe('exp001');
    await page.getByRole('button', { name: 'Next' }).click();
    expect(await first()).toBe('exp026');
    await page.getByRole('columnheader', { name: 'vs baseline' }).getByRole('button').click();
    expect(await page.getByRole('columnheader', { name: 'vs baseline' }).getAttribute('aria-sort')).toBe(
      'descending',
    );
    const gains = (await page.locator('#run-table tbody td[data-name="vs baseline"]').allTextContents()).map(
      (text) => Number(text.replace('−', '-')),
    );
    expect(gains).toEqual([...gains].sort((a, b) => b - a));
    await page.getByLabel('Ending').selectOption('oom');
    expect(await page.locator('#run-table tbody tr').count()).toBe(1);
    expect(await first()).toBe('exp007');
    await page.getByLabel('Find').fill('nothing is like this');
    await page.getByText('No run is like that.').waitFor();
  });

  it('an empty project says how to begin; a broken one what is wrong, and the others go on', async () => {
    const broken = makeProject({ ...FILES, 'config.yaml': 'experiment: {sedes: 3}\n' });
    try {
      const page = await open(() => {}, { more: [broken] });
      await page.getByText('Nothing has run yet. Start with').waitFor();
      expect(await page.getByLabel('Find').isVisible()).toBe(false);
      const list = page.getByRole('navigation', { name: 'Projects' });
      await list.getByText('sedes').waitFor();
      await list.getByRole('button').nth(1).click();
      await page.getByRole('alert').getByText('did you mean "experiment.seeds"').waitFor();
      await list.getByRole('button').nth(0).click();
      await page.getByText('Nothing has run yet. Start with').waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
      expect(mistakes).toEqual([]);
    } finally {
      await broken.end();
    }
  });

  it('says which machine cannot be reached, beside what is known of its run', async () => {
    // A name that no resolver knows (RFC 2606).
    const away = { host: 'gpu-box.invalid', workspace: '/nowhere', args: [] };
    const page = await open((root) => fillProject(root, { runs: 2, away }));
    await page.locator('#needs').getByText('exp002: gpu-box.invalid is unreachable since').waitFor();
    await page.locator('#running').getByText('step 24 of 40').waitFor();
    expect(mistakes).toEqual([]);
  });

  it('shows the GPUs as the command does: who holds which, since when, and who waits', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'auto-experiment-bin-'));
    standInGpus(bin);
    const env = {
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      AUTO_EXPERIMENT_STATE_DIR: join(bin, 'state'),
    };
    try {
      const config = CONFIG.replace('gpu: {auto_detect: false}\n', '');
      const page = await open(() => {}, { env, files: { ...FILES, 'config.yaml': config } });
      const { id } = await launched();
      const panel = page.locator('#gpus');
      await panel.getByText(`${id} of ${basename(project.root)}`).waitFor();
      const entry = panel.locator('li', { hasText: `${id} of` });
      expect(await entry.textContent()).toMatch(/^0H100 80GB HBM3reserved.* for \d.* · sh -c /);
      const headline = /: (4 GPUs, 2 free, 1 busy, 1 reserved)$/;
      expect(await panel.locator('p').first().textContent()).toMatch(headline);
      expect((await project.run('gpu')).stdout.split('\n')[0]).toMatch(headline);
      expect(mistakes).toEqual([]);
    } finally {
      await project.end();
      rmSync(bin, { recursive: true, force: true });
    }
  });

  it('keeps what it shows when the dashboard is gone, and says where to go when it was started anew', async () => {
    const page = await open((root) => fillProject(root, { runs: 2 }));
    await page.locator('#say').getByText('exp001').waitFor();
    await dashboard.end();
    await page.getByText('not connected').waitFor();
    expect(await page.locator('#say').textContent()).toContain('exp001');
    dashboard = await startDashboard([project], { port: dashboard.port });
    await page.getByRole('alert').getByText('started anew').waitFor();
    await page.goto(dashboard.url);
    await page.getByText('live', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it.each([false, true])('gives everything a name and a place (dark: %s)', async (dark) => {
    const page = await open((root) => fillProject(root, { runs: 8, confirmed: true }), {
      dark,
      hash: '#exp003',
    });
    await page.getByRole('dialog').getByRole('heading', { name: 'exp003' }).waitFor();
    await page.getByRole('log', { name: 'Log' }).waitFor();
    const found = await page.evaluate(() => {
      const seen = (element: Element) => element.getClientRects().length > 0;
      const named = (element: Element): boolean => {
        const label = element.getAttribute('aria-label') ?? element.textContent ?? '';
        const by = element.id === '' ? null : document.querySelector(`label[for="${element.id}"]`);
        return label.trim() !== '' || by !== null || element.closest('label') !== null;
      };
      const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
      return {
        theme: document.documentElement.dataset.theme,
        nameless: [...document.querySelectorAll('button, input, select, textarea, summary, [tabindex="0"]')]
          .filter((element) => seen(element) && !named(element))
          .map(({ outerHTML }) => outerHTML.slice(0, 120)),
        twice: ids.filter((id, index) => ids.indexOf(id) !== index),
        lost: [...document.querySelectorAll('[aria-labelledby]')].filter(
          (element) =>
            seen(element) && document.getElementById(element.getAttribute('aria-labelledby') ?? '') === null,
        ).length,
        lang: document.documentElement.lang,
        firstHeadings: document.querySelectorAll('h1').length,
        headless: [...document.querySelectorAll('main section')].filter(
          (part) => !part.hasAttribute('aria-label') && !part.hasAttribute('aria-labelledby'),
        ).length,
        bare: [...document.querySelectorAll('th:not([scope])')].length,
      };
    });
    expect(found).toEqual({
      theme: dark ? 'dark' : 'light',
      nameless: [],
      twice: [],
      lost: 0,
      lang: 'en',
      firstHeadings: 1,
      headless: 0,
      bare: 0,
    });
    expect(mistakes).toEqual([]);
  });
});
