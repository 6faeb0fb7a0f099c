/** Reads the rows of an inventory file in Parquet, one group of rows after the other. */
import { type AsyncBuffer, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { type Instant } from '../lock/instant.ts';
import { type PlanRow } from '../plan/row.ts';
import { type ListedBatch, type Unreadable } from '../ports/listing.ts';
import { type Cells, type Column, columnName, COLUMNS, rowOf } from './inventory-row.ts';

type Rows = Pick<ListedBatch, 'rows' | 'markers' | 'unreadable'>;

/** Rows decoded at once: a group of rows of S3 can have a million. */
const STEP = 50_000;

/** @param name - the file, for rows that cannot be read. */
export async function* parquetRows(file: AsyncBuffer, name: string): AsyncGenerator<Rows> {
  const metadata = await parquetMetadataAsync(file);
  const present = metadata.schema.map(({ name: column }) => column);
  const columns = present.filter((column) => (COLUMNS as readonly string[]).includes(columnName(column)));
  const plain = new Map(columns.map((column) => [columnName(column), column]));
  const nameOf = (column: Column): string => plain.get(column) ?? '';
  let first = 0;
  for (const group of metadata.row_groups) {
    const end = first + Number(group.num_rows);
    for (let rowStart = first; rowStart < end; rowStart += STEP) {
      const rowEnd = Math.min(end, rowStart + STEP);
      let objects: Record<string, unknown>[] = [];
      await parquetRead({
        file,
        metadata,
        columns,
        rowStart,
        rowEnd,
        rowFormat: 'object',
        onComplete: (rows) => {
          objects = rows;
        },
      });
      yield rowsOf(objects, nameOf, name, rowStart);
    }
    first = end;
  }
}

function rowsOf(
  objects: readonly Record<string, unknown>[],
  nameOf: (column: Column) => string,
  file: string,
  first: number,
): Rows {
  const rows: PlanRow[] = [];
  const unreadable: Unreadable[] = [];
  let markers = 0;
  objects.forEach((object, at) => {
    const cell = (column: Column): unknown => object[nameOf(column)];
    if (cell('isdeletemarker') === true) {
      markers += 1;
      return;
    }
    const cells = cellsOf(cell);
    const row = typeof cells === 'string' ? cells : rowOf(cells);
    if (typeof row === 'string') unreadable.push({ where: `${file}, row ${first + at + 1}`, why: row });
    else rows.push(row);
  });
  return { rows, markers, unreadable };
}

function cellsOf(cell: (column: Column) => unknown): Cells | string {
  const text = (column: Column): string => {
    const value = cell(column);
    return typeof value === 'string' ? value : '';
  };
  const created = momentOf(cell('lastmodifieddate'));
  const until = cell('objectlockretainuntildate');
  const untilMoment = until === undefined || until === null ? undefined : momentOf(until);
  const size = cell('size');
  const bucket = text('bucket');
  const key = text('key');
  if (bucket === '' || key === '') return 'its bucket or its key is empty';
  if (created === undefined) return 'its last_modified_date is no date';
  if (untilMoment === undefined && until !== undefined && until !== null && until !== '')
    return 'its object_lock_retain_until_date is no date';
  const isLatest = cell('islatest');
  if (typeof isLatest !== 'boolean') return 'its is_latest is neither true nor false';
  return {
    bucket,
    // Keys in Parquet are as they are; only CSV has them encoded.
    key,
    versionId: text('versionid'),
    isLatest,
    size: typeof size === 'bigint' || typeof size === 'number' ? Number(size) : 'unknown',
    created,
    mode: text('objectlockmode'),
    until: untilMoment,
    hold: text('objectlocklegalholdstatus'),
    eventHold: text('objectlockeventholdstatus'),
  };
}

/** A timestamp, or a date written as text. */
function momentOf(value: unknown): Instant | undefined {
  const moment =
    value instanceof Date
      ? value.getTime()
      : typeof value === 'string'
        ? Date.parse(value)
        : typeof value === 'bigint' || typeof value === 'number'
          ? Number(value)
          : Number.NaN;
  return Number.isFinite(moment) && moment >= 0 ? (moment as Instant) : undefined;
}
