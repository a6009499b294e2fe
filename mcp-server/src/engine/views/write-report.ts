import { join } from 'node:path';
import { errorCode } from '../../core/errors.js';
import { readCurves } from '../../store/curves.js';
import { writeAtomic } from '../../store/files.js';
import { runPaths } from '../../store/paths.js';
import { makeFolders, type Project, storageError } from '../../store/project.js';
import { buildOverview, type OverviewLab } from './overview.js';
import { renderReport } from './report.js';

/** Points per curve in a report. */
const POINTS = 400;

/** Writes the report of the campaign: Markdown with its pictures, and one HTML file that needs nothing else. Throws LabError. */
export async function writeReport(
  lab: OverviewLab,
  project: Project,
): Promise<{ html: string; markdown: string }> {
  const overview = await buildOverview(lab, project, { gpus: false });
  const { reports, runs } = project.paths;
  const curves = Object.fromEntries(
    overview.runs.map((run) => [run.id, readCurves(runPaths(runs, run.id).metrics, POINTS)]),
  );
  const report = renderReport(overview, curves, new Date(lab.clock()));
  const html = join(reports, 'report.html');
  const markdown = join(reports, 'report.md');
  try {
    makeFolders(reports);
    for (const file of report.files) writeAtomic(join(reports, file.name), file.text);
    writeAtomic(markdown, report.markdown);
    writeAtomic(html, report.html);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, reports);
  }
  return { html, markdown };
}
