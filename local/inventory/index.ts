/** Writes an S3 Inventory of a bucket: its data files, its manifest, and last the checksum of that. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createHash, randomUUID } from 'node:crypto';
import { shuffled } from '../shuffle.ts';
import { columnsOf, FIELDS } from './columns.ts';
import { csvFile } from './csv-file.ts';
import { manifestOf } from './manifest.ts';
import { parquetFile } from './parquet-file.ts';
import { readRows } from './read-rows.ts';
import type { LetterCase } from './row.ts';

export interface InventoryOptions {
  /** Sees the bucket that is listed. */
  readonly source: S3Client;
  /** Writes the inventory; the same client when left out. */
  readonly destination?: S3Client;
  readonly bucket: string;
  readonly destinationBucket: string;
  /** What the keys of the inventory begin with. */
  readonly prefix?: string;
  /** Lists keys that begin with this alone. */
  readonly filter?: string;
  /** The id of the configuration. */
  readonly id?: string;
  readonly format?: 'CSV' | 'Parquet' | 'ORC';
  /** The optional fields; all that are offered when left out. */
  readonly fields?: readonly string[];
  readonly versions?: 'All' | 'Current';
  readonly rowsPerFile?: number;
  readonly letterCase?: LetterCase;
  /** When the bucket is scanned, epoch milliseconds. */
  readonly now: number;
}

export interface WrittenInventory {
  readonly bucket: string;
  /** The key of its manifest.json. */
  readonly key: string;
  readonly rows: number;
}

const DEFAULT_ROWS = 100_000;

export async function writeInventory(options: InventoryOptions): Promise<WrittenInventory> {
  const { source, destination = source, bucket, destinationBucket, now } = options;
  const { format = 'CSV', fields = FIELDS, versions = 'All', rowsPerFile = DEFAULT_ROWS } = options;
  if (format === 'ORC') throw new Error('inventories in ORC are not offered here');
  const { id = 'holdfast', prefix = '', letterCase = 'documented', filter = '' } = options;
  const columns = columnsOf(fields, versions);
  const all = await readRows(source, bucket, filter);
  const listed = versions === 'All' ? all : all.filter(({ isLatest, isMarker }) => isLatest && !isMarker);
  // Nobody is promised an order.
  const rows = shuffled(listed, rowsPerFile);
  const folder = [prefix, bucket, id].filter((part) => part !== '').join('/');
  const put = async (Key: string, Body: Buffer): Promise<void> => {
    await destination.send(new PutObjectCommand({ Bucket: destinationBucket, Key, Body }));
  };

  const files = [];
  for (let from = 0; from < rows.length; from += rowsPerFile) {
    const some = rows.slice(from, from + rowsPerFile);
    const write = format === 'CSV' ? csvFile : parquetFile;
    const body = write(columns, some, letterCase);
    const key = `${folder}/data/${randomUUID()}.${format === 'CSV' ? 'csv.gz' : 'parquet'}`;
    await put(key, body);
    files.push({ key, size: body.length, MD5checksum: md5(body) });
  }
  const manifest = Buffer.from(manifestOf({ bucket, destinationBucket, now, format, columns, files }));
  // 2026-11-20T08-15Z
  const start = `${new Date(now).toISOString().slice(0, 16).replace(':', '-')}Z`;
  const key = `${folder}/${start}/manifest.json`;
  await put(key, manifest);
  await put(`${folder}/${start}/manifest.checksum`, Buffer.from(md5(manifest)));
  return { bucket: destinationBucket, key, rows: rows.length };
}

const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
