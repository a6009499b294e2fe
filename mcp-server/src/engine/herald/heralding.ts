import { statSync } from 'node:fs';
import type { Config } from '../../core/config.js';
import type { RunRecord } from '../../core/run-record.js';
import type { Project } from '../../store/project.js';
import type { Lab } from '../lab.js';
import { notify, wakeHerald } from './wake.js';

type HeraldingLab = Pick<Lab, 'clock' | 'env' | 'spawnHerald'>;

/** A process is started for it: not for each line of the ledger. */
const EVERY_MS = 1000;
/** A connection that was lost for less than this is no news. */
const AWAY_MS = 300_000;

/** What a supervisor does for those who want to be told: it starts the herald when there may be news. It never waits for it. */
export function createHeralding(lab: HeraldingLab, project: Project) {
  let size = -1;
  let woken = Number.NEGATIVE_INFINITY;
  const awaySince = new Map<string, number>();
  const told = new Set<string>();
  const withConfig = (config: Config): Project => ({ ...project, config });
  return {
    /** `now`: also when the last time was just before. */
    async step(config: Config, now = false): Promise<void> {
      const grown = statSync(project.paths.ledger, { throwIfNoEntry: false })?.size ?? 0;
      if (grown === size || (!now && lab.clock() - woken < EVERY_MS)) return;
      size = grown;
      woken = lab.clock();
      await wakeHerald(lab, withConfig(config));
    },
    /** A run whose machine cannot be asked now, or can again (`why` null). Told once a day for each machine. */
    async reach(config: Config, { id, place }: RunRecord, why: string | null): Promise<void> {
      const host = place?.host ?? 'this computer';
      if (why === null) {
        awaySince.delete(host);
        return;
      }
      const now = lab.clock();
      const since = awaySince.get(host) ?? now;
      awaySince.set(host, since);
      const key = `${host}:${new Date(now).toISOString().slice(0, 10)}`;
      if (now - since < AWAY_MS || told.has(key)) return;
      told.add(key);
      const title = `${host} cannot be reached for ${Math.round((now - since) / 60_000)} minutes`;
      await notify(lab, withConfig(config), { event: 'unreachable', key, run: id, title, text: why });
    },
  };
}
