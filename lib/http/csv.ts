/** A list of versions as CSV (RFC 4180), in place of JSON: what a spreadsheet saves can be sent as it is. */
import { type Fault, FaultyRequest, shown } from './faults.ts';

const COLUMNS = ['bucket', 'key', 'versionId'] as const;
/** More than any request may name, so that whoever sends 150 hears of the limit, and nobody can send a million. */
const MOST_ROWS = 200;

/**
 * The rows of a list, as a request of JSON would name them. An empty versionId means all versions of the key.
 *
 * @throws FaultyRequest
 */
export function versionsOfCsv(text: string): Partial<Record<string, string>>[] {
  const [header = [], ...rows] = readCsv(text.replace(/^\u{FEFF}/u, ''));
  const faults: Fault[] = [];
  for (const name of COLUMNS.slice(0, 2)) {
    if (!header.includes(name)) faults.push({ field: 'header', rule: `has no column ${name}` });
  }
  for (const [at, name] of header.entries()) {
    if (!COLUMNS.some((column) => column === name)) {
      faults.push({ field: 'header', rule: `"${shown(name, 50)}" is none of ${COLUMNS.join(', ')}` });
    } else if (header.indexOf(name) !== at) faults.push({ field: 'header', rule: `has ${name} twice` });
  }
  // Only an id at the end may be left away together with its comma.
  const least = header.at(-1) === 'versionId' ? header.length - 1 : header.length;
  for (const [at, row] of rows.entries()) {
    if (row.length < least || row.length > header.length) {
      faults.push({ field: `row ${at + 1}`, rule: `has ${row.length} cells, the header ${header.length}` });
    }
  }
  if (faults.length > 0) throw new FaultyRequest(faults);
  return rows.map((row) =>
    Object.fromEntries(
      header.flatMap((name, at) => {
        const cell = row[at] ?? '';
        return name === 'versionId' && cell === '' ? [] : [[name, cell]];
      }),
    ),
  );
}

/** The lines of a text, each in its cells. */
function readCsv(text: string): string[][] {
  const lines: string[][] = [];
  let at = 0;
  while (at < text.length) {
    if (lines.length > MOST_ROWS) throw bad('body', `has more than ${MOST_ROWS} rows`);
    const cells: string[] = [];
    for (;;) {
      const { cell, next } = readCell(text, at, lines.length);
      cells.push(cell);
      at = next;
      if (text[at] !== ',') break;
      at += 1;
    }
    if (text.startsWith('\r\n', at)) at += 2;
    else if (at < text.length) at += 1;
    // Editors leave empty lines at the end; a key that is empty is none either.
    if (cells.length > 1 || cells[0] !== '') lines.push(cells);
  }
  return lines;
}

function readCell(text: string, start: number, row: number): { cell: string; next: number } {
  if (text[start] !== '"') {
    const end = /[,\r\n]/g;
    end.lastIndex = start;
    const next = end.exec(text)?.index ?? text.length;
    const cell = text.slice(start, next);
    if (cell.includes('"')) throw bad(`row ${row}`, 'a cell with quotes in it must be in quotes');
    return { cell, next };
  }
  let cell = '';
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw bad(`row ${row}`, 'a quote is not closed');
    cell += text.slice(at, quote);
    at = quote + 1;
    if (text[at] !== '"') break;
    cell += '"';
    at += 1;
  }
  if (at < text.length && !/[,\r\n]/.test(text.charAt(at)))
    throw bad(`row ${row}`, 'text follows a closing quote');
  return { cell, next: at };
}

function bad(field: string, rule: string): FaultyRequest {
  return new FaultyRequest([{ field: field === 'row 0' ? 'header' : field, rule }]);
}
