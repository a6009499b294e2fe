/** Charts as SVG text: pure functions of their data. */

export type { BestSoFarOptions } from './chart/best-so-far.js';
export { bestSoFarChart } from './chart/best-so-far.js';
export type { Annotation, LineChartOptions, Point, Series } from './chart/line-chart.js';
export { lineChart } from './chart/line-chart.js';
export type { ChartedRun } from './chart/run-signs.js';
export { sparkline } from './chart/sparkline.js';
