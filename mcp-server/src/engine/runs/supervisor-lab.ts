import type { Lab } from '../lab.js';

/** All that a supervisor may reach. No provider is among it: a model call during training does not compile. */
export type SupervisorLab = Pick<
  Lab,
  | 'open'
  | 'machine'
  | 'at'
  | 'jobs'
  | 'surveyGpus'
  | 'clock'
  | 'random'
  | 'env'
  | 'host'
  | 'leases'
  | 'hashes'
  | 'spawnHerald'
>;
