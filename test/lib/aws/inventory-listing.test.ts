import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BucketSource, FolderSource } from '../../../lib/aws/byte-source.ts';
import { InventoryListing } from '../../../lib/aws/inventory-listing.ts';
import { readManifest } from '../../../lib/aws/inventory-manifest.ts';
import { type PlanRow } from '../../../lib/plan/row.ts';
import { type ListedBatch } from '../../../lib/ports/listing.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import {
  COLUMNS,
  inFolder,
  inventory,
  type Listed,
  md5,
  type WrittenInventory,
} from '../../helpers/inventory.ts';
import { allOf } from '../../helpers/records.ts';

const HOSTILE = 'a+b %25 "q",\n😀';
const LISTED: readonly Listed[] = [
  { key: HOSTILE, versionId: '' },
  { key: 'b', versionId: 'v2', latest: true, size: 0, mode: 'Governance', until: '2027-11-01T08:00:00.000Z' },
  {
    key: 'b',
    versionId: 'v1',
    latest: false,
    mode: 'Compliance',
    until: '2031-11-01T08:00:00.000Z',
    hold: 'On',
  },
  { key: 'c', versionId: 'm1', marker: true },
  { key: 'c', versionId: 'v3', latest: false, created: '2024-02-29T23:59:59.000Z' },
];

async function open(written: WrittenInventory): Promise<InventoryListing> {
  const path = inFolder(written);
  const source = new FolderSource(path);
  return new InventoryListing(source, 'manifest.json', await readManifest(source, 'manifest.json', path));
}

async function rowsOf(listing: InventoryListing): Promise<PlanRow[]> {
  return (await allOf(listing.batches())).flatMap(({ rows }) => rows);
}

/** The same inventory with other bytes under a key. */
function replacing(written: WrittenInventory, key: string | undefined, body: Buffer): WrittenInventory {
  return { ...written, objects: { ...written.objects, [key ?? '']: body } };
}

describe('an inventory', () => {
  it.each(['CSV', 'Parquet'] as const)('in %s tells the same versions', async (format) => {
    const batches = await allOf((await open(inventory({ rows: LISTED, format }))).batches());

    const rows = batches.flatMap((batch) => batch.rows);
    const none = { retention: { state: 'none' }, hold: 'none' };
    const common = { bucket: 'acme-docs', tags: 'unknown', created: Date.UTC(2026, 10, 1, 8), size: 10 };
    expect(rows).toStrictEqual([
      { ...common, key: HOSTILE, versionId: 'null', current: true, lock: none },
      {
        ...common,
        key: 'b',
        versionId: 'v2',
        current: true,
        size: 0,
        lock: {
          retention: { state: 'locked', mode: 'GOVERNANCE', until: Date.UTC(2027, 10, 1, 8) },
          hold: 'none',
        },
      },
      {
        ...common,
        key: 'b',
        versionId: 'v1',
        current: false,
        lock: {
          retention: { state: 'locked', mode: 'COMPLIANCE', until: Date.UTC(2031, 10, 1, 8) },
          hold: 'on',
        },
      },
      {
        ...common,
        key: 'c',
        versionId: 'v3',
        current: false,
        created: Date.UTC(2024, 1, 29, 23, 59, 59),
        lock: none,
      },
    ]);
    expect(batches.reduce((sum, { markers }) => sum + markers, 0)).toBe(1);
    expect(batches.flatMap(({ unreadable }) => unreadable)).toStrictEqual([]);
  });

  it.each(['CSV', 'Parquet'] as const)(
    'in %s speaks of the moment of its manifest, and says how far it is',
    async (format) => {
      const rows = Array.from({ length: 60 }, (_, at) => ({ key: `k${at}` }));
      const listing = await open(inventory({ rows, format, files: 3, groupRows: 10 }));

      const done = (await allOf(listing.batches())).map((batch) => batch.done ?? -1);

      expect(listing.asOf).toBe(Date.UTC(2026, 10, 18, 1));
      expect(done).toStrictEqual(done.toSorted((one, other) => one - other));
      expect(done[0]).toBeGreaterThan(0);
      expect(done.at(-1)).toBe(1);
    },
  );

  it.each(['CSV', 'Parquet'] as const)(
    'in %s may have its columns in another order and letter case',
    async (format) => {
      const columns = COLUMNS.toReversed();
      const cased = format === 'CSV' ? columns.map((name) => name.toUpperCase()) : columns;

      const rows = await rowsOf(await open(inventory({ rows: LISTED, format, columns: cased })));

      expect(rows).toStrictEqual(await rowsOf(await open(inventory({ rows: LISTED }))));
    },
  );

  it.each(['CSV', 'Parquet'] as const)('in %s without sizes tells them as unknown', async (format) => {
    const columns = COLUMNS.filter((name) => name !== 'Size');

    const rows = await rowsOf(await open(inventory({ rows: LISTED, format, columns })));

    expect(rows.map(({ size }) => size)).toStrictEqual(['unknown', 'unknown', 'unknown', 'unknown']);
  });

  it.each(['CSV', 'Parquet'] as const)(
    'in %s tells event holds where it lists them, and says that it does',
    async (format) => {
      const columns = [...COLUMNS, 'ObjectLockEventHoldStatus'];
      const held = [{ key: 'a', mode: 'Governance', until: '2027-11-01T08:00:00.000Z', eventHold: 'On' }];

      const listing = await open(inventory({ rows: held, format, columns }));

      expect(listing.tellsEventHolds).toBe(true);
      expect(await rowsOf(listing)).toMatchObject([{ lock: { retention: { eventHeld: true } } }]);
      expect((await open(inventory({ rows: held, format }))).tellsEventHolds).toBe(false);
    },
  );

  it('in Parquet keeps what looks encoded as it is', async () => {
    const rows = [{ key: 'a%20b+c' }];

    expect(await rowsOf(await open(inventory({ rows, format: 'Parquet' })))).toMatchObject([
      { key: 'a%20b+c' },
    ]);
  });

  it.each(['CSV', 'Parquet'] as const)('in %s of no versions at all is empty', async (format) => {
    expect(await rowsOf(await open(inventory({ rows: [], format, files: 0 })))).toStrictEqual([]);
  });

  it('may be walked in parts, which together are the whole', async () => {
    const written = inventory({ rows: LISTED, files: 3 });
    const source = new FolderSource(inFolder(written));
    const manifest = await readManifest(source, 'manifest.json');

    const parts = await Promise.all(
      manifest.files.map(async (file) =>
        rowsOf(new InventoryListing(source, 'manifest.json', manifest, [file])),
      ),
    );

    expect(parts.flat()).toStrictEqual(await rowsOf(await open(written)));
  });

  it('names rows of Parquet that cannot be read, by file and row', async () => {
    const rows = [
      { key: 'a' },
      { key: 'b', mode: 'Strict', until: '2027-11-01T08:00:00.000Z' },
      { key: 'c' },
    ];

    const batches = await allOf((await open(inventory({ rows, format: 'Parquet', groupRows: 1 }))).batches());

    expect(batches.flatMap((batch) => batch.rows.map(({ key }) => key))).toStrictEqual(['a', 'c']);
    expect(batches.flatMap(({ unreadable }) => unreadable)).toStrictEqual([
      { where: expect.stringMatching(/0\.parquet, row 2$/), why: 'the lock mode is "Strict"' },
    ]);
  });

  it('is taken a group of rows at a time where it is Parquet', async () => {
    const rows = Array.from({ length: 4_000 }, (_, at) => ({ key: `k${at}` }));
    const listing = await open(inventory({ rows, format: 'Parquet', groupRows: 1_000 }));

    const sizes = (await allOf(listing.batches())).map((batch) => batch.rows.length);

    expect(sizes).toStrictEqual([1_000, 1_000, 1_000, 1_000]);
  });
});

describe('an inventory that cannot be planned from is refused', () => {
  it.each([
    [['ObjectLockMode'], 'ObjectLockMode'],
    [
      ['ObjectLockRetainUntilDate', 'ObjectLockMode', 'ObjectLockLegalHoldStatus'],
      'ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus',
    ],
    [['VersionId', 'IsLatest', 'IsDeleteMarker'], 'VersionId, IsLatest, IsDeleteMarker'],
    [['LastModifiedDate'], 'LastModifiedDate'],
  ])('without %j: they are named', async (left, named) => {
    for (const format of ['CSV', 'Parquet'] as const) {
      const columns = COLUMNS.filter((name) => !left.includes(name));

      await expect(open(inventory({ rows: LISTED, format, columns }))).rejects.toMatchObject({
        code: 'bad-input',
        exitCode: 2,
        message: expect.stringContaining(`has no ${named}: what is not listed cannot be judged`),
      });
    }
  });

  it('in ORC: by name', async () => {
    await expect(
      open(inventory({ rows: LISTED }, (manifest) => ({ ...manifest, fileFormat: 'ORC' }))),
    ).rejects.toMatchObject({ code: 'bad-input', message: expect.stringContaining('is in ORC') });
  });

  it.each<[string, (manifest: Record<string, unknown>) => Record<string, unknown>]>([
    ['without files', (manifest) => ({ ...manifest, files: undefined })],
    ['without a moment', (manifest) => ({ ...manifest, creationTimestamp: 'today' })],
    ['that is something else', () => ({ hello: 'world' })],
  ])('as a manifest %s', async (_, edit) => {
    await expect(open(inventory({ rows: LISTED }, edit))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('is no manifest of an S3 Inventory'),
    });
  });

  it('as a manifest that is no JSON', async () => {
    const written = inventory({ rows: LISTED });
    const checksum = written.manifest.replace('.json', '.checksum');
    const objects = { ...written.objects, [checksum]: Buffer.of() };

    await expect(
      open(replacing({ ...written, objects }, written.manifest, Buffer.from('"a","b"'))),
    ).rejects.toMatchObject({ code: 'bad-input' });
  });

  it('where the manifest is not the one of its checksum', async () => {
    const written = inventory({ rows: LISTED });
    const key = written.manifest.replace('.json', '.checksum');

    await expect(open(replacing(written, key, Buffer.from(md5(Buffer.from('other')))))).rejects.toMatchObject(
      {
        code: 'moved',
        exitCode: 9,
        message: expect.stringContaining('manifest.checksum says'),
      },
    );
  });

  it.each(['CSV', 'Parquet'] as const)('where a file in %s has another MD5', async (format) => {
    const written = inventory({ rows: LISTED, format });
    const other = inventory({ rows: [...LISTED, { key: 'z' }], format });
    const [key] = written.data;

    await expect(
      rowsOf(await open(replacing(written, key, other.objects[key ?? ''] ?? Buffer.of()))),
    ).rejects.toMatchObject({
      code: 'moved',
      exitCode: 9,
      message: expect.stringMatching(/0\.(csv\.gz|parquet) has the MD5/),
    });
  });

  it.each([
    ['is cut short', (whole: Buffer) => whole.subarray(0, whole.length - 9)],
    ['is no gzip at all', () => Buffer.from('"acme-docs","a"\n')],
    ['is empty', () => Buffer.of()],
  ])('where a file %s, although its MD5 is as announced', async (_, breaking) => {
    const { data, objects } = inventory({ rows: LISTED });
    const [key = ''] = data;
    const broken = breaking(objects[key] ?? Buffer.of());
    const written = inventory({ rows: LISTED }, (manifest) => ({
      ...manifest,
      files: [{ key, size: broken.length, MD5checksum: md5(broken) }],
    }));

    await expect(rowsOf(await open(replacing(written, key, broken)))).rejects.toMatchObject({
      code: 'moved',
      message: expect.stringContaining('is no whole gzip file'),
    });
  });

  it('where a file in Parquet is none, although its MD5 is as announced', async () => {
    const body = gzipSync('no parquet at all');
    const { data } = inventory({ rows: LISTED, format: 'Parquet' });
    const [key = ''] = data;
    const written = inventory({ rows: LISTED, format: 'Parquet' }, (manifest) => ({
      ...manifest,
      files: [{ key, size: body.length, MD5checksum: md5(body) }],
    }));

    await expect(rowsOf(await open(replacing(written, key, body)))).rejects.toMatchObject({
      code: 'moved',
      message: expect.stringContaining('0.parquet is no whole Parquet file'),
    });
  });

  it.each(['CSV', 'Parquet'] as const)('where a file in %s lists another bucket', async (format) => {
    const rows = [...LISTED, { key: 'x', bucket: 'other' }];

    await expect(rowsOf(await open(inventory({ rows, format })))).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining(
        'lists "x" of the bucket "other", and the manifest is about acme-docs',
      ),
    });
  });
});

describe('the fingerprint of an inventory', () => {
  it('is the same for the same report, and another one for any other', async () => {
    const one = await open(inventory({ rows: LISTED }));
    const again = await open(inventory({ rows: LISTED }));
    const others = [
      inventory({ rows: LISTED.slice(1) }),
      inventory({ rows: LISTED, created: Date.UTC(2026, 10, 19) }),
      inventory({ rows: LISTED, format: 'Parquet' }),
    ];

    expect(again.fingerprint()).toBe(one.fingerprint());
    for (const other of others) expect((await open(other)).fingerprint()).not.toBe(one.fingerprint());
  });
});

describe('where an inventory lies', () => {
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;
  beforeAll(async () => {
    embedded = await startEmbedded();
    client = embedded.clientFor();
    bucket = await makeBucket(client, 'versioned');
  });
  afterAll(async () => {
    await embedded.close();
  });

  it.each(['CSV', 'Parquet'] as const)('may be a bucket: in %s it is the same there', async (format) => {
    const written = inventory({ rows: LISTED, format, files: 2, groupRows: 2 });
    for (const [Key, Body] of Object.entries(written.objects))
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    const source = new BucketSource(client, bucket);

    const listing = new InventoryListing(
      source,
      written.manifest,
      await readManifest(source, written.manifest),
    );

    expect(listing.source).toBe(`s3://${bucket}/${written.manifest}`);
    expect(await rowsOf(listing)).toStrictEqual(await rowsOf(await open(written)));
  });

  it('may be one folder to which the manifest and its files were copied', async () => {
    const written = inventory({ rows: LISTED, files: 2 });
    const path = inFolder(written);
    const folder = dirname(path);
    const data = join(folder, '..', 'data');
    for (const name of readdirSync(data)) copyFileSync(join(data, name), join(folder, basename(name)));
    rmSync(data, { recursive: true });
    // Without its checksum beside it, a manifest is taken as it is.
    rmSync(join(folder, 'manifest.checksum'));
    const source = new FolderSource(path);

    const listing = new InventoryListing(
      source,
      'manifest.json',
      await readManifest(source, 'manifest.json'),
    );

    expect(await rowsOf(listing)).toHaveLength(4);
  });

  it('a file that is not there is named, in a bucket', async () => {
    const written = inventory({ rows: LISTED }, (manifest) => ({
      ...manifest,
      files: [{ key: 'lists/gone.csv.gz', size: 9, MD5checksum: md5(Buffer.of()) }],
    }));
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: written.manifest,
        Body: written.objects[written.manifest] ?? '',
      }),
    );
    const source = new BucketSource(client, bucket);
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: written.manifest.replace('.json', '.checksum'),
        Body: md5(written.objects[written.manifest]),
      }),
    );
    const listing = new InventoryListing(
      source,
      written.manifest,
      await readManifest(source, written.manifest),
    );

    await expect(rowsOf(listing)).rejects.toMatchObject({
      code: 'moved',
      message: expect.stringContaining(`s3://${bucket}/lists/gone.csv.gz is not there`),
    });
  });

  it('a file that is not there is named', async () => {
    const written = inventory({ rows: LISTED });
    const path = inFolder(written);
    rmSync(join(dirname(path), '..', 'data'), { recursive: true });
    writeFileSync(join(dirname(path), 'other.csv.gz'), '');
    const source = new FolderSource(path);
    const listing = new InventoryListing(
      source,
      'manifest.json',
      await readManifest(source, 'manifest.json'),
    );

    await expect(rowsOf(listing)).rejects.toMatchObject({
      code: 'moved',
      message: expect.stringMatching(/0\.csv\.gz is not there/),
    });
  });
});

describe('taking an inventory', () => {
  it('batch by batch reads no more than is taken, and may stop', async () => {
    const rows = Array.from({ length: 40_000 }, (_, at) => ({
      key: `some/longer/key/${at}/${(at * 7919) % 40_000}`,
    }));
    const listing = await open(inventory({ rows, files: 4 }));
    const taken: ListedBatch[] = [];

    for await (const batch of listing.batches()) {
      taken.push(batch);
      break;
    }

    expect(taken[0]?.rows.length).toBeGreaterThan(0);
    expect(taken[0]?.rows.length).toBeLessThanOrEqual(10_000);
    expect(taken[0]?.done).toBeLessThan(0.5);
  });
});
