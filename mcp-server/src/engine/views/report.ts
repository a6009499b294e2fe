import type { Overview } from '../../core/view.js';
import type { Curves } from './report-charts.js';
import { curveCharts, progressChart } from './report-charts.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';

export type { Curves } from './report-charts.js';

export interface Report {
  /** Refers to the files by their names, as lying beside it. */
  markdown: string;
  /** One page that needs nothing else: no script, no request. */
  html: string;
  files: { name: string; text: string }[];
}

/** What a researcher wants to know in the morning. Pure: the read model and its curves in, text out. */
export function renderReport(overview: Overview, curves: Curves, at: Date): Report {
  const progress = progressChart(overview);
  const charts = curveCharts(overview, curves);
  const pictures = [
    ...(progress === null
      ? []
      : [{ name: 'best-so-far.svg', alt: 'Best value so far', text: progress.wide }]),
    ...charts.map((chart, index) => ({ name: `curves-${index + 1}.svg`, alt: chart.name, text: chart.wide })),
  ];
  return {
    markdown: reportMarkdown(overview, pictures, at),
    html: reportHtml(overview, progress, charts, at),
    files: pictures.map(({ name, text }) => ({ name, text })),
  };
}
