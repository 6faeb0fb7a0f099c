/** Inventories as S3 writes them, for tests: written here by hand, so that no reader judges its own writer. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';

/** A line of an inventory, as far as a test cares; the rest is filled in. */
export interface Listed {
  readonly bucket?: string;
  readonly key: string;
  /** Empty for a version that was written without versioning. */
  readonly versionId?: string;
  readonly latest?: boolean;
  readonly marker?: boolean;
  readonly size?: number;
  readonly created?: string;
  readonly mode?: string;
  readonly until?: string;
  readonly hold?: string;
  readonly eventHold?: string;
}

type Cell = string | number | boolean | undefined;

const CELLS: Readonly<Record<string, (row: Listed) => Cell>> = {
  Bucket: ({ bucket = 'acme-docs' }) => bucket,
  Key: ({ key }) => key,
  VersionId: ({ versionId = 'v1' }) => versionId,
  IsLatest: ({ latest = true }) => latest,
  IsDeleteMarker: ({ marker = false }) => marker,
  Size: ({ size = 10, marker }) => (marker === true ? undefined : size),
  LastModifiedDate: ({ created = '2026-11-01T08:00:00.000Z' }) => created,
  ETag: () => 'd41d8cd98f00b204e9800998ecf8427e',
  StorageClass: () => 'STANDARD',
  ObjectLockRetainUntilDate: ({ until }) => until,
  ObjectLockMode: ({ mode }) => mode,
  ObjectLockLegalHoldStatus: ({ hold, marker }) => hold ?? (marker === true ? undefined : 'Off'),
  ObjectLockEventHoldStatus: ({ eventHold }) => eventHold,
};

/** The columns of an inventory with all that a plan needs, and some that it does not. */
export const COLUMNS: readonly string[] = Object.keys(CELLS).filter(
  (name) => name !== 'ObjectLockEventHoldStatus',
);

export interface InventoryParts {
  readonly rows: readonly Listed[];
  readonly format?: 'CSV' | 'Parquet';
  /** In their order; written in the letter case that they have here. */
  readonly columns?: readonly string[];
  /** Written into as many files. */
  readonly files?: number;
  readonly bucket?: string;
  readonly created?: number;
  /** Rows of a Parquet file that form a group. */
  readonly groupRows?: number;
}

export interface WrittenInventory {
  /** By their keys: the manifest, its checksum, the data files. */
  readonly objects: Readonly<Record<string, Buffer>>;
  readonly manifest: string;
  readonly data: readonly string[];
}

const DATES = new Set(['LastModifiedDate', 'ObjectLockRetainUntilDate']);
const BOOLEANS = new Set(['IsLatest', 'IsDeleteMarker']);

/** @param edit - changes the manifest before it is written. */
export function inventory(
  { rows, format = 'CSV', columns = COLUMNS, files = 1, bucket = 'acme-docs', ...more }: InventoryParts,
  edit: (manifest: Record<string, unknown>) => Record<string, unknown> = (manifest) => manifest,
): WrittenInventory {
  const { created = Date.UTC(2026, 10, 18, 1), groupRows = 1_000 } = more;
  const folder = `lists/${bucket}/holdfast`;
  const share = Math.ceil(rows.length / files);
  const objects: Record<string, Buffer> = {};
  const data = Array.from({ length: files }, (_, at) => {
    const some = rows.slice(at * share, (at + 1) * share);
    const key = `${folder}/data/${at}.${format === 'CSV' ? 'csv.gz' : 'parquet'}`;
    objects[key] = format === 'CSV' ? csvOf(some, columns) : parquetOf(some, columns, groupRows);
    return key;
  });
  const manifest = edit({
    sourceBucket: bucket,
    destinationBucket: 'arn:aws:s3:::lists',
    version: '2016-11-30',
    creationTimestamp: String(created),
    fileFormat: format,
    fileSchema: format === 'CSV' ? columns.join(', ') : parquetSchema(columns),
    files: data.map((key) => ({ key, size: objects[key]?.length, MD5checksum: md5(objects[key]) })),
  });
  const key = `${folder}/2026-11-18T01-00Z/manifest.json`;
  objects[key] = Buffer.from(JSON.stringify(manifest));
  objects[key.replace('.json', '.checksum')] = Buffer.from(md5(objects[key]));
  return { objects, manifest: key, data };
}

/** Copies an inventory to a folder, as `aws s3 cp --recursive` would: the path of its manifest. */
export function inFolder({ objects, manifest }: WrittenInventory): string {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-inventory-'));
  for (const [key, body] of Object.entries(objects)) {
    mkdirSync(join(root, key, '..'), { recursive: true });
    writeFileSync(join(root, key), body);
  }
  return join(root, manifest);
}

/** Text as a gzip file of lines. */
function gzipped(lines: readonly string[]): Buffer {
  return gzipSync(lines.map((line) => `${line}\n`).join(''));
}

export function md5(bytes: Buffer | undefined): string {
  return createHash('md5')
    .update(bytes ?? '')
    .digest('hex');
}

/** As S3 encodes keys in CSV: a space is a plus, a slash stays. */
export function encodedKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
}

function cellOf(column: string, row: Listed): Cell {
  const plain = column.replaceAll('_', '').toLowerCase();
  const name = Object.keys(CELLS).find((each) => each.toLowerCase() === plain);
  return name === undefined ? 'x' : CELLS[name]?.(row);
}

function csvOf(rows: readonly Listed[], columns: readonly string[]): Buffer {
  return gzipped(
    rows.map((row) =>
      columns
        .map((column) => {
          const cell = String(cellOf(column, row) ?? '');
          return `"${column.toLowerCase() === 'key' ? encodedKey(cell) : cell}"`;
        })
        .join(','),
    ),
  );
}

const snake = (name: string): string =>
  name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

function parquetSchema(columns: readonly string[]): string {
  const members = columns.map((name) => {
    if (name === 'Size') return 'optional int64 size;';
    if (DATES.has(name)) return `optional int64 ${snake(name)} (TIMESTAMP(MILLIS,true));`;
    if (BOOLEANS.has(name)) return `optional boolean ${snake(name)};`;
    return `${name === 'Bucket' || name === 'Key' ? 'required' : 'optional'} binary ${snake(name)} (STRING);`;
  });
  return `message s3.inventory { ${members.join(' ')} }`;
}

function parquetOf(rows: readonly Listed[], columns: readonly string[], groupRows: number): Buffer {
  const columnData = columns.map((name) => {
    const cells = rows.map((row) => cellOf(name, row) ?? null);
    if (name === 'Size')
      return {
        name: 'size',
        type: 'INT64' as const,
        data: cells.map((cell) => (cell === null ? null : BigInt(cell))),
      };
    if (DATES.has(name))
      return {
        name: snake(name),
        type: 'TIMESTAMP' as const,
        data: cells.map((cell) => (cell === null ? null : new Date(String(cell)))),
      };
    return {
      name: snake(name),
      type: BOOLEANS.has(name) ? ('BOOLEAN' as const) : ('STRING' as const),
      data: cells,
    };
  });
  return Buffer.from(parquetWriteBuffer({ columnData, rowGroupSize: groupRows }));
}
