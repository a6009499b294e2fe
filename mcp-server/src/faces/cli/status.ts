import { sparkline } from '../../core/chart/sparkline.js';
import type { GpuSurvey } from '../../core/gpu.js';
import { fromJsonNumber } from '../../core/metric.js';
import type { Overview } from '../../core/view.js';
import type { Lab } from '../../engine/lab.js';
import { surveyForRuns } from '../../engine/runs/site.js';
import { buildOverview } from '../../engine/views/overview.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { readRunCurves } from '../../store/run-curves.js';
import type { Command } from '../command.js';
import { pause } from '../pause.js';
import { showFrames } from '../terminal/screen.js';
import { statusText } from '../terminal/status-text.js';
import { createStyle } from '../terminal/style.js';
import { labOf, outJson } from './shared.js';

const REFRESH_MS = 1000;
const SPARK_CELLS = 12;
const SPARKS = 8;
/** How long a picture waits for the GPUs of another machine, in milliseconds. */
const PATIENCE_MS = 4000;

export const command: Command = {
  name: 'status',
  summary: 'What ran, what is best, what is running, what needs you.',
  usage: 'status [--watch] [--project DIR] [--json]',
  flags: { watch: { kind: 'switch', help: 'Stay and redraw every second; Ctrl-C leaves.' } },
  json: true,
  project: true,
  words: 0,
  async run(console, args) {
    const lab = labOf(console, args);
    const gpus = createGpuAsking(lab);
    const view = async () => buildOverview(lab, lab.open(), await gpus());
    if (args.switches.json === true) {
      outJson(console, await view());
      return 0;
    }
    const style = createStyle(console.colour);
    const lines = async (width: number, height?: number): Promise<string[]> => {
      const overview = await view();
      const sparks = sparksOf(lab.open(), overview);
      return statusText(overview, { width, style, sparks, ...(height === undefined ? {} : { height }) });
    };
    if (args.switches.watch !== true || !console.terminal) {
      console.out(`${(await lines(console.terminal ? console.width : 120)).join('\n')}\n`);
      return 0;
    }
    const hint = style.dim('Ctrl-C leaves; nothing is stopped');
    await showFrames(console, process.stdout, REFRESH_MS, async ({ width, height }) => {
      const body = await lines(width, Math.max(1, height - 2));
      return [...body, ...Array<string>(Math.max(0, height - 1 - body.length)).fill(''), hint];
    });
    return 0;
  },
};

/** What new runs would get. A host that does not answer soon holds no picture up; what it says comes with a later one. */
function createGpuAsking(lab: Lab): () => Promise<GpuSurvey | null> {
  let last: GpuSurvey | null = null;
  let asking: Promise<GpuSurvey> | null = null;
  return async () => {
    const { config } = lab.open();
    if (!config.gpu.auto_detect) return null;
    asking ??= surveyForRuns(lab, config).finally(() => {
      asking = null;
    });
    if (config.execution.mode !== 'ssh') return asking;
    const late = new AbortController();
    const silent = pause(PATIENCE_MS, late.signal).then((): GpuSurvey => {
      const machine = config.execution.ssh_host ?? '';
      const error = `${machine} has not told of its GPUs within ${PATIENCE_MS / 1000} seconds`;
      return last ?? { machine, gpus: [], error };
    });
    last = await Promise.race([asking, silent]);
    late.abort();
    return last;
  };
}

/** How the primary metric of the runs that go on has moved so far. */
function sparksOf({ paths }: Project, { runs }: Overview): Record<string, string> {
  const open = runs.filter((run) => run.state === 'running').slice(0, SPARKS);
  return Object.fromEntries(
    open.map((run) => {
      const name = run.primary?.name;
      if (name === undefined) return [run.id, ''];
      const { primary } = readRunCurves(runPaths(paths.runs, run.id).metrics, run.id, name);
      const values = primary.map(({ value }) => fromJsonNumber(value));
      return [run.id, values.length < 2 ? '' : sparkline(values, SPARK_CELLS)];
    }),
  );
}
