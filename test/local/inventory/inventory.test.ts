import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parquetReadObjects } from 'hyparquet';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { type InventoryOptions, writeInventory } from '../../../local/inventory/index.ts';
import { type RunningS3, startS3 } from '../../../local/s3/index.ts';
import { clientOf } from '../s3/support/client.ts';

const NOW = Date.parse('2026-11-20T08:15:30.250Z');
const UNTIL = new Date('2036-01-01T00:00:00.123Z');
const Bucket = 'docs';
const KEY = 'a/ü +%"\n,.txt';
const ALL_COLUMNS =
  'Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass, IsMultipartUploaded, ReplicationStatus, EncryptionStatus, ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus, ObjectLockEventHoldStatus';
const LOCK_FIELDS = ['ObjectLockRetainUntilDate', 'ObjectLockMode', 'ObjectLockLegalHoldStatus'];

/** Keys, as they were written. */
const written: string[] = [];
let server: RunningS3;
let s3: S3Client;
let lockedId: string;
let markerId: string;
let customerId: string;

beforeAll(async () => {
  server = await startS3({ clock: () => NOW, notify: ({ key }) => written.push(key) });
  s3 = clientOf(server);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  await s3.send(new CreateBucketCommand({ Bucket: 'inventory' }));
  const lock = { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: UNTIL } as const;
  const put = async (Key: string, more: object): Promise<string> =>
    (await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'four', ...more }))).VersionId ?? '';
  lockedId = await put(KEY, { ...lock, ObjectLockLegalHoldStatus: 'ON' });
  const customer = Buffer.alloc(32, 1);
  customerId = await put('customer', {
    ...lock,
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: customer.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(customer).digest('base64'),
  });
  const { VersionId = '' } = await s3.send(new DeleteObjectCommand({ Bucket, Key: KEY }));
  markerId = VersionId;
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

async function bytes(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'inventory', Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

interface Manifest {
  readonly fileSchema: string;
  readonly files: readonly { readonly key: string; readonly size: number; readonly MD5checksum: string }[];
}

async function inventoryOf(options: Partial<InventoryOptions>) {
  const { key } = await writeInventory({
    source: s3,
    bucket: Bucket,
    destinationBucket: 'inventory',
    now: NOW,
    ...options,
  });
  const text = await bytes(key);
  const manifest = JSON.parse(text.toString()) as Manifest;
  const files = await Promise.all(manifest.files.map(async (file) => bytes(file.key)));
  return { key, text, manifest, files };
}

const linesOf = (files: readonly Buffer[]): string[] =>
  files.flatMap((file) => gunzipSync(file).toString().split('\n').slice(0, -1)).sort();

describe('an inventory in CSV', () => {
  it('lies where S3 puts it, with checksums that hold', async () => {
    const { key, text, manifest, files } = await inventoryOf({ prefix: 'lists/all', id: 'daily' });

    expect(key).toBe('lists/all/docs/daily/2026-11-20T08-15Z/manifest.json');
    expect(written.slice(-2)).toStrictEqual([key, key.replace('.json', '.checksum')]);
    expect((await bytes(key.replace('.json', '.checksum'))).toString()).toBe(
      createHash('md5').update(text).digest('hex'),
    );
    expect(manifest).toStrictEqual({
      sourceBucket: 'docs',
      destinationBucket: 'arn:aws:s3:::inventory',
      version: '2016-11-30',
      creationTimestamp: String(NOW),
      fileFormat: 'CSV',
      fileSchema: ALL_COLUMNS,
      files: files.map((file) => ({
        key: expect.stringMatching(/^lists\/all\/docs\/daily\/data\/[0-9a-f-]{36}\.csv\.gz$/),
        size: file.length,
        MD5checksum: createHash('md5').update(file).digest('hex'),
      })),
    });
  });

  it('lists every version with its lock, and markers, quoted and escaped', async () => {
    const { files } = await inventoryOf({});
    const key = 'a/%C3%BC+%2B%25%22%0A%2C.txt';
    const eTag = createHash('md5').update('four').digest('hex');

    expect(linesOf(files)).toStrictEqual(
      [
        `"docs","${key}","${lockedId}","false","false","4","2026-11-20T08:15:30.000Z","${eTag}","STANDARD","false","","SSE-S3","2036-01-01T00:00:00.123Z","Governance","On","Off"`,
        `"docs","${key}","${markerId}","true","true","","2026-11-20T08:15:30.000Z","","","","","","","","",""`,
        expect.stringMatching(
          new RegExp(
            `^"docs","customer","${customerId}","true","false","4",.*"SSE-C","2036-01-01T00:00:00.123Z","Governance","Off","Off"$`,
          ),
        ),
      ].sort((one, other) => (String(one) < String(other) ? -1 : 1)),
    );
  });

  it('leaves out fields, versions and small letters as asked', async () => {
    const current = await inventoryOf({
      versions: 'Current',
      fields: ['ObjectLockMode'],
      letterCase: 'upper',
    });
    const without = await inventoryOf({ fields: ['Size', 'LastModifiedDate'] });

    expect(current.manifest.fileSchema).toBe('Bucket, Key, ObjectLockMode');
    expect(linesOf(current.files)).toStrictEqual(['"docs","customer","GOVERNANCE"']);
    expect(LOCK_FIELDS.filter((field) => without.manifest.fileSchema.includes(field))).toStrictEqual([]);
  });

  it('comes in several files', async () => {
    const { files } = await inventoryOf({ rowsPerFile: 1 });

    expect(files.map((file) => linesOf([file]).length)).toStrictEqual([1, 1, 1]);
  });

  it('has an empty id for null versions', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'old' }));
    await s3.send(new PutObjectCommand({ Bucket: 'old', Key: 'k', Body: 'x' }));
    await s3.send(
      new PutBucketVersioningCommand({ Bucket: 'old', VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const { files } = await inventoryOf({ bucket: 'old', fields: ['Size'] });

    expect(linesOf(files)).toStrictEqual(['"old","k","","true","false","1"']);
  });

  it('tells of event holds', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'held', ObjectLockEnabledForBucket: true }));
    const key = Buffer.alloc(32, 1);
    const customer = {
      SSECustomerAlgorithm: 'AES256',
      SSECustomerKey: key.toString('base64'),
      SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
    };
    const hold = {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockEventHold: 'ON',
      ObjectLockEventHoldDurationDays: 30,
    } as const;
    await s3.send(new PutObjectCommand({ Bucket: 'held', Key: 'a', Body: 'x', ...hold }));
    await s3.send(new PutObjectCommand({ Bucket: 'held', Key: 'b', Body: 'x', ...hold, ...customer }));
    await s3.send(new PutObjectCommand({ Bucket: 'held', Key: 'c', Body: 'x' }));
    const { files } = await inventoryOf({
      bucket: 'held',
      versions: 'Current',
      fields: ['ObjectLockRetainUntilDate', 'ObjectLockEventHoldStatus'],
    });

    expect(linesOf(files)).toStrictEqual([
      '"held","a","2026-12-20T08:15:30.250Z","On"',
      '"held","b","2026-12-20T08:15:30.250Z","On"',
      '"held","c","",""',
    ]);
  });

  it('is refused with a field that is none, or in ORC', async () => {
    await expect(inventoryOf({ fields: ['Tags'] })).rejects.toThrow('an inventory has no field Tags');
    await expect(inventoryOf({ format: 'ORC' })).rejects.toThrow('ORC');
  });

  it('covers more than a page of a bucket', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'large' }));
    const keys = Array.from({ length: 1_001 }, (_, index) => `k ${index}`);
    await Promise.all(
      keys.map(async (Key) => s3.send(new PutObjectCommand({ Bucket: 'large', Key, Body: 'x' }))),
    );
    const { files } = await inventoryOf({ bucket: 'large', fields: [], versions: 'Current' });

    expect(linesOf(files)).toStrictEqual(keys.map((key) => `"large","${key.replace(' ', '+')}"`).sort());
  }, 30_000);
});

describe('an inventory in Parquet', () => {
  it('has the same rows, with keys as they are and dates to the millisecond', async () => {
    const { manifest, files } = await inventoryOf({ format: 'Parquet' });
    const [file] = files;
    const rows = await parquetReadObjects({ file: Uint8Array.from(file ?? []).buffer });

    expect(manifest.fileSchema).toBe(
      'message s3.inventory {  required binary bucket (STRING);  required binary key (STRING);  optional binary version_id (STRING);  optional boolean is_latest;  optional boolean is_delete_marker;  optional int64 size;  optional int64 last_modified_date (TIMESTAMP(MILLIS,true));  optional binary e_tag (STRING);  optional binary storage_class (STRING);  optional boolean is_multipart_uploaded;  optional binary replication_status (STRING);  optional binary encryption_status (STRING);  optional int64 object_lock_retain_until_date (TIMESTAMP(MILLIS,true));  optional binary object_lock_mode (STRING);  optional binary object_lock_legal_hold_status (STRING);  optional binary object_lock_event_hold_status (STRING);}',
    );
    expect(rows).toHaveLength(3);
    expect(rows.find((row) => row.version_id === lockedId)).toMatchObject({
      bucket: 'docs',
      key: KEY,
      is_latest: false,
      is_delete_marker: false,
      size: 4n,
      last_modified_date: new Date('2026-11-20T08:15:30Z'),
      object_lock_retain_until_date: UNTIL,
      object_lock_mode: 'Governance',
      object_lock_legal_hold_status: 'On',
    });
    expect(rows.find((row) => row.version_id === markerId)).toMatchObject({
      is_delete_marker: true,
      object_lock_mode: null,
    });
  });
});
