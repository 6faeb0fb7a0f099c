/** Reads the rows of an inventory file in Parquet, one group of rows after the other. */
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { HoldfastError } from '../errors.ts';
import { type Instant } from '../lock/instant.ts';
import { type PlanRow } from '../plan/row.ts';
import { type ListedBatch, type Unreadable } from '../ports/listing.ts';
import { type Cells, type Column, columnName, COLUMNS, REQUIRED, rowOf } from './inventory-row.ts';

type Rows = Pick<ListedBatch, 'rows' | 'markers' | 'unreadable'>;

/** Rows handed out at once: a group of rows of S3 can have a million. */
const STEP = 10_000;

/** The values of one column within a group of rows. */
type Values = ArrayLike<unknown>;

/** @param name - the file, for rows that cannot be read. */
export async function* parquetRows(file: AsyncBuffer, name: string): AsyncGenerator<Rows> {
  const metadata = await parquetMetadataAsync(file);
  const columns = metadata.schema
    .map((element) => element.name)
    .filter((column) => (COLUMNS as readonly string[]).includes(columnName(column)));
  const found = new Set(columns.map(columnName));
  const missing = Object.keys(REQUIRED).filter((column) => !found.has(column));
  // A column that is not there would read as "no lock", or as the null version.
  if (missing.length > 0) {
    throw new HoldfastError('moved', {
      what: `${name} has no ${missing.join(', ')}, though its manifest says so`,
      next: 'take the report as S3 wrote it; nothing was planned',
    });
  }
  let first = 0;
  for (const group of metadata.row_groups) {
    const end = first + Number(group.num_rows);
    const values = await groupOf(file, metadata, columns, first, end);
    for (let start = first; start < end; start += STEP)
      yield rowsOf(values, name, first, start, Math.min(end, start + STEP));
    first = end;
  }
}

/** Each column of a group is fetched and decoded once, and stays a column: objects would take ten times the room. */
async function groupOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  rowStart: number,
  rowEnd: number,
): Promise<ReadonlyMap<string, Values>> {
  const values = new Map<string, Values>();
  await parquetRead({
    file,
    metadata,
    columns,
    rowStart,
    rowEnd,
    onChunk: (chunk) => {
      const plain = columnName(chunk.columnName);
      const before = values.get(plain);
      const data: Values = chunk.columnData;
      // A column that comes in pieces is put together in their order.
      values.set(plain, before === undefined ? data : [...Array.from(before), ...Array.from(data)]);
    },
  });
  return values;
}

function rowsOf(
  values: ReadonlyMap<string, Values>,
  file: string,
  first: number,
  start: number,
  end: number,
): Rows {
  const rows: PlanRow[] = [];
  const unreadable: Unreadable[] = [];
  let markers = 0;
  for (let at = start; at < end; at += 1) {
    const cell = (column: Column): unknown => values.get(column)?.[at - first];
    const isMarker = cell('isdeletemarker');
    if (typeof isMarker !== 'boolean') {
      unreadable.push({
        where: `${file}, row ${at + 1}`,
        why: 'its is_delete_marker is neither true nor false',
      });
      continue;
    }
    if (isMarker) {
      markers += 1;
      continue;
    }
    const cells = cellsOf(cell);
    const row = typeof cells === 'string' ? cells : rowOf(cells);
    if (typeof row === 'string') unreadable.push({ where: `${file}, row ${at + 1}`, why: row });
    else rows.push(row);
  }
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
