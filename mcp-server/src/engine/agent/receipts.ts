import { clip } from '../../core/text.js';
import { formatValue } from '../../core/units.js';
import { readCampaign } from '../../store/ledger.js';
import { runPaths } from '../../store/paths.js';
import type { Project } from '../../store/project.js';
import { claimEnding, owedEndings } from '../../store/receipts.js';
import { readMark } from '../../store/records.js';
import { readRun } from '../../store/runs.js';
import type { Lab } from '../lab.js';
import { isPending } from '../runs/decide.js';
import { viewRun } from '../runs/view.js';
import type { Answer } from '../tool.js';

/** More endings than this are told with the answers after. */
const AT_ONCE = 5;

/** Runs that ended, whose verdict is known, and that the agent which launched them has not been told of. */
export function untoldEndings(project: Project): string[] {
  const { receipts, runs } = project.paths;
  return owedEndings(receipts).filter((id) => {
    const { record } = runPaths(runs, id);
    return readMark(record, 'ended') !== null && !isPending(record);
  });
}

/** Takes the endings that nobody has fetched, one line each. What is taken here is told by nobody else. */
export function takeEndings(lab: Pick<Lab, 'clock'>, project: Project): string[] {
  const { receipts, runs, ledger } = project.paths;
  const mine = untoldEndings(project)
    .slice(0, AT_ONCE)
    .filter((id) => claimEnding(receipts, id));
  if (mine.length === 0) return [];
  const { campaign } = readCampaign(ledger);
  return mine.map((id) => {
    const run = viewRun(project.paths, readRun(runs, id), campaign.runs.get(id), lab.clock());
    const value = run.primary === null ? '' : `, ${run.primary.name} ${formatValue(run.primary.value)}`;
    const verdict =
      run.verdict_reason === null ? '' : `; ${run.verdict ?? 'baseline'}: ${run.verdict_reason}`;
    return clip(`${id} (${clip(run.title, 60)}) ended: ${run.ending ?? 'unknown'}${value}${verdict}`, 400);
  });
}

/**
 * An answer with what its receiver has not been told yet. A run that the answer itself shows as ended counts as told.
 * News never makes a call fail: where the project cannot be read, the answer says so itself.
 */
export function withNews(lab: Pick<Lab, 'clock'>, project: Project, answer: Answer): Answer {
  const shown = endedRun(answer.data.run);
  if (answer.ok && shown !== null && untoldEndings(project).includes(shown))
    claimEnding(project.paths.receipts, shown);
  const news = takeEndings(lab, project);
  if (news.length === 0) return answer;
  const text = [answer.text, ...news.map((line) => `news: ${line}`)].join('\n');
  return { ...answer, data: { ...answer.data, news }, text };
}

function endedRun(run: unknown): string | null {
  if (typeof run !== 'object' || run === null || !('id' in run) || !('state' in run)) return null;
  return run.state === 'ended' && typeof run.id === 'string' ? run.id : null;
}
