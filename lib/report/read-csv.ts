/** Reads the roll back from CSV: the reverse of {@link rollCsvLine}. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { endSchema, entrySchema } from '../matters/roll.ts';
import { type CertificateRow } from './row.ts';

const setAgainSchema = z.object({ at: z.string(), by: z.enum(['us', 'somebody']) });
const releasedSchema = endSchema.pick({ outcome: true, at: true, requestId: true, detail: true });
const rowSchema = entrySchema.extend({
  setAgain: setAgainSchema.optional(),
  released: releasedSchema.optional(),
});

/**
 * The rows of a table that begins with its header. Columns may stand in any order, and unknown ones are left out.
 *
 * @throws HoldfastError `unexpected` where a line is none of a roll: a certificate may not leave one out.
 */
export function readRollCsv(text: string): CertificateRow[] {
  const [header = [], ...lines] = records(text);
  return lines.map((line, at) => {
    if (line.length !== header.length) throw unreadable(at, `${line.length} cells, not ${header.length}`);
    const cells = new Map(header.map((name, column) => [name, line[column] ?? '']));
    const parsed = rowSchema.safeParse(valuesOf(cells));
    if (parsed.success) return parsed.data as CertificateRow;
    throw unreadable(at, parsed.error.issues.map(({ path }) => path.join('.')).join(', '));
  });
}

/** Empty cells are what is not known. */
function valuesOf(cells: ReadonlyMap<string, string>): Record<string, unknown> {
  const known = new Map<string, unknown>();
  for (const [name, cell] of cells)
    if (cell !== '') known.set(name, name === 'size' ? Number(plain(cell)) : plain(cell));
  const group = (names: Readonly<Record<string, string>>): Record<string, unknown> | undefined => {
    const found = Object.entries(names).flatMap(([name, column]) =>
      known.has(column) ? [[name, known.get(column)] as const] : [],
    );
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
  const setAgain = group({ at: 'setAgainAt', by: 'setAgainBy' });
  const released = group({
    outcome: 'releasedOutcome',
    at: 'releasedAt',
    requestId: 'releasedRequestId',
    detail: 'releasedDetail',
  });
  return { ...Object.fromEntries(known), ...(setAgain && { setAgain }), ...(released && { released }) };
}

/** One apostrophe keeps a cell from being a formula. */
function plain(cell: string): string {
  return cell.startsWith("'") ? cell.slice(1) : cell;
}

/** The lines of a text in their cells, by RFC 4180; what a quoted cell holds is no line end. */
function records(text: string): string[][] {
  const lines: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < text.length) {
    const { cell, next } = cellAt(text, at, lines.length - 1);
    cells.push(cell);
    const end = text.startsWith('\r\n', next) ? '\r\n' : text.charAt(next);
    at = next + end.length;
    if (end === ',') {
      // A comma at the very end has an empty cell behind it.
      if (at === text.length) cells.push('');
      else continue;
    }
    lines.push(cells);
    cells = [];
  }
  return lines;
}

const UNQUOTED = /[^,\r\n]*/y;
const QUOTED = /"([^"]*(?:""[^"]*)*)"(?=[,\r\n]|$)/y;

function cellAt(text: string, at: number, line: number): { cell: string; next: number } {
  const isQuoted = text[at] === '"';
  const pattern = isQuoted ? QUOTED : UNQUOTED;
  pattern.lastIndex = at;
  const [whole, inner = ''] = pattern.exec(text) ?? [];
  if (whole === undefined) throw unreadable(line, 'a quote that is not closed');
  return { cell: isQuoted ? inner.replaceAll('""', '"') : whole, next: at + whole.length };
}

function unreadable(line: number, why: string): HoldfastError {
  return new HoldfastError('unexpected', {
    what: `line ${line + 2} of the roll cannot be read: ${why}`,
    next: 'use the Holdfast of the same version as the one that wrote it, or report it',
  });
}
