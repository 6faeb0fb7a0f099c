/** Writes a made-up inventory of any size into a folder, for measurements: manifest.json, and `data/` beside it. */
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { columnsOf } from './columns.ts';
import { type ListedFile, manifestOf } from './manifest.ts';
import { csvLines } from './synthetic-csv.ts';
import { writeParquet } from './synthetic-parquet.ts';
import type { Sample } from './synthetic-rows.ts';

export interface SyntheticOptions {
  readonly folder: string;
  readonly rows: number;
  readonly files?: number;
  readonly seed?: number;
  readonly bucket?: string;
  readonly prefixes?: readonly string[];
  readonly format?: 'CSV' | 'Parquet';
  /** When the inventory was made; no version is younger. Epoch milliseconds. */
  readonly now: number;
}

const FIELDS = [
  'Size',
  'LastModifiedDate',
  'ETag',
  'StorageClass',
  'ObjectLockRetainUntilDate',
  'ObjectLockMode',
  'ObjectLockLegalHoldStatus',
];
const PREFIXES = ['invoices/', 'contracts/', 'mail/archive/', 'logs/app/', 'scans/'];

export interface SyntheticInventory {
  /** The path of manifest.json. */
  readonly manifest: string;
  readonly files: readonly ListedFile[];
}

export async function writeSynthetic(options: SyntheticOptions): Promise<SyntheticInventory> {
  const { folder, rows, files = 1, seed = 1, bucket = 'synthetic', prefixes = PREFIXES, now } = options;
  await mkdir(join(folder, 'data'), { recursive: true });
  const columns = columnsOf(FIELDS, 'All');
  const { format = 'CSV' } = options;
  const write = async (path: string, sample: Sample) =>
    format === 'CSV' ? writeCsv(path, sample) : writeParquet(path, columns, sample);
  const listed: ListedFile[] = [];
  const rest = Array.from({ length: files }, (_, at) => at);
  const next = async (): Promise<void> => {
    for (let at = rest.shift(); at !== undefined; at = rest.shift()) {
      const first = Math.floor((rows * at) / files);
      const count = Math.floor((rows * (at + 1)) / files) - first;
      const name = `${nameOf(seed, at)}.${format === 'CSV' ? 'csv.gz' : 'parquet'}`;
      const sample = { bucket, prefixes, seed: seed * 7_919 + at, first, rows: count, now };
      listed[at] = {
        key: `synthetic/${bucket}/all/data/${name}`,
        ...(await write(join(folder, 'data', name), sample)),
      };
    }
  };
  // Gzip has threads of its own: with two files at once, rows are made meanwhile. Parquet has none.
  await Promise.all(format === 'CSV' ? [next(), next()] : [next()]);
  const manifest = join(folder, 'manifest.json');
  const text = manifestOf({
    bucket,
    destinationBucket: 'inventory',
    now,
    format,
    columns,
    files: listed,
  });
  await writeFile(manifest, text);
  await writeFile(join(folder, 'manifest.checksum'), createHash('md5').update(text).digest('hex'));
  return { manifest, files: listed };
}

// A piece of lines is about as large, so that it is compressed in one go.
const PIECE_BYTES = 1 << 20;

/** The same for the same seed, and shaped as S3 names files. */
function nameOf(seed: number, at: number): string {
  const hash = createHash('sha1').update(`${seed} ${at}`).digest('hex');
  return [0, 8, 12, 16, 20].map((from, part) => hash.slice(from, [8, 12, 16, 20, 32][part])).join('-');
}

async function writeCsv(path: string, sample: Sample): Promise<{ size: number; MD5checksum: string }> {
  const md5: Hash = createHash('md5');
  let size = 0;
  const gzip = createGzip({ level: 1, chunkSize: PIECE_BYTES });
  const file = createWriteStream(path, { highWaterMark: 1 << 20 });
  gzip.on('data', (chunk: Buffer) => {
    md5.update(chunk);
    size += chunk.length;
  });
  gzip.pipe(file);
  const finished = once(file, 'finish');
  let before = Promise.resolve();
  for (const piece of csvLines(sample)) {
    const written = new Promise<void>((resolve) => {
      gzip.write(piece, 'latin1', () => {
        resolve();
      });
    });
    // The next piece is made while this one is compressed.
    await before;
    before = written;
  }
  gzip.end();
  await finished;
  return { size, MD5checksum: md5.digest('hex') };
}
