/** Made-up rows in a Parquet file, written group by group. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { fileWriter } from 'hyparquet-writer';
import type { Column } from './columns.ts';
import { openParquet } from './parquet-file.ts';
import type { InventoryRow } from './row.ts';
import { rowMaker, type Sample } from './synthetic-rows.ts';

const GROUP_ROWS = 50_000;

export async function writeParquet(
  path: string,
  columns: readonly Column[],
  sample: Sample,
): Promise<{ size: number; MD5checksum: string }> {
  const file = openParquet(columns, fileWriter(path));
  const maker = rowMaker(sample);
  let rows: InventoryRow[] = [];
  const flush = (): void => {
    if (rows.length > 0) file.write(rows, 'documented');
    rows = [];
  };
  while (maker.step()) {
    rows.push(copyOf(maker.row));
    if (rows.length === GROUP_ROWS) flush();
  }
  flush();
  file.finish();
  return fingerprint(path);
}

/** The maker fills the same row again. */
function copyOf(row: ReturnType<typeof rowMaker>['row']): InventoryRow {
  const { bucket, key, versionId, isLatest, isMarker, lastModified } = row;
  const { size, eTag, storageClass, mode, until, hold } = row;
  return {
    bucket,
    key,
    versionId,
    isLatest,
    isMarker,
    lastModified,
    ...(size !== undefined && { size }),
    ...(eTag !== undefined && { eTag }),
    ...(storageClass !== undefined && { storageClass }),
    ...(mode !== undefined && { mode }),
    ...(until !== undefined && { until }),
    ...(hold !== undefined && { hold }),
  };
}

async function fingerprint(path: string): Promise<{ size: number; MD5checksum: string }> {
  const md5 = createHash('md5');
  let size = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    md5.update(chunk);
    size += chunk.length;
  }
  return { size, MD5checksum: md5.digest('hex') };
}
