/** The roll as CSV: a line for each version. */
import { type CertificateRow } from './row.ts';

type Cell = string | number | undefined;

const COLUMNS: readonly (readonly [name: string, cell: (row: CertificateRow) => Cell])[] = [
  ['bucket', ({ bucket }) => bucket],
  ['key', ({ key }) => key],
  ['versionId', ({ versionId }) => versionId],
  ['size', ({ size }) => size],
  ['created', ({ created }) => created],
  ['etag', ({ etag }) => etag],
  ['checksum', ({ checksum }) => checksum],
  ['saw', ({ saw }) => saw],
  ['outcome', ({ outcome }) => outcome],
  ['at', ({ at }) => at],
  ['requestId', ({ requestId }) => requestId],
  ['detail', ({ detail }) => detail],
  ['settles', ({ settles }) => settles],
  ['setAgainAt', ({ setAgain }) => setAgain?.at],
  ['setAgainBy', ({ setAgain }) => setAgain?.by],
  ['releasedOutcome', ({ released }) => released?.outcome],
  ['releasedAt', ({ released }) => released?.at],
  ['releasedRequestId', ({ released }) => released?.requestId],
  ['releasedDetail', ({ released }) => released?.detail],
];

/** The names of the columns, without the end of the line. */
export const rollCsvHeader = COLUMNS.map(([name]) => name).join(',');

/**
 * A row as a line of CSV (RFC 4180), without the end of the line, which is CRLF.
 *
 * Keys are chosen by uploaders, and a spreadsheet takes a cell for a formula that begins with `=`, `+`, `-`, `@`, a
 * tab or a line end. Such a cell gets an apostrophe before it, and so does one that begins with an apostrophe.
 * To read it back: take one apostrophe off each cell that begins with one. Nothing else is changed, so that controls
 * and line ends stand in their cells as they are. What is not known is an empty cell.
 */
export function rollCsvLine(row: CertificateRow): string {
  return COLUMNS.map(([, cell]) => cellText(cell(row))).join(',');
}

// The wide forms of the signs count too: spreadsheets in East Asian languages take them for the signs themselves.
const FORMULA = /^[=+\-@\t\r\n'＝＋－＠]/u;

function cellText(cell: Cell): string {
  if (cell === undefined) return '';
  const text = String(cell);
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  // A space at an edge is cut off by some readers, unless it is quoted.
  return /[",;\r\n\t]|^\s|\s$/u.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
