/** Made-up inventories for the benchmarks, in a folder that is deleted afterwards. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnName } from '../lib/aws/inventory-row.ts';
import { writeSynthetic } from '../local/inventory/synthetic.ts';
import { BUCKET, PREFIXES } from './plan-policy.ts';
import { NOW } from './versions.ts';

const DAY = 86_400_000;
const ROWS_PER_FILE = 250_000;

/** Makes an inventory, hands out the path of its manifest, and deletes it when the work with it has ended. */
export async function withInventory<T>(
  rows: number,
  format: 'CSV' | 'Parquet',
  work: (manifest: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  try {
    const { manifest } = await writeSynthetic({
      folder,
      rows,
      format,
      files: Math.ceil(rows / ROWS_PER_FILE),
      bucket: BUCKET,
      prefixes: PREFIXES,
      now: NOW - DAY,
    });
    return await work(manifest);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The columns of a listing in CSV, by their plain names. */
export function columnsInOrder(manifest: string): string[] {
  const { fileSchema } = JSON.parse(readFileSync(manifest, 'utf8')) as { fileSchema: string };
  return fileSchema.split(',').map(columnName);
}
