import type { Clock, Jobs, Machine, Random, SurveyGpus } from '../core/ports.js';
import type { HashCache } from '../store/locked-hashes.js';
import type { Project } from '../store/project.js';

/** Everything a verb may need. Verbs ask for the least of it: `Pick<Lab, …>`. */
export interface Lab {
  /** Opens the project anew, so that a long-lived server sees an edited brief or config. Throws LabError. */
  open(): Project;
  machine: Machine;
  jobs: Jobs;
  surveyGpus: SurveyGpus;
  clock: Clock;
  random: Random;
  env: Readonly<Record<string, string | undefined>>;
  /** This host's name, kept with each run: a shared file system shows runs of other hosts. */
  host: string;
  /** Folder of the user's GPU leases, shared by all projects. */
  leases: string;
  /** Hashes of locked files that this process has read. */
  hashes: HashCache;
  /** Starts a supervisor process for this project, detached. It ends at once where one is at work already. */
  spawnSupervisor(): void;
}
