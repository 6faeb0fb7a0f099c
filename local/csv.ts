/** CSV as S3 reads and writes it, and the way keys are escaped in it. */

/**
 * The rows of a CSV text; a blank line is a row of one empty cell.
 * `undefined` when a quote is not closed, or is followed by anything but a comma or the end of the row.
 */
export function parseCsv(text: string): string[][] | undefined {
  const rows: string[][] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  let row: string[] = [];
  while (cell.lastIndex < text.length || row.length > 0) {
    const match = cell.exec(text);
    if (match === null) return undefined;
    const [, quoted, plain = '', end] = match;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** A cell in quotes. */
export const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** A key as S3 writes it into files: a form's escapes, so that a space is a plus; slashes stay. */
export const escapeKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/')
    .replaceAll(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** The key behind its escapes; undefined when they are malformed. */
export function unescapeKey(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
