/** What every command prints with: colours only on a terminal, tables, JSON. */
import { stripVTControlCharacters, styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

/** Colours a text when standard output is a terminal that wants colours. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Lines up rows under their headings; each column is as wide as its widest cell. Cells must be {@link visible}. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((row) => width(row[column] ?? ''))));
  return lines
    .map((row, at) => {
      const line = row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
        .join('  ');
      return at === 0 ? paint('dim', line.trimEnd()) : line.trimEnd();
    })
    .join('\n');
}

/** Keys are chosen by uploaders: what could move the cursor is shown as an escape. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) =>
    char === '\n' ? '\\n' : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

const segments = new Intl.Segmenter();

/** Columns on a terminal: colours take none, most emoji two. */
function width(text: string): number {
  return Array.from(segments.segment(stripVTControlCharacters(text))).reduce(
    (columns, { segment }) => columns + (/\p{Emoji_Presentation}/u.test(segment) ? 2 : 1),
    0,
  );
}
