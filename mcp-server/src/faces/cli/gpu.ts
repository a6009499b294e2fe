import { LabError } from '../../core/errors.js';
import { GpuSurvey } from '../../core/gpu.js';
import type { Lab } from '../../engine/lab.js';
import { noGpus } from '../../engine/runs/site.js';
import { bareBoard, boardForRuns, type GpuBoard, gpuBoard } from '../../engine/views/gpu-board.js';
import type { Command, Console } from '../command.js';
import { pause } from '../pause.js';
import { gpuScreen } from '../terminal/gpu-screen.js';
import { showFrames } from '../terminal/screen.js';
import { createStyle } from '../terminal/style.js';
import { outJson } from './shared.js';

const REFRESH_MS = 2000;
/** How long a picture waits for those that have not answered, in milliseconds. */
const PATIENCE_MS = 1000;
/** Columns where no terminal says how many it has. */
const WIDTH = 80;

export const command: Command = {
  name: 'gpu',
  summary: 'Who holds which GPU, since when, doing what; which is free, which is sick.',
  usage: 'gpu [--server USER@HOST[,…]]… [--watch] [--json]',
  flags: {
    server: {
      kind: 'values',
      value: 'USER@HOST',
      help: 'Another machine, over SSH; repeated or with commas for several. `local` is this one. Without it: where runs go.',
    },
    watch: { kind: 'switch', help: 'Stay and redraw every two seconds; Ctrl-C leaves.' },
  },
  json: true,
  project: false,
  words: 0,
  async run(console, args) {
    const lab = console.lab(console.cwd);
    const servers = [...new Set(args.lists.server)];
    const hosts = servers.length === 0 ? [null] : servers;
    if (args.switches.watch === true && args.switches.json !== true && console.terminal) {
      await watch(console, lab, hosts);
      return 0;
    }
    const boards = await Promise.all(hosts.map((host) => lookAt(lab, host, console.signal)));
    if (args.switches.json === true) {
      const surveys = boards.map(({ survey }) => GpuSurvey.parse(survey));
      outJson(console, surveys.length === 1 ? surveys[0] : surveys);
    } else {
      const layout = { width: console.terminal ? console.width : WIDTH, style: createStyle(console.colour) };
      console.out(`${boards.map((board) => gpuScreen(board, layout).join('\n')).join('\n\n')}\n`);
    }
    return servers.length > 0 && boards.some(({ survey }) => survey.error !== null) ? 1 : 0;
  },
};

/** The board of a host, null = the machine that runs go to. A host that cannot be reached says why in its place. */
async function lookAt(lab: Lab, host: string | null, signal: AbortSignal): Promise<GpuBoard> {
  if (host === null) return boardForRuns(lab, lab.open().config, signal);
  if (host === 'local') return gpuBoard(lab, lab, lab.open().config.gpu.reserve_last, signal);
  try {
    return await gpuBoard(lab, await lab.at({ host, workspace: '~', args: [] }), false, signal);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return bareBoard(noGpus(host, error));
  }
}

function nameOf(lab: Lab, host: string | null): string {
  const { mode, ssh_host } = lab.open().config.execution;
  if (host === null && mode === 'ssh') return ssh_host ?? lab.host;
  return host === null || host === 'local' ? lab.host : host;
}

/** Each host is asked at its own pace: one that is slow or dead keeps nobody waiting. */
async function watch(console: Console, lab: Lab, hosts: readonly (string | null)[]): Promise<void> {
  const boards = hosts.map((host) => bareBoard({ machine: nameOf(lab, host), gpus: [], error: null }));
  const style = createStyle(console.colour);
  const asking = new Map<number, Promise<void>>();
  let defect: unknown = null;
  const look = async (at: number): Promise<void> => {
    try {
      boards[at] = await lookAt(lab, hosts[at] ?? null, console.signal);
    } catch (error) {
      if (!console.signal.aborted) defect = error;
    } finally {
      asking.delete(at);
    }
  };
  const hint = style.dim('Ctrl-C leaves; nothing is stopped');
  await showFrames(console, process.stdout, REFRESH_MS, async ({ width, height }) => {
    for (const at of hosts.keys()) if (!asking.has(at)) asking.set(at, look(at));
    await Promise.race([Promise.all(asking.values()), pause(PATIENCE_MS, console.signal)]);
    if (defect !== null) throw defect;
    const body = boards.flatMap((board, at) => {
      const late = asking.has(at) ? [style.dim(`${board.survey.machine} is being asked …`)] : [];
      return [...(at === 0 ? [] : ['']), ...gpuScreen(board, { width, style }), ...late];
    });
    return [...body.slice(0, Math.max(1, height - 1)), hint];
  });
}
