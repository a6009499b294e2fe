import { showCommand } from '../../core/command.js';
import type { RunView } from '../../core/run.js';
import { formatDuration, formatValue } from '../../core/units.js';
import { endingWord } from '../../engine/views/report-words.js';
import { painter, verdictText, verdictWords } from './run-lines.js';
import type { Style } from './style.js';

/** One run in full, as text. */
export function runText(run: RunView, style: Style): string[] {
  const ending = endingWord(run);
  const paint = run.state === 'ended' ? painter(ending, style) : style.accent;
  const metrics = Object.entries(run.metrics).slice(0, 12);
  return [
    `${style.bold(run.id)}  ${paint(ending.text)}  ${formatDuration(run.duration_s)}  ${run.title}`,
    ...run.evidence.map((line) => `  evidence  ${line}`),
    ...(run.verdict_reason === null
      ? []
      : [`  verdict   ${verdictWords(verdictText(run), run.verdict_reason)}`]),
    ...run.flags.map((flag) => style.warn(`  look at   ${flag}`)),
    ...(run.primary === null
      ? []
      : [`  ${run.primary.name}  ${formatValue(run.primary.value)} (${run.primary.direction})`]),
    ...metrics.map(([name, value]) =>
      style.dim(
        `    ${name}: last ${formatValue(value.last)}${value.best === null ? '' : `, best ${formatValue(value.best)}`}`,
      ),
    ),
    ...(run.note === null ? [] : [`  note      ${run.note}`]),
    style.dim(`  command   ${showCommand(run.command)}`),
    style.dim(`  log       ${run.log}`),
  ];
}
