import { escapeXml as esc } from '../../core/escape.js';
import type { Overview } from '../../core/view.js';
import {
  costWords,
  deadWords,
  gainWords,
  RECEIPT_LINES,
  type ReceiptLine,
  receiptOf,
  seedWords,
} from './receipt.js';

/** The first thing to read in the morning: what needs a person, and what every idea came to and cost. */
export function receiptHtml(overview: Overview): string {
  if (overview.runs.length === 0) return '';
  const { confirmed, inconclusive, dead, question } = receiptOf(overview);
  const more = inconclusive.length - RECEIPT_LINES;
  return [
    `<div class="note ${question === null ? '' : 'ask'}"><b>${question === null ? 'Nothing needs you now.' : 'Needs you'}</b>${question === null ? '' : ` ${esc(question)}`}</div>`,
    '<h2>Confirmed</h2>',
    confirmed.length === 0 ? '<div class="card soft">Nothing is confirmed.</div>' : table(confirmed, 'good'),
    inconclusive.length === 0 ? '' : '<h2>Inconclusive</h2>',
    inconclusive.length === 0 ? '' : table(inconclusive.slice(0, RECEIPT_LINES), 'maybe'),
    more > 0 ? `<p class="soft small">and ${more} more, in the table of runs</p>` : '',
    dead.length === 0
      ? ''
      : `<h2>Dead</h2><div class="card">${esc(deadWords(dead))}<p class="soft">Each with its reason under “Each run”.</p></div>`,
  ].join('\n');
}

function table(lines: readonly ReceiptLine[], tone: 'good' | 'maybe'): string {
  const head = ['run', 'what it tried', 'verdict', 'gain (95 %)', 'seeds', 'cost'];
  const header = head.map((name, i) => `<th${i > 2 ? ' class="num"' : ''}>${name}</th>`).join('');
  const rows = lines.map((line) =>
    [
      `<tr><td class="id"><a href="#${esc(line.run)}">${esc(line.run)}</a></td><td class="what">${esc(line.title)}</td>`,
      `<td><span class="word ${tone}">${esc(line.word)}</span></td>`,
      `<td class="num" data-name="gain">${esc(gainWords(line))}</td>`,
      `<td class="num" data-name="seeds">${esc(seedWords(line))}</td>`,
      `<td class="num" data-name="cost">${esc(costWords(line))}</td></tr>`,
    ].join(''),
  );
  return `<div class="card table"><table class="runs"><thead><tr>${header}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
