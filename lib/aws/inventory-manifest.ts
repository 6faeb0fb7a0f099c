/** Reads the manifest of an S3 Inventory, and refuses by name what cannot be planned from it. */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { jsonOf } from '../json.ts';
import { formatInstant, type Instant, instantOf } from '../lock/instant.ts';
import { type ByteSource } from './byte-source.ts';
import { columnName, REQUIRED } from './inventory-row.ts';

const schema = z.object({
  sourceBucket: z.string().regex(/^[\w.-]{3,255}$/),
  creationTimestamp: z.string().regex(/^\d{1,15}$/),
  fileFormat: z.string(),
  fileSchema: z.string(),
  files: z.array(
    z.object({ key: z.string().min(1), size: z.number().nonnegative(), MD5checksum: z.string() }),
  ),
});

export interface InventoryFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Hex. */
  readonly md5: string;
}

export interface InventoryManifest {
  readonly bucket: string;
  /** When S3 made the report; what it shows may be older still. */
  readonly created: Instant;
  readonly format: 'CSV' | 'Parquet';
  /** The columns in the order of the files, by their plain names. */
  readonly columns: readonly string[];
  readonly files: readonly InventoryFile[];
  /** SHA-256 of the manifest, hex: it names its files with their checksums, so it names the whole listing. */
  readonly hash: string;
}

/**
 * Reads a manifest.json and checks it against the manifest.checksum beside it, where there is one.
 *
 * @throws HoldfastError `bad-input` for what is no manifest, ORC, or columns that are missing; `moved` where the
 * checksum is another one.
 */
export async function readManifest(
  source: ByteSource,
  key: string,
  name = source.nameOf(key),
): Promise<InventoryManifest> {
  const bytes = await source.bytes(key);
  await checkChecksum(source, key, bytes);
  const parsed = schema.safeParse(jsonOf(Buffer.from(bytes).toString('utf8')));
  if (!parsed.success) {
    throw new HoldfastError('bad-input', {
      what: `${name} is no manifest of an S3 Inventory: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
      next: 'name the manifest.json that S3 wrote, in the folder of its date',
    });
  }
  const { sourceBucket, creationTimestamp, fileFormat, fileSchema, files } = parsed.data;
  const format = formatOf(fileFormat, name);
  const columns = format === 'CSV' ? fileSchema.split(',') : parquetColumns(fileSchema);
  const plain = columns.map(columnName);
  const missing = Object.entries(REQUIRED).flatMap(([column, label]) =>
    plain.includes(column) ? [] : [label],
  );
  if (missing.length > 0) {
    throw new HoldfastError('bad-input', {
      what: `the inventory ${name} has no ${missing.join(', ')}: what is not listed cannot be judged`,
      next: `configure it for all versions and with these fields; holdfast bucket adopt ${sourceBucket} --inventory-to BUCKET --apply adds one that has them`,
    });
  }
  return {
    bucket: sourceBucket,
    created: instantOf(Number(creationTimestamp)),
    format,
    columns: plain,
    files: files.map(({ MD5checksum, ...file }) => ({ ...file, md5: MD5checksum.toLowerCase() })),
    hash: createHash('sha256').update(bytes).digest('hex'),
  };
}

/** Clocks differ by minutes; a report of another day to come was not made by S3. */
const AHEAD = 15 * 60_000;

/**
 * Makes sure that a report is not of the future: by its date terms are judged, and expired locks.
 *
 * @throws HoldfastError `moved`.
 */
export function requirePast(
  { created }: Pick<InventoryManifest, 'created'>,
  now: Instant,
  name: string,
): void {
  if (created <= now + AHEAD) return;
  throw new HoldfastError('moved', {
    what: `${name} says that it was made at ${formatInstant(created)}, which is still to come`,
    next: 'check the clock of this machine; do not plan from this report',
  });
}

/** S3 writes the checksum last: without it the report may not be complete, with another one it is not the same. */
async function checkChecksum(source: ByteSource, key: string, bytes: Uint8Array): Promise<void> {
  let expected: string;
  try {
    expected = Buffer.from(await source.bytes(key.replace(/manifest\.json$/, 'manifest.checksum')))
      .toString('utf8')
      .trim()
      .toLowerCase();
  } catch (cause) {
    // A copy of the report may come without it; what cannot be read for another reason is not taken for missing.
    if (!isMissing(cause)) throw cause;
    return;
  }
  const found = createHash('md5').update(bytes).digest('hex');
  if (expected === found || expected === '' || !/^[0-9a-f]{32}$/.test(expected)) return;
  throw new HoldfastError('moved', {
    what: `${source.nameOf(key)} has the MD5 ${found}, and its manifest.checksum says ${expected}`,
    next: 'fetch both again, or take the report of another day',
  });
}

function isMissing(cause: unknown): boolean {
  const { name, code } = cause as { readonly name?: unknown; readonly code?: unknown };
  return name === 'NoSuchKey' || code === 'ENOENT';
}

function formatOf(format: string, name: string): 'CSV' | 'Parquet' {
  if (format === 'CSV' || format === 'Parquet') return format;
  throw new HoldfastError('bad-input', {
    what: `the inventory ${name} is in ${format}, which cannot be read here`,
    next: 'configure it as CSV or Parquet',
  });
}

/** `message s3.inventory { required binary bucket (STRING); optional int64 size; }` */
function parquetColumns(text: string): string[] {
  return Array.from(
    text.matchAll(/(?:required|optional)\s+\w+(?:\s*\([^)]*\))?\s+(\w+)/g),
    ([, column]) => column ?? '',
  );
}
