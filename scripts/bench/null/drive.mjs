const at = '2026-01-02T03:04:05.000Z';

/**
 * One campaign in memory through `rule()` itself: each run is launched, ends with its value, and the rule is asked until it
 * waits. `value`, `runs`, `isReal`, `effect` as in `fast.mjs`.
 */
export function driveCampaign(
  core,
  { value, runs, isReal = () => false, effect = 0, seeds = 3, alpha = 0.05, mode = 'strict' },
) {
  const campaign = core.replay([]);
  const rules = { experiment: { verdict: mode, seeds, alpha, guards: [] }, refusal: () => null };
  const arms = new Map();
  const log = [];
  let number = 0;
  let extra = 0;
  const run = (arm, replicate, seed) => {
    const id = `exp${String(++number).padStart(4, '0')}`;
    const own = replicate === undefined ? { id: arm, truth: truthOf(arm), next: 0 } : arms.get(replicate.arm);
    if (replicate === undefined) arms.set(id, own);
    else extra += 1;
    core.apply(campaign, {
      kind: 'launch',
      at,
      run: id,
      plan: null,
      role: 'candidate',
      title: id,
      command: ['x'],
      code: null,
      seed: seed ?? number,
      ...(replicate && { replicate }),
    });
    core.apply(campaign, {
      kind: 'end',
      at,
      run: id,
      ending: 'succeeded',
      exit_code: 0,
      signal: null,
      evidence: [],
      duration_s: 1,
      gpu_hours: 0,
      metric: 'score',
      direction: 'maximize',
      value: own.truth + value(own.id, own.next++),
    });
  };
  const bestArm = () => arms.get(campaign.champion);
  const truthOf = (arm) => (bestArm()?.truth ?? 0) + (isReal(arm) ? effect : 0);
  for (let arm = 0; arm < runs; arm++) {
    run(arm);
    for (;;) {
      const rulings = core.rule(campaign, rules);
      if (rulings.length === 0) break;
      for (const ruling of rulings) {
        if (ruling.do === 'replicate') {
          run(null, ruling.replicate, ruling.seed);
          continue;
        }
        const record = { ...ruling.record, at };
        const about = arms.get(record.run);
        const rival = bestArm();
        core.apply(campaign, record);
        if (record.kind === 'withdraw') log.push({ kind: 'withdraw', arm: about.id, true: about.truth > 0 });
        if (record.kind !== 'verdict' || campaign.runs.get(record.run).confirm === null) continue;
        const gain = about.truth - rival.truth;
        log.push({
          kind: record.status,
          arm: about.id,
          real: isReal(about.id),
          gain,
        });
      }
    }
  }
  return { log, extra, best: bestArm(), campaign };
}
