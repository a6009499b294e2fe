import type { AnyTool } from '../engine/tool.js';
import { experimentStatusTool } from './experiment_status.js';
import { getPaperTool } from './get_paper.js';
import { gpuStatusTool } from './gpu_status.js';
import { launchExperimentTool } from './launch_experiment.js';
import { listFilesTool } from './list_files.js';
import { logMemoryTool } from './log_memory.js';
import { paperDigestTool } from './paper_digest.js';
import { readFileTool } from './read_file.js';
import { readMemoryTool } from './read_memory.js';
import { runShellTool } from './run_shell.js';
import { searchPapersTool } from './search_papers.js';
import { setCampaignTool } from './set_campaign.js';
import { stopExperimentTool } from './stop_experiment.js';
import { waitForExperimentTool } from './wait_for_experiment.js';
import { writeFileTool } from './write_file.js';

/** Every tool, once. The MCP server, the docs and the checks all read this list. */
export const TOOLS: readonly AnyTool[] = [
  runShellTool,
  launchExperimentTool,
  writeFileTool,
  readFileTool,
  listFilesTool,
  experimentStatusTool,
  waitForExperimentTool,
  stopExperimentTool,
  setCampaignTool,
  readMemoryTool,
  logMemoryTool,
  gpuStatusTool,
  searchPapersTool,
  getPaperTool,
  paperDigestTool,
];
