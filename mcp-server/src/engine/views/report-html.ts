import { showCommand } from '../../core/command.js';
import { escapeXml } from '../../core/escape.js';
import type { RunView } from '../../core/run.js';
import { formatDuration, formatGain, formatValue } from '../../core/units.js';
import type { Overview } from '../../core/view.js';
import { BILL_HEADER, billLines, billRows } from './bill-rows.js';
import { nextSteps } from './receipt.js';
import { receiptHtml } from './receipt-html.js';
import type { Chart } from './report-charts.js';
import { REPORT_STYLE } from './report-style.js';
import {
  budgetText,
  certaintyText,
  countText,
  endingWord,
  gainText,
  headlineOf,
  metricLabel,
  progressText,
  targetWord,
  timeText,
  troubled,
  troubleWord,
  valueText,
  verdictWord,
  type Word,
  whyOf,
} from './report-words.js';

/** The report as one page: no script, no request, and a policy that would forbid both. Everything is escaped. */
export function reportHtml(
  overview: Overview,
  progress: Chart | null,
  charts: readonly Chart[],
  at: Date,
): string {
  const { runs, running } = overview;
  const trouble = troubled(runs);
  const active = runs.filter((run) => running.includes(run.id));
  const body = [
    `<h1>${esc(overview.project)}</h1>`,
    `<p class="goal">${esc(overview.goal)}</p>`,
    hero(overview),
    receiptHtml(overview),
    note('', overview.directive === null ? [] : [`Directive that waits: ${overview.directive}`]),
    note('warn', overview.warnings),
    section('Progress', progress === null || runs.length === 0 ? '' : picture(progress)),
    charts.length === 0 ? '' : `<div class="charts">${charts.map(picture).join('')}</div>`,
    section('Running now', list(active.map((run) => item(run, null, progressText(run))))),
    section(
      'What to look at, and why',
      list([
        ...trouble.shown.map((run) => item(run, troubleWord(run), whyOf(run))),
        ...(trouble.more === null ? [] : [esc(trouble.more)]),
      ]),
    ),
    section(countText(runs), runs.length === 0 ? '' : runTable(overview)),
    section('Cost of the models', billTable(overview)),
    section('What was learnt', timeList(overview.insights)),
    section('Next steps', list(nextSteps(overview).map(esc))),
    section('Decisions', timeList(overview.decisions)),
    section('Each run', card(runs.map((run) => runDetails(run, overview)).join(''))),
    `<p class="soft small" style="margin-top:28px">Written ${esc(timeText(at))} from ${esc(overview.path)}</p>`,
  ];
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${esc(overview.project)}: experiment report</title><style>${REPORT_STYLE}</style></head>`,
    `<body><main>${body.filter((part) => part !== '').join('\n')}</main></body></html>\n`,
  ].join('\n');
}

const esc = escapeXml;

function hero(overview: Overview): string {
  const { baseline, best, budgets, status, cycle } = overview;
  const headline = headlineOf(overview);
  const target = targetWord(overview);
  const better = best !== null && best.run !== baseline?.run;
  const trust = best?.verdict === 'confirmed' ? 'confirmed' : 'unconfirmed';
  const facts: [string, string][] = [
    ...(baseline === null
      ? []
      : [[`baseline ${baseline.run}`, formatValue(baseline.value)] satisfies [string, string]]),
    ...(best === null || !better
      ? []
      : [[`best ${best.run}, ${trust}`, formatValue(best.value)] satisfies [string, string]]),
    ...(best === null || best.gain === null || !better
      ? []
      : [[`gain in ${metricLabel(overview)}, ${trust}`, formatGain(best.gain)] satisfies [string, string]]),
    ['now', status],
    ['cycle', String(cycle)],
  ];
  return [
    `<section class="card hero ${headline.tone}"><p class="say">${esc(headline.text)}</p>`,
    headline.trust === null ? '' : `<p class="trust">${esc(headline.trust)}</p>`,
    target === null ? '' : `<p>${esc(target.text)}</p>`,
    ...[certaintyText(overview.certainty), overview.early_kills, overview.calibration]
      .filter((one) => one !== null)
      .map((one) => `<p class="soft">${esc(one)}</p>`),
    `<ul class="facts">${facts.map(([name, value]) => `<li><b>${esc(name)}</b>${esc(value)}</li>`).join('')}</ul>`,
    budgets.length === 0
      ? ''
      : `<ul class="facts small soft">${budgets.map((one) => `<li>${esc(budgetText(one))}</li>`).join('')}</ul>`,
    '</section>',
  ].join('');
}

function note(tone: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  return `<div class="note ${tone}"><ul>${lines.map((line) => `<li>${esc(line)}</li>`).join('')}</ul></div>`;
}

function section(title: string, body: string): string {
  return body === '' ? '' : `<h2>${esc(title)}</h2>\n${body}`;
}

function card(body: string, kind = ''): string {
  return body === '' ? '' : `<div class="card ${kind}">${body}</div>`;
}

function list(items: readonly string[], kind = ''): string {
  return items.length === 0
    ? ''
    : card(`<ul class="list ${kind}">${items.map((one) => `<li>${one}</li>`).join('')}</ul>`);
}

function timeList(entries: readonly { at: string; text: string }[]): string {
  return list(
    entries.map((one) => `<span class="soft small">${esc(timeText(one.at))}</span><p>${esc(one.text)}</p>`),
    'times',
  );
}

function word({ text, tone }: Word): string {
  return text === '–' ? '–' : `<span class="word ${tone}">${esc(text)}</span>`;
}

/** The charts are ours: their text was escaped where it was drawn. */
function picture(chart: Chart): string {
  return `<figure class="chart${chart.half ? '' : ' whole'}"><div class="wide">${chart.wide}</div><div class="narrow">${chart.narrow}</div></figure>`;
}

function link(run: RunView): string {
  return `<a href="#${esc(run.id)}">${esc(run.id)}</a>`;
}

function item(run: RunView, what: Word | null, text: string): string {
  const said = what === null ? '' : ` ${word(what)}`;
  return `${link(run)} ${esc(run.title)}${said}<p class="soft">${esc(text)}</p>`;
}

function runTable(overview: Overview): string {
  const value = metricLabel(overview);
  const head = ['run', 'what it tried', 'ending', value, 'vs baseline', 'verdict', 'time'];
  const right = new Set([3, 4, 6]);
  const header = head.map((name, i) => `<th${right.has(i) ? ' class="num"' : ''}>${esc(name)}</th>`).join('');
  const rows = overview.runs.map((run) => {
    const best = run.id === overview.best?.run ? ' class="best"' : '';
    return [
      `<tr${best}><td class="id">${link(run)}</td><td class="what">${esc(run.title)}</td>`,
      `<td>${word(endingWord(run))}</td><td class="num" data-name="${esc(value)}">${esc(valueText(run))}</td>`,
      `<td class="num" data-name="vs baseline">${esc(gainText(run, overview.baseline))}</td>`,
      `<td>${word(verdictWord(run, overview.baseline))}</td>`,
      `<td class="num" data-name="time">${esc(formatDuration(run.duration_s))}</td></tr>`,
    ].join('');
  });
  return card(
    `<table class="runs"><thead><tr>${header}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
    'table',
  );
}

function billTable(overview: Overview): string {
  const { bill } = overview;
  if (bill === null) return '';
  const cell = (tag: string, text: string, index: number): string =>
    `<${tag}${index > 0 ? ' class="num"' : ''}>${esc(text)}</${tag}>`;
  const header = BILL_HEADER.map((name, i) => cell('th', name, i)).join('');
  const rows = billRows(bill).map((row) => `<tr>${row.map((text, i) => cell('td', text, i)).join('')}</tr>`);
  const lines = billLines(overview).map((line) => `<p>${esc(line)}</p>`);
  return card(
    `${lines.join('')}<table class="metrics"><thead><tr>${header}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

function runDetails(run: RunView, overview: Overview): string {
  const facts: [string, string][] = [
    ['command', `<code>${esc(showCommand(run.command))}</code>`],
    ...(run.verdict_reason === null ? [] : [['verdict', esc(run.verdict_reason)] satisfies [string, string]]),
    ...(run.note === null ? [] : [['note', esc(run.note)] satisfies [string, string]]),
    ['started', esc(timeText(run.started_at))],
    ['log', `<code>${esc(run.log)}</code>`],
  ];
  const evidence = run.evidence.length === 0 ? '' : `<pre>${esc(run.evidence.join('\n'))}</pre>`;
  const title = `${esc(run.id)} ${esc(run.title)} ${word(endingWord(run))} ${word(verdictWord(run, overview.baseline))}`;
  return [
    `<details id="${esc(run.id)}"><summary>${title}</summary>`,
    `<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>`,
    `${evidence}${metricTable(run)}</details>`,
  ].join('');
}

function metricTable(run: RunView): string {
  const rows = Object.entries(run.metrics).map(([name, one]) => {
    const cells = [
      formatValue(one.last),
      one.best === null ? '–' : formatValue(one.best),
      one.step === null ? '–' : String(one.step),
    ];
    return `<tr><td>${esc(name)}</td>${cells.map((cell) => `<td class="num">${esc(cell)}</td>`).join('')}</tr>`;
  });
  if (rows.length === 0) return '<p class="soft">No metric was seen.</p>';
  const header =
    '<tr><th>metric</th><th class="num">last</th><th class="num">best</th><th class="num">at</th></tr>';
  return `<table class="metrics"><thead>${header}</thead><tbody>${rows.join('')}</tbody></table>`;
}
