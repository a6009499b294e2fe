import type { BudgetUse } from '../../core/budget.js';
import type { Campaign } from '../../core/campaign.js';
import type { Plan } from '../../core/ledger.js';
import type { RunView } from '../../core/run.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { writeMark } from '../../store/records.js';
import { readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { type Bell, createBell } from '../runs/bell.js';
import { currentUse } from '../runs/budget.js';
import { launch } from '../runs/launch.js';
import { keepSupervised } from '../runs/supervised.js';
import { viewRun } from '../runs/view.js';
import { runPacketText } from '../views/packet.js';
import { fullPacket } from '../views/run-packet.js';
import { writeReport } from '../views/write-report.js';

export interface Launch {
  id: string;
  notes: string[];
  /** An earlier run did the same work: nothing was launched. */
  repeated: boolean;
}

/**
 * What the loop sees and does beyond the project's records: runs, their reports, and time passing. It holds no provider, so
 * that nothing in here can call a model while runs train. The simulation of long campaigns stands in for it.
 */
export interface World {
  launch(project: Project, plan: Plan, signal: AbortSignal, repeat?: 'answer' | 'allow'): Promise<Launch>;
  /** Lets a run start that was held back for its code agent. */
  release(project: Project, run: string): void;
  view(project: Project, campaign: Campaign, run: string): RunView;
  /** All that is needed to judge a run, as text; the end of its log is in it. */
  packet(project: Project, campaign: Campaign, run: string): string;
  use(project: Project, campaign: Campaign): BudgetUse;
  keepSupervised(project: Project): Promise<void>;
  /** Writes the report; the path of the page, null where none is wanted. Throws LabError. */
  report(project: Project): Promise<string | null>;
  bell(project: Project, signal: AbortSignal): Bell;
  /** The folder whose changes tell of a run. */
  record(project: Project, run: string): string;
}

type WorldLab = Omit<Lab, 'provider' | 'literature' | 'open'>;

/** `say` is told what a launch waits for, in words. */
export function realWorld(lab: WorldLab, say: (text: string) => void): World {
  const view: World['view'] = ({ paths }, campaign, run) =>
    viewRun(paths, readRun(paths.runs, run), campaign.runs.get(run), lab.clock());
  return {
    view,
    async launch(project, plan, signal, repeat = 'allow') {
      const { record, notes, repeated } = await launch(lab, project, {
        argv: plan.command,
        title: plan.title,
        role: plan.role,
        plan: plan.id,
        dryRunPolicy: 'enforce',
        repeat,
        signal,
        waiting: say,
      });
      return { id: record.id, notes, repeated };
    },
    release({ paths }, run) {
      if (readRun(paths.runs, run).held)
        writeMark(runPaths(paths.runs, run).record, 'released', { by: 'loop' });
    },
    packet: (project, campaign, run) => runPacketText(fullPacket(lab, project, view(project, campaign, run))),
    use: (project, campaign) => currentUse(project, campaign, lab.clock()),
    keepSupervised: ({ paths }) => keepSupervised(lab, paths.root),
    report: async (project) => (await writeReport(lab, project)).html ?? null,
    bell: ({ paths }, signal) => createBell([paths.workspace, paths.runs], signal),
    record: ({ paths }, run) => runPaths(paths.runs, run).record,
  };
}
