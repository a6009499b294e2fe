// The design with matched noise: at each look a fresh run of both, by the code that ships for it.
import { allotAlpha } from '../../../mcp-server/src/core/verdict/alpha.js';
import type { ConfirmDecision } from '../../../mcp-server/src/core/verdict/look.js';
import { poolNoise } from '../../../mcp-server/src/core/verdict/noise.js';
import { confirmPaired, type Pair } from '../../../mcp-server/src/core/verdict/paired.js';
import { screen } from '../../../mcp-server/src/core/verdict/screen.js';
import type { Play } from './campaign.js';
import { gauss } from './noise.js';
import { ALPHA } from './rules.js';

/** `common`: the share of the noise's variance that a seed gives to both runs alike (Gaussian, added to each pair). */
export function blocks(common: number): Play {
  const own = Math.sqrt(1 - common);
  return ({ runs, draw, tally, champion: run, candidate, keep }) => {
    let held = [run(), run(), run()];
    const others: Pair[][] = [];
    let charged = 0;
    for (let k = 0; k < runs; k++) {
      const one = candidate();
      if (screen('maximize', one.run(), held, poolNoise([held])).decision === 'reject') continue;
      const alpha = allotAlpha(ALPHA, charged).next;
      const pairs: Pair[] = [];
      let decided: ConfirmDecision;
      for (;;) {
        decided = confirmPaired({ direction: 'maximize', pairs, others, alpha, seeds: 3 });
        if (decided.decision !== 'continue') break;
        const luck = Math.sqrt(common) * gauss(draw);
        const [a, b] = [one.run() - one.level, run() - tally.level];
        pairs.push({ candidate: one.level + luck + own * a, champion: tally.level + luck + own * b });
      }
      if (pairs.length > 1) others.push(pairs);
      if (decided.decision === 'confirmed') {
        keep(one);
        held = pairs.map((pair) => pair.candidate);
      } else {
        charged++;
        held = [...held, ...pairs.map((pair) => pair.champion)];
      }
    }
  };
}
