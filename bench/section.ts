/** What one benchmark found, and how it is shown on a terminal and in RESULTS.md. */
import { type Ratio } from './measure.ts';

export interface Section {
  readonly title: string;
  /** What the numbers mean: one sentence each. */
  readonly meaning: readonly string[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A ratio with its spread, such as `1.07 (1.02-1.15)`. */
export function shown({ middle, low, high }: Ratio): string {
  return `${figure(middle)} (${figure(low)}-${figure(high)})`;
}

/** Three digits that count: more would be noise. */
export function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(value < 1 ? 2 : 3);
}

/** Whether a ratio keeps what was aimed at, in words. */
export function aimedAt(ratio: Ratio, most: number): string {
  return `${ratio.middle <= most ? 'met' : 'missed'}: at most ${figure(most)}`;
}

/** The section as aligned text. */
export function asText({ title, meaning, head, rows }: Section): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [title, ...meaning.map((sentence) => `  ${sentence}`), '', line(head), ...rows.map(line), ''].join(
    '\n',
  );
}

/** The section as Markdown. */
export function asMarkdown({ title, meaning, head, rows }: Section): string {
  const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const table = [line(head), line(head.map(() => '---')), ...rows.map(line)];
  return [`## ${title}`, '', ...meaning.map((sentence) => `- ${sentence}`), '', ...table, ''].join('\n');
}
