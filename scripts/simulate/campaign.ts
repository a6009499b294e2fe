import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { nextCycle } from '../../mcp-server/src/core/cycle.js';
import { forget } from '../../mcp-server/src/core/forget.js';
import { plansMade } from '../../mcp-server/src/core/past.js';
import type { Lab } from '../../mcp-server/src/engine/lab.js';
import { driveLoop } from '../../mcp-server/src/engine/loop/controller.js';
import { llmPlanner } from '../../mcp-server/src/engine/loop/llm-planner.js';
import type { Thinker } from '../../mcp-server/src/engine/loop/thinker.js';
import { defineTool } from '../../mcp-server/src/engine/tool.js';
import { instructionsOf } from '../../mcp-server/src/engine/views/prompts.js';
import { readCampaign } from '../../mcp-server/src/store/ledger.js';
import { ensureWorkspace, openProject } from '../../mcp-server/src/store/project.js';
import { uniform } from '../bench/null/noise.js';
import { broken, memorySize } from './checks.js';
import { type MindTally, simulatedMind } from './mind.js';
import { simulatedWorld, type Tally } from './world.js';

export interface Sample {
  cycles: number;
  memory: number;
  rss: number;
  heap: number;
  seconds: number;
}

export interface Simulated {
  cycles: number;
  runs: number;
  records: number;
  starts: number;
  stops: Record<string, number>;
  /** Most characters of MEMORY_LOG.md, and of brief and memory in a question. */
  memory: number;
  samples: Sample[];
  world: Tally;
  mind: MindTally;
  bill: { calls: number; usd: number; open: number };
  broken: string[];
}

const BRIEF = `---
metric: val_acc
direction: maximize
---
# Goal
${'The best validation accuracy of the network, with what is there. '.repeat(40)}
`;

/** A campaign of so many cycles, from a seed: the real controller, planner, ledger, memory and directives. */
export async function simulate(
  {
    cycles,
    seed,
    killEvery,
    parallel = 1,
  }: { cycles: number; seed: number; killEvery: number; parallel?: number },
  look: (sample: Sample) => void = () => undefined,
): Promise<Simulated> {
  const draw = uniform(seed);
  const world = simulatedWorld(draw, { killEvery });
  const mind = simulatedMind(draw, world);
  const root = mkdtempSync(join(tmpdir(), 'simulate-'));
  writeFileSync(join(root, 'PROJECT_BRIEF.md'), BRIEF);
  writeFileSync(
    join(root, 'config.yaml'),
    JSON.stringify({
      gpu: { auto_detect: false },
      experiment: {
        command: 'python train.py',
        dry_run_args: ['--dry'],
        verdict: 'cheap',
        max_parallel: parallel,
      },
      agent: { cooldown_interval: 60 },
    }),
  );
  const open = () => openProject(root);
  const project = open();
  ensureWorkspace(project.paths);
  const ledger = () => world.campaign(project);
  const lab = labOf(open, world.clock, draw);
  const thinker: Thinker = {
    provider: mind.model,
    model: 'simulated',
    price: (_model, usage) => (usage.input * 3 + usage.cached * 0.3 + usage.output * 15) / 1e6,
    tools: [launchTool(world, open)],
    prompt: (role) => instructionsOf(resolve('.'), role),
  };
  const found = {
    starts: 0,
    stops: {} as Record<string, number>,
    memory: 0,
    samples: [] as Sample[],
    broken: [] as string[],
  };
  const begun = Date.now();
  let sampled = 0;
  try {
    for (;;) {
      found.starts += 1;
      const over = new AbortController();
      const end = driveLoop(lab, world, {
        planner: llmPlanner(lab, thinker),
        maxCycles: null,
        signal: over.signal,
        tell(event) {
          if (event.event !== 'plan' && event.event !== 'thought') return;
          found.memory = Math.max(found.memory, memorySize(project));
          const now = nextCycle(ledger().loop) - 1;
          if (now - sampled >= Math.max(1, cycles / 20)) {
            sampled = now;
            world.rest();
            const { rss, heapUsed } = collected();
            const sample = {
              cycles: now,
              memory: found.memory,
              rss,
              heap: heapUsed,
              seconds: (Date.now() - begun) / 1000,
            };
            found.samples.push(sample);
            look(sample);
          }
          if (now >= cycles) over.abort();
        },
      });
      const result = await Promise.race([end, world.death()]);
      if (result === 'killed') continue;
      const reason = result.reason.replace(/\d+/g, 'N').slice(0, 60);
      found.stops[reason] = (found.stops[reason] ?? 0) + 1;
      if (over.signal.aborted) break;
    }
    const followed = ledger();
    const { campaign, warnings } = readCampaign(project.paths.ledger);
    const whole = { runs: campaign.runs.size, records: plansMade(campaign) };
    forget(campaign);
    forget(followed);
    for (const [key, value] of Object.entries(campaign))
      if (!isDeepStrictEqual(rounded(value), rounded(Reflect.get(followed, key))))
        found.broken.push(`the followed ledger differs from the replayed one in: ${key}`);
    // What is still under way when it is cut off is no breach.
    const open_ = broken(project, world.tally.directives.slice(0, -2)).filter(
      (words) => !/forgotten|nobody reflected/.test(words),
    );
    const late = broken(project, []).filter((words) => /forgotten|nobody reflected/.test(words));
    found.broken.push(...warnings, ...open_, ...late.slice(0, Math.max(0, late.length - parallel)));
    const { bill } = campaign;
    return {
      ...found,
      cycles: nextCycle(campaign.loop) - 1,
      ...whole,
      world: world.tally,
      mind: mind.tally,
      bill: { calls: bill.total.calls, usd: bill.total.usd, open: bill.open.size },
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Sums of dollars depend on their order in the last digits. */
function rounded(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(10));
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, rounded(one)]));
  if (value instanceof Set) return value;
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)]));
}

function collected(): NodeJS.MemoryUsage {
  globalThis.gc?.();
  return process.memoryUsage();
}

/** The code agent's one deed: it is known from the ledger which plan it was sent for. */
function launchTool(world: ReturnType<typeof simulatedWorld>, open: Lab['open']) {
  return defineTool({
    name: 'launch_experiment',
    title: 'Launch',
    description: 'Launches the run of the plan.',
    effect: 'launch',
    idempotent: false,
    audience: ['code'],
    input: z.strictObject({ command: z.string() }),
    output: z.strictObject({ run: z.string() }),
    async run() {
      const project = open();
      const campaign = world.campaign(project);
      const step = campaign.loop.steps.findLast(({ state }) => state === 'begun');
      const plan = campaign.planOf.get(step?.plan ?? '');
      if (plan === undefined) throw new Error('no plan');
      await world.mayDie(1);
      const run = world.launchFor(project, plan);
      await world.mayDie(1);
      return { run };
    },
    render: ({ run }) => run,
  });
}

/** What the loop may touch; everything else is not there. */
export function labOf(open: Lab['open'], clock: Lab['clock'], random: Lab['random']): Lab {
  const absent = (): never => {
    throw new Error('not in a simulation');
  };
  return {
    open,
    clock,
    random,
    env: {},
    host: 'simulation',
    leases: '',
    hashes: new Map(),
    machine: {
      name: 'none',
      exec: absent,
      read: absent,
      write: absent,
      list: absent,
      readFrom: absent,
      script: absent,
    },
    jobs: { start: absent, poll: absent, signal: absent, survivors: absent, forbid: absent },
    surveyGpus: absent,
    at: absent,
    literature: absent,
    provider: absent,
    notifier: absent,
    spawnHerald: absent,
    spawnSupervisor: absent,
  };
}
