import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { verifyBatches } from '../../../lib/audit/verify.ts';
import { S3AuditStore } from '../../../lib/aws/s3-audit-store.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { allOf, deed, makeAuditBucket, writerTo } from '../../helpers/records.ts';

describe('S3AuditStore', () => {
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;
  let store: S3AuditStore;

  beforeAll(async () => {
    embedded = await startEmbedded({ stranger: ['s3:*'] });
    client = embedded.clientFor();
  });
  afterAll(async () => {
    await embedded.close();
  });
  beforeEach(async () => {
    bucket = await makeAuditBucket(client);
    store = new S3AuditStore({ client, bucket });
  });

  const put = async (name: string, ...lines: string[]): Promise<void> => store.put({ name, lines });

  it('stores a batch as one object, which the default rule of the bucket locks', async () => {
    await put('2026/11/20/a/1', 'one', 'two');

    const head = await client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: 'records/2026/11/20/a/1.ndjson.gz' }),
    );
    expect(head).toMatchObject({ ObjectLockMode: 'GOVERNANCE', ContentType: 'application/x-ndjson' });
  });

  it('reads batches in the order of their names, with the time that the store gave them', async () => {
    const began = Math.floor(Date.now() / 1_000) * 1_000;
    await put('2026/11/20/b/1', 'b');
    await put('2026/11/20/a/1', 'a1', 'a2');

    const found = await allOf(store.read());

    expect(found).toMatchObject([
      { name: '2026/11/20/a/1', text: 'a1\na2\n', versions: 1 },
      { name: '2026/11/20/b/1', text: 'b\n', versions: 1 },
    ]);
    expect(found.every(({ storedAt = 0 }) => storedAt >= began && storedAt <= Date.now())).toBe(true);
  });

  it('reads and names the batches of a prefix alone', async () => {
    await put('2026/11/19/a/1', 'x');
    await put('2026/11/20/a/1', 'y');

    expect((await allOf(store.read('2026/11/20/'))).map(({ text }) => text)).toStrictEqual(['y\n']);
    expect(await allOf(store.names('2026/11/19'))).toStrictEqual(['2026/11/19/a/1']);
    expect(await allOf(store.names('2025'))).toStrictEqual([]);
  });

  it('reads the first version of a batch that somebody wrote over, and says that there are more', async () => {
    await put('a', 'true');
    const Body = gzipSync('false\n');
    await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'records/a.ndjson.gz', Body, ChecksumAlgorithm: 'SHA256' }),
    );

    expect(await allOf(store.read())).toMatchObject([{ text: 'true\n', versions: 2 }]);
  });

  it('reads a batch that somebody hid behind a delete marker', async () => {
    await put('a', 'still here');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'records/a.ndjson.gz' }));

    expect(await allOf(store.read())).toMatchObject([{ name: 'a', text: 'still here\n' }]);
  });

  it('gives no text for an object that cannot be unpacked', async () => {
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'records/a.ndjson.gz',
        Body: 'not packed',
        ChecksumAlgorithm: 'SHA256',
      }),
    );

    const [batch] = await allOf(store.read());

    expect(batch).toMatchObject({ name: 'a', text: undefined });
  });

  it('lists more batches than one page holds', async () => {
    const names = Array.from({ length: 1_003 }, (_, at) => `2026/11/20/a/${String(at).padStart(4, '0')}`);
    // A machine that is busy does not open a thousand connections within the patience of the client.
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map(async (name) => put(name, 'x')));

    expect(await allOf(store.names('2026'))).toStrictEqual(names);
  }, 30_000);

  it('holds chains that verify, times included', async () => {
    const writer = writerTo(store, 'a');
    const now = new Date().toISOString();
    await Promise.all([writer.append(deed(now)), writer.append(deed(now))]);
    await writer.append(deed(now));

    expect(verifyBatches(await allOf(store.read()))).toStrictEqual({
      batches: 2,
      records: 3,
      writers: 1,
      findings: [],
    });
  });

  it('fails for those who may not write, and for those who may not read', async () => {
    const denied = new S3AuditStore({ client: embedded.clientFor('stranger'), bucket });

    await expect(denied.put({ name: 'a', lines: ['x'] })).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(allOf(denied.read())).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});
