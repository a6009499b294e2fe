/** Text of others (logs, metric names, paths) made literal in the place where it is shown. */
import { oneLine, plain } from './text.js';

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Literal as text and in a quoted attribute, in HTML and in SVG. XML allows neither U+FFFE nor U+FFFF. */
export function escapeXml(text: string): string {
  return plain(text)
    .replace(/[\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}

/**
 * One line of literal text in GitHub-flavoured Markdown, also inside a table cell and at the start of a line.
 * An underscore inside a word (`val_acc`) has no meaning there and stays readable in the source.
 */
export function escapeMarkdown(text: string): string {
  return oneLine(text)
    .replace(/[\\`*[\]<>|~$&]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/^(?:#{1,6}(?=\s|$)|[-+](?=\s|$)|[-=]+$)/, '\\$&')
    .replace(/^(\d+)(?=[.)](?:\s|$))/, '$1\\');
}

/** Literal text in a Markdown code span: the fence is longer than any run of backticks within. */
export function codeSpan(text: string): string {
  const line = oneLine(text);
  if (line === '') return '` `';
  const runs = line.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** Literal text in a Markdown code block. */
export function codeBlock(text: string): string {
  const clean = plain(text);
  const runs = clean.match(/`{3,}/g) ?? [];
  const fence = '`'.repeat(Math.max(2, ...runs.map((run) => run.length)) + 1);
  return `${fence}text\n${clean}\n${fence}`;
}
