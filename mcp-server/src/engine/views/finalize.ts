import type { Campaign, CampaignRun } from '../../core/campaign.js';
import { showCommand } from '../../core/command.js';
import { LabError } from '../../core/errors.js';
import type { CodeRef } from '../../core/ledger.js';
import { clip, oneLine } from '../../core/text.js';
import { formatGain, formatValue } from '../../core/units.js';
import {
  type Change,
  changeBetween,
  commitChange,
  diffStat,
  makeBranch,
  parentOf,
  projectFilesOf,
  transplant,
} from '../../store/branches.js';
import { type GitPlace, gitPlace } from '../../store/git.js';
import { readCampaign } from '../../store/ledger.js';
import type { Project } from '../../store/project.js';
import { countChangedLines } from '../../store/restore.js';

/** What became of one confirmed gain. */
export interface Finalized {
  run: string;
  title: string;
  /** Null: none was made, `why` says so. */
  branch: string | null;
  commit: string | null;
  /** The branch or commit that it is to be reviewed against. */
  base: string | null;
  diffstat: string | null;
  why: string | null;
}

/**
 * Makes a branch for each confirmed gain, each with that one change on top of the code of the baseline, for a person to
 * review and merge. Only objects and new branches are written: HEAD, index, work tree and branches that are there stay as
 * they are. Repeating it changes nothing. Throws LabError where the project is in no git repository.
 */
export async function finalize(project: Project, only: readonly string[]): Promise<Finalized[]> {
  const { root } = project.paths;
  const { campaign } = readCampaign(project.paths.ledger);
  const wanted = confirmedRuns(campaign, only);
  const place = await gitPlace(root);
  const baseline = campaign.baseline === null ? undefined : campaign.runs.get(campaign.baseline);
  const base = baseline?.launch?.code ?? null;
  if (place === null || base?.kind === 'copy')
    throw new LabError(
      'the project is in no git repository, so there is nothing to make a branch in',
      `the code of a run can be had all the same: auto-experiment restore ${wanted[0]?.id ?? 'RUN'}`,
    );
  if (base === null || baseline === undefined)
    throw new LabError(
      'the code of the baseline was not kept',
      'compare the runs instead: auto-experiment compare, and auto-experiment restore',
    );
  const start = await baselineCommit(project, place, base, baseline);
  const results: Finalized[] = [];
  for (const run of wanted) results.push(await finalizeOne(project, place, campaign, { run, base, start }));
  return results;
}

function confirmedRuns(campaign: Campaign, only: readonly string[]): CampaignRun[] {
  const confirmed = [...campaign.runs.values()].filter(
    ({ verdict, withdrawn }) => verdict?.status === 'confirmed' && withdrawn === null,
  );
  const strange = only.find((id) => !confirmed.some((run) => run.id === id));
  if (strange !== undefined)
    throw new LabError(
      `${strange} is no confirmed gain`,
      confirmed.length === 0
        ? 'nothing is confirmed yet; see auto-experiment status'
        : `confirmed are: ${confirmed.map((run) => run.id).join(', ')}`,
    );
  if (confirmed.length === 0)
    throw new LabError(
      'nothing is confirmed yet',
      'a branch is made of a confirmed gain only; see auto-experiment status',
    );
  return only.length === 0 ? confirmed : confirmed.filter((run) => only.includes(run.id));
}

/**
 * The commit that the branches begin at: the one that the user's branch was at, and on top of it, where the baseline ran
 * with changes that were not committed, a commit of those.
 */
async function baselineCommit(
  project: Project,
  place: GitPlace,
  base: CodeRef,
  baseline: CampaignRun,
): Promise<string> {
  const { root } = project.paths;
  const head = (await parentOf(root, base.id)) ?? place.head;
  if (head === null)
    throw new LabError(
      'the repository has no commit yet',
      'commit once, and call again: a branch begins at a commit',
    );
  const known = await projectFilesOf(root, place, head);
  const change: Change = new Map();
  for (const [path, file] of await projectFilesOf(root, { ...place, prefix: '' }, base.id)) {
    const old = known.get(path);
    if (old?.id !== file.id || old.mode !== file.mode) change.set(path, file);
  }
  const message = `Code of the baseline ${baseline.id} as it ran\n\nChanges that were not committed when it was launched.`;
  const date = baseline.launch?.at ?? '2000-01-01T00:00:00Z';
  return (await commitChange(root, place, { parent: head, change, message, date })) ?? head;
}

async function finalizeOne(
  project: Project,
  place: GitPlace,
  campaign: Campaign,
  { run, base, start }: { run: CampaignRun; base: CodeRef; start: string },
): Promise<Finalized> {
  const { root } = project.paths;
  const title = oneLine(run.launch?.title ?? run.id);
  const none = (why: string): Finalized => ({
    ...{ run: run.id, title, branch: null, commit: null, base: null, diffstat: null },
    why,
  });
  const code = run.launch?.code ?? null;
  if (code === null) return none('its code was not kept');
  if (code.tree === base.tree)
    return none(
      `its code is the baseline’s: the gain is in the command: ${showCommand(run.launch?.command ?? [])}`,
    );
  const from = await builtOn(project, campaign, run, code, base);
  if (from.code.tree === code.tree)
    return none(
      `its code is that of ${from.id}: the gain is in the command: ${showCommand(run.launch?.command ?? [])}`,
    );
  const alone =
    from.code.id === base.id
      ? code.id
      : await transplant(root, { from: from.code.id, to: code.id, onto: base.id });
  // Where its change touches the same lines as the one that it was built on, both are in the branch.
  const change = await changeBetween(root, base.id, alone ?? code.id);
  const note =
    alone === null ? `Built on ${from.id}, whose change is in it too: they touch the same lines.` : null;
  const message = messageOf(campaign, run, title, note);
  const date = run.verdict?.at ?? run.launch?.at ?? '2000-01-01T00:00:00Z';
  const commit = await commitChange(root, place, { parent: start, change, message, date });
  if (commit === null) return none('its change is in the commit that the baseline began at already');
  const branch = `auto-experiment/${run.id}${slug(title)}`;
  const state = await makeBranch(root, branch, commit);
  if (state === 'other')
    return none(
      `the branch ${branch} is there with something else in it and was left alone; delete or rename it first`,
    );
  return {
    ...{ run: run.id, title, branch, commit, base: start },
    diffstat: await diffStat(root, start, commit),
    why: note ?? (state === 'there' ? 'it was there already' : null),
  };
}

/** The earlier best, or the baseline, whose code is nearest: what the change was made on. */
async function builtOn(
  project: Project,
  campaign: Campaign,
  run: CampaignRun,
  code: CodeRef,
  base: CodeRef,
): Promise<{ id: string; code: CodeRef }> {
  const { root, workspace } = project.paths;
  const launched = run.launch?.at ?? '';
  const earlier = [...campaign.runs.values()].filter(
    (one) =>
      one.verdict?.kept === true &&
      one.id !== run.id &&
      one.verdict.at <= launched &&
      one.launch?.code?.kind === 'git',
  );
  let best = { id: campaign.baseline ?? 'the baseline', code: base };
  const lines = (of: CodeRef): Promise<number> =>
    countChangedLines({ project: root, workspace, a: of, b: code });
  let least = await lines(base);
  for (const one of earlier) {
    const own = one.launch?.code;
    if (own == null || own.tree === base.tree) continue;
    const count = await lines(own);
    if (count < least) [best, least] = [{ id: one.id, code: own }, count];
  }
  return best;
}

function messageOf(campaign: Campaign, run: CampaignRun, title: string, note: string | null): string {
  const { verdict, end, launch } = run;
  const plan = campaign.plans.find((one) => one.id === launch?.plan);
  const metric = end?.metric ?? 'value';
  const interval =
    verdict?.interval === undefined
      ? ''
      : ` (95 %: ${formatGain(verdict.interval[0])} to ${formatGain(verdict.interval[1])})`;
  const gain =
    verdict?.gain == null
      ? ''
      : `Gain in ${metric} over the baseline: ${formatGain(verdict.gain)}${interval}`;
  const lines = [
    `${gain}${verdict?.seeds === undefined ? '' : `, on ${verdict.seeds} fresh seeds`}.`,
    `${metric} ${formatValue(verdict?.value ?? null)}. ${verdict?.reason ?? ''}`,
    ...(plan?.hypothesis == null ? [] : [`Hypothesis: ${oneLine(plan.hypothesis)}`]),
    `Command: ${showCommand(launch?.command ?? [])}`,
    ...(note === null ? [] : [note]),
    `Run: ${run.id}`,
  ];
  return `${clip(`${run.id}: ${title}`, 72)}\n\n${lines.join('\n')}`;
}

function slug(title: string): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return words === '' ? '' : `-${words}`;
}
