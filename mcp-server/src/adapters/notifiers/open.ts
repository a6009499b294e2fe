import type { Secret } from '../../core/notify/channel.js';

/** What a notifier is given besides its channel. */
export interface NotifierIo {
  /** The value of a secret. Throws LabError in words where it is not there. */
  secret(secret: Secret): string;
  env: Readonly<Record<string, string | undefined>>;
  /** Told to services as the client: `auto-experiment/1.2.3`. */
  agent: string;
  clock(): number;
}
