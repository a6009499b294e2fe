import type { Channel } from '../core/notify/channel.js';
import type { Notifier } from '../core/notify/notice.js';
import type { Literature } from '../core/paper/source.js';
import type { Place } from '../core/place.js';
import type { Clock, Jobs, Machine, Random, SurveyGpus } from '../core/ports.js';
import type { Endpoint, Provider } from '../core/provider.js';
import type { HashCache } from '../store/locked-hashes.js';
import type { Project } from '../store/project.js';
import type { Site } from './runs/site.js';

/** Everything a verb may need. Verbs ask for the least of it: `Pick<Lab, …>`. */
export interface Lab {
  /** Opens the project anew, so that a long-lived server sees an edited brief or config. Throws LabError. */
  open(): Project;
  machine: Machine;
  jobs: Jobs;
  surveyGpus: SurveyGpus;
  /** Another machine; its connection is kept for the next time. Throws LabError for what is no host. */
  at(place: Place): Promise<Site>;
  clock: Clock;
  random: Random;
  env: Readonly<Record<string, string | undefined>>;
  /** This host's name, kept with each run: a shared file system shows runs of other hosts. */
  host: string;
  /** Folder of the user's GPU leases, shared by all projects. */
  leases: string;
  /** Hashes of locked files that this process has read. */
  hashes: HashCache;
  /** The sources of papers, loaded when first asked. `contact` is told to them: an e-mail address of the user. */
  literature(contact: string | undefined): Promise<Literature>;
  /**
   * Who thinks, by `agent.*` of the project; its code is loaded when first asked. `own` is an endpoint that
   * the person who started this has named; it stands in place of the config's, whole, and needs no trust. Asks nothing over the network. Throws LabError for a
   * project's endpoint that nobody confirmed, ProviderError (`setup`, `auth`) for a program or a key that is not there.
   */
  provider(project: Project, own?: Endpoint): Promise<Provider>;
  /** Starts a supervisor process for this project, detached. It ends at once where one is at work already. */
  spawnSupervisor(): void;
  /** Who takes messages to a channel, loaded when there is something to say. */
  notifier(channel: Channel): Promise<Notifier>;
  /** Starts the process that tells people and keeps the notes, detached. It ends at once where one is at work already. */
  spawnHerald(): void;
}
