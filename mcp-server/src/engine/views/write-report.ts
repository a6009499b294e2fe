import { join } from 'node:path';
import { drawSvg } from '../../core/chart/raster/draw-svg.js';
import { errorCode } from '../../core/errors.js';
import { readCurves } from '../../store/curves.js';
import { writeAtomic } from '../../store/files.js';
import { runPaths } from '../../store/paths.js';
import { encodePng } from '../../store/png.js';
import { makeFolders, type Project, storageError } from '../../store/project.js';
import { buildOverview, type OverviewLab } from './overview.js';
import { renderReport } from './report.js';
import { runsTable } from './runs-table.js';

/** Points per curve in a report. */
const POINTS = 400;
/** Pixels of the picture for each unit of the chart: sharp on every screen. */
const PNG_SCALE = 2;

export const FORMATS = ['html', 'markdown', 'csv', 'tsv', 'png'] as const;
export type Format = (typeof FORMATS)[number];

/** Where each format was written; absolute paths. The picture is left out while there is nothing to draw. */
export type WrittenReport = Partial<Record<Format, string>>;

/**
 * Writes the report of the campaign: Markdown with its pictures, one HTML file that needs nothing else, all runs as CSV
 * and TSV, the main chart as PNG; or only some of these. Throws LabError.
 */
export async function writeReport(
  lab: OverviewLab,
  project: Project,
  formats: readonly Format[] = FORMATS,
): Promise<WrittenReport> {
  const overview = await buildOverview(lab, project);
  const { reports, runs } = project.paths;
  const wanted = (format: Format): boolean => formats.includes(format);
  const curves =
    wanted('html') || wanted('markdown')
      ? Object.fromEntries(
          overview.runs.map((run) => [run.id, readCurves(runPaths(runs, run.id).metrics, POINTS)]),
        )
      : {};
  const report = renderReport(overview, curves, new Date(lab.clock()));
  const chart = report.files.find(({ name }) => name === 'best-so-far.svg');
  const written: WrittenReport = {};
  const put = (format: Format, name: string, data: string | Uint8Array): void => {
    if (!wanted(format)) return;
    written[format] = join(reports, name);
    writeAtomic(join(reports, name), data);
  };
  try {
    makeFolders(reports);
    if (wanted('markdown')) for (const file of report.files) writeAtomic(join(reports, file.name), file.text);
    put('markdown', 'report.md', report.markdown);
    put('html', 'report.html', report.html);
    for (const format of ['csv', 'tsv'] as const) put(format, `runs.${format}`, runsTable(overview, format));
    if (chart !== undefined && wanted('png'))
      put('png', 'best-so-far.png', encodePng(drawSvg(chart.text, PNG_SCALE)));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    throw storageError(error, reports);
  }
  return written;
}
