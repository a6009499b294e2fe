#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command, Console } from './faces/command.js';
import { openConsole } from './faces/console.js';
import type { Desk } from './faces/mcp-desk.js';
import { runProgram } from './faces/program.js';

const here = fileURLToPath(import.meta.url);
const packageRoot = resolve(dirname(here), '..', '..');

/** Every command behind its own import, so that a status call never pays for MCP or for a tool it does not use. */
const COMMANDS: Record<string, () => Promise<{ command: Command }>> = {
  init: () => import('./faces/cli/init.js'),
  demo: () => import('./faces/cli/demo.js'),
  run: () => import('./faces/cli/run.js'),
  status: () => import('./faces/cli/status.js'),
  dashboard: () => import('./faces/cli/dashboard.js'),
  report: () => import('./faces/cli/report.js'),
  launch: () => import('./faces/cli/launch.js'),
  wait: () => import('./faces/cli/wait.js'),
  stop: () => import('./faces/cli/stop.js'),
  logs: () => import('./faces/cli/logs.js'),
  compare: () => import('./faces/cli/compare.js'),
  restore: () => import('./faces/cli/restore.js'),
  bundle: () => import('./faces/cli/bundle.js'),
  finalize: () => import('./faces/cli/finalize.js'),
  export: () => import('./faces/cli/export.js'),
  notes: () => import('./faces/cli/notes.js'),
  notify: () => import('./faces/cli/notify.js'),
  metrics: () => import('./faces/cli/metrics.js'),
  gpu: () => import('./faces/cli/gpu.js'),
  directive: () => import('./faces/cli/directive.js'),
  install: () => import('./faces/cli/install.js'),
  papers: () => import('./faces/cli/papers.js'),
  trust: () => import('./faces/cli/trust.js'),
  service: () => import('./faces/cli/service.js'),
  doctor: () => import('./faces/cli/doctor.js'),
  mcp: () => import('./faces/cli/mcp.js'),
  hook: () => import('./faces/cli/hook.js'),
  supervise: () => import('./faces/cli/supervise.js'),
  herald: () => import('./faces/cli/herald.js'),
  gen: () => import('./faces/cli/gen.js'),
};
/** Called by hosts, by the program itself or by its developers. */
const INNER = ['hook', 'supervise', 'herald', 'gen'];

/** Loaded when a client first asks for more than a greeting, for which it must not wait. */
function lazyDesk(): Console['desk'] {
  let opened: Promise<Desk> | undefined;
  return (project, role) => {
    opened ??= Promise.all([
      import('./lab.js'),
      import('./tools/index.js'),
      import('./faces/mcp-desk.js'),
    ]).then(([{ openLab }, { TOOLS }, { openDesk }]) =>
      openDesk(openLab(project, program), TOOLS, role, packageRoot),
    );
    return opened;
  };
}

/** How a command opens projects. Only `mcp` does without until its desk is asked for. */
async function loadLab(command: string): Promise<Console['lab']> {
  if (command === 'mcp') return () => refuseLab();
  const { openLab } = await import('./lab.js');
  return (project) => openLab(project, program);
}

function refuseLab(): never {
  throw new Error('mcp opens its project through the desk');
}

function versionOf(): string {
  const data: unknown = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  return typeof data === 'object' && data !== null && 'version' in data ? String(data.version) : 'unknown';
}

const program = { file: here, version: versionOf() };
const code = runProgram(process.argv.slice(2), {
  commands: COMMANDS,
  inner: INNER,
  loadLab,
  open: (signal) =>
    openConsole(signal, {
      door: () => import('./faces/mcp.js'),
      desk: lazyDesk(),
      packageRoot,
      program: here,
      version: program.version,
    }),
});
// Not awaited at the top: this module is compiled as a function.
void code.then((value) => {
  process.exitCode = value;
});
