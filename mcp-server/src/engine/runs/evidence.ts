import type { RunRecord } from '../../core/run-record.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { nextLook, sampleConditions } from './conditions.js';
import { recordEnvironment } from './environment.js';
import { guarded } from './guarded.js';
import { lockedAtEnd } from './locked.js';

type EvidenceLab = Pick<Lab, 'machine' | 'surveyGpus' | 'clock' | 'env' | 'hashes' | 'jobs' | 'at'>;

/**
 * What is written down about a run beside its record, so that its result can be believed and repeated. It is gathered
 * one run after the other beside the watching, which never waits for it; what fails is told and nothing else.
 */
export function createEvidence(lab: EvidenceLab, log: (text: string) => void) {
  let line = Promise.resolve();
  let waiting = 0;
  /** When the GPUs of a run are to be looked at again, in milliseconds; infinite while that is under way. */
  const due = new Map<string, number>();
  const enqueue = (duty: string, act: () => Promise<void>): void => {
    waiting += 1;
    line = line
      .then(() => guarded(log, duty, act))
      .finally(() => {
        waiting -= 1;
      });
  };
  const running = (project: Project, record: RunRecord): void => {
    const { id } = record;
    const when = due.get(id);
    if (when === undefined || lab.clock() < when) return;
    due.set(id, Number.POSITIVE_INFINITY);
    enqueue(`conditions of ${id}`, async () => {
      const begun = Date.parse(record.started_at ?? record.created_at);
      try {
        await sampleConditions(lab, project, record, () => !due.has(id));
      } finally {
        if (due.has(id)) due.set(id, nextLook(begun, lab.clock()));
      }
    });
  };
  return {
    /** A run has started, or was taken over from an earlier supervisor. Returns at once. */
    started(project: Project, record: RunRecord): void {
      if (record.gpus.length > 0) due.set(record.id, nextLook(lab.clock(), lab.clock()));
      enqueue(`environment of ${record.id}`, () => recordEnvironment(lab, project, record));
    },
    /** It runs on. Returns at once; now and then it is asked who else is on its GPUs. */
    running,
    /** A run is over and is about to be judged. */
    async ended(project: Project, record: RunRecord): Promise<void> {
      due.delete(record.id);
      await lockedAtEnd(lab, project, record);
    },
    busy: () => waiting > 0,
  };
}
