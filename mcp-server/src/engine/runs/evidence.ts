import type { RunRecord } from '../../core/run-record.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { recordEnvironment } from './environment.js';
import { guarded } from './guarded.js';
import { lockedAtEnd } from './locked.js';

type EvidenceLab = Pick<Lab, 'machine' | 'surveyGpus' | 'clock' | 'hashes'>;

/**
 * What is written down about a run beside its record, so that its result can be believed and repeated. It is gathered
 * one run after the other beside the watching, which never waits for it; what fails is told and nothing else.
 */
export function createEvidence(lab: EvidenceLab, log: (text: string) => void) {
  let line = Promise.resolve();
  let waiting = 0;
  return {
    /** A run has started, or was taken over from an earlier supervisor. Returns at once. */
    started(project: Project, record: RunRecord): void {
      waiting += 1;
      line = line
        .then(() =>
          guarded(log, `environment of ${record.id}`, () => recordEnvironment(lab, project, record)),
        )
        .finally(() => {
          waiting -= 1;
        });
    },
    /** A run is over and is about to be judged. */
    async ended(project: Project, record: RunRecord): Promise<void> {
      await lockedAtEnd(lab, project, record);
    },
    busy: () => waiting > 0,
  };
}
