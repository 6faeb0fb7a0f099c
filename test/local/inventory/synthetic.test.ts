import { describe, expect, it } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unescapeKey } from '../../../local/csv.ts';
import { type SyntheticOptions, writeSynthetic } from '../../../local/inventory/synthetic.ts';

const NOW = Date.UTC(2026, 10, 20);
const ROWS = 10_000;

async function make(options: Partial<SyntheticOptions>) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-synthetic-'));
  const { manifest } = await writeSynthetic({ folder, rows: ROWS, files: 3, now: NOW, ...options });
  const { files, fileSchema } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    fileSchema: string;
    files: { key: string; size: number; MD5checksum: string }[];
  };
  const data = files.map(({ key }) => readFileSync(join(folder, 'data', basename(key))));
  return { folder, manifest, files, fileSchema, data };
}

const linesOf = (data: readonly Buffer[]): string[] =>
  data.flatMap((bytes) => gunzipSync(bytes).toString().split('\n').slice(0, -1));

const cellsOf = (line: string): string[] => line.slice(1, -1).split('","');

describe('a synthetic inventory', () => {
  it('is the same for the same seed, with checksums that hold', async () => {
    const one = await make({ seed: 7 });
    const same = await make({ seed: 7 });
    const other = await make({ seed: 8 });

    expect(same.files).toStrictEqual(one.files);
    expect(other.files).not.toStrictEqual(one.files);
    expect(one.files.map(({ size, MD5checksum }) => [size, MD5checksum])).toStrictEqual(
      one.data.map((bytes) => [bytes.length, createHash('md5').update(bytes).digest('hex')]),
    );
    expect(readFileSync(join(one.folder, 'manifest.checksum'), 'utf8')).toBe(
      createHash('md5').update(readFileSync(one.manifest)).digest('hex'),
    );
  });

  it('has the columns that it says and the mix of a large bucket', async () => {
    const { data, fileSchema } = await make({ prefixes: ['a/', 'b & c/'] });
    const rows = linesOf(data).map(cellsOf);
    const share = (isCounted: (row: string[]) => boolean): number => rows.filter(isCounted).length / ROWS;
    const keys = rows.map(([, key = '']) => unescapeKey(key) ?? '');

    expect(fileSchema).toBe(
      'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass, ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus',
    );
    expect(rows).toHaveLength(ROWS);
    expect(rows.every((row) => row.length === 12)).toBe(true);
    expect(new Set(rows.map(([, key, version]) => `${key} ${version}`)).size).toBe(ROWS);
    expect(share(([, , , latest]) => latest === 'false')).toBeCloseTo(0.2, 1);
    expect(share(([, , , , marker]) => marker === 'true')).toBeCloseTo(0.03, 1);
    expect(share((row) => row[10] !== '')).toBeCloseTo(0.58, 1);
    expect(share(([, , version]) => version === '')).toBeGreaterThan(0.01);
    for (const odd of ['+', '%', '"', '帳', 'b & c/'])
      expect(keys.some((key) => key.includes(odd))).toBe(true);
    expect(keys.every((key) => key.startsWith('a/') || key.startsWith('b & c/'))).toBe(true);
  });

  it('has each key once as the latest, and none newer than the inventory', async () => {
    const rows = linesOf((await make({})).data).map(cellsOf);
    const latest = rows.filter(([, , , isLatest]) => isLatest === 'true').map(([, key]) => key);

    expect(new Set(latest).size).toBe(latest.length);
    expect(rows.every((row) => Date.parse(row[6] ?? '') < NOW)).toBe(true);
  });

  it('has the same rows in Parquet', async () => {
    const csv = linesOf((await make({})).data).map(cellsOf);
    const { data, fileSchema } = await make({ format: 'Parquet' });
    const rows = (
      await Promise.all(data.map((bytes) => parquetReadObjects({ file: Uint8Array.from(bytes).buffer })))
    ).flat();
    const text = (value: unknown): string => {
      if (value instanceof Date) return value.toISOString();
      return typeof value === 'bigint' || typeof value === 'boolean'
        ? value.toString()
        : ((value as string | null) ?? '');
    };

    expect(fileSchema).toMatch(/^message s3\.inventory \{ {2}required binary bucket \(STRING\);/);
    expect(rows.map((row) => Object.values(row).map(text))).toStrictEqual(
      csv.map((cells) => cells.map((cell, column) => (column === 1 ? unescapeKey(cell) : cell))),
    );
  });
});
