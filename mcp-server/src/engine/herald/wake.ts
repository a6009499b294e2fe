import { LabError } from '../../core/errors.js';
import { type Notice, type NotifyEvent, TEXT_CHARS, TITLE_CHARS } from '../../core/notify/notice.js';
import { type Target, targetsOf } from '../../core/notify/routes.js';
import { createRedactor } from '../../core/redact.js';
import { secretValues } from '../../core/secrets.js';
import { clip, oneLine, plain } from '../../core/text.js';
import { lockHolder } from '../../store/lock.js';
import { readNotifyFile } from '../../store/notify-file.js';
import { appendOutbox, readOutbox } from '../../store/outbox.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';

export const heraldLock = (root: string): string => `herald:${root}`;

/** News that the ledger does not tell. `key` says what it is about: the same event with the same key is told once. */
export interface News {
  event: NotifyEvent;
  key: string;
  title: string;
  text?: string;
  run?: string | null;
}

/**
 * Takes news to the person: they are written down, and a process of its own sends them, so that no service ever keeps us
 * waiting. Nothing is done where the user has no channel for them. Throws LabError when the disk refuses.
 */
export async function notify(
  lab: Pick<Lab, 'clock' | 'env' | 'spawnHerald'>,
  project: Project,
  news: News,
): Promise<void> {
  if (!targets(lab, project).some(({ events }) => events.includes(news.event))) return;
  const { notifications } = project.paths;
  const key = clip(`${news.event}:${oneLine(news.key)}`, 200);
  if (!readOutbox(notifications).notices.has(key)) {
    const clean = createRedactor(secretValues(lab.env, project.config.experiment.secret_env));
    const notice: Notice = {
      key,
      at: new Date(lab.clock()).toISOString(),
      event: news.event,
      run: news.run ?? null,
      title: clip(oneLine(clean(news.title)), TITLE_CHARS),
      text: clip(plain(clean(news.text ?? '')), TEXT_CHARS),
    };
    appendOutbox(notifications, { kind: 'queued', notice });
  }
  await wakeHerald(lab, project);
}

/** Starts the herald where there is somebody to tell or a note to keep, and none is at work. */
export async function wakeHerald(lab: Pick<Lab, 'env' | 'spawnHerald'>, project: Project): Promise<void> {
  if (!project.config.obsidian.enabled && targets(lab, project).length === 0) return;
  if ((await lockHolder(heraldLock(project.paths.root))) === null) lab.spawnHerald();
}

/** Where the news of this project go; none where the user's file cannot be read: the herald and the doctor say so. */
function targets(lab: Pick<Lab, 'env'>, project: Project): Target[] {
  try {
    return targetsFor(lab, project).targets;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return [];
  }
}

/** Where the news of this project go, and names that the user has no channel for. Throws LabError for the user's file. */
export function targetsFor(
  lab: Pick<Lab, 'env'>,
  { config }: Pick<Project, 'config'>,
): { targets: Target[]; unknown: string[] } {
  return targetsOf(readNotifyFile(lab.env), config.notify, config.monitor.notify_on_complete);
}
