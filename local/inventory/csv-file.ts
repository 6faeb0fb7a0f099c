/** A data file of an inventory in CSV: every cell in quotes, keys escaped, gzipped. */
import { gzipSync } from 'node:zlib';
import { escapeKey, quoted } from '../csv.ts';
import { iso } from '../s3/dates.ts';
import type { Column, Value } from './columns.ts';
import type { InventoryRow, LetterCase } from './row.ts';

export function csvFile(
  columns: readonly Column[],
  rows: readonly InventoryRow[],
  letterCase: LetterCase,
): Buffer {
  const lines = rows.map((row) =>
    columns.map((column) => quoted(cellOf(column, column.valueOf(row, letterCase)))).join(','),
  );
  return gzipSync(lines.map((line) => `${line}\n`).join(''));
}

function cellOf({ name, kind }: Column, value: Value): string {
  if (value === undefined) return '';
  if (kind === 'date' && typeof value === 'number') return iso(value);
  return name === 'Key' ? escapeKey(String(value)) : String(value);
}
