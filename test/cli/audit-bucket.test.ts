import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { S3AuditStore } from '../../lib/aws/s3-audit-store.ts';
import { holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';
import { allOf, deed, locked, makeAuditBucket, writerTo } from '../helpers/records.ts';

// Each command is a process of its own.
jest.setTimeout(30_000);

describe('holdfast audit, on a bucket', () => {
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

  const environment = (user = 'owner'): Record<string, string> => ({
    AWS_ACCESS_KEY_ID: user,
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: embedded.s3.url,
    HOLDFAST_AUDIT_BUCKET: bucket,
  });
  const audit = async (...args: string[]): Promise<Ran> => holdfast(['audit', ...args], environment());
  const now = (): string => new Date().toISOString();

  it('shows the newest records of many batches and writers', async () => {
    const writers = ['a', 'b', 'c'].map((name) => writerTo(store, name));
    for (let at = 0; at < 10; at += 1)
      for (const writer of writers) await writer.append(locked(now(), `key-${at}`));

    const { out } = await audit('tail', '-n', '4', '--json');

    const shown = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; writer: string });
    expect(shown.map(({ key, writer }) => `${key} ${writer}`)).toStrictEqual([
      'key-8 c-1',
      'key-9 a-1',
      'key-9 b-1',
      'key-9 c-1',
    ]);
  });

  it('goes as far back as it must for the newest records', async () => {
    await writerTo(store, 'old').append(deed('2024-02-29T10:00:00Z'));

    expect((await audit('tail')).out).toContain('2024-02-29 10:00:00  swept');
  });

  it('follows what is recorded from now on, until Ctrl-C', async () => {
    const writer = writerTo(store, 'a');
    await writer.append(locked(now(), 'before'));
    const child = spawn(process.execPath, [resolve('cli/main.ts'), 'audit', 'tail', '--follow'], {
      env: { PATH: process.env.PATH ?? '', ...environment() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((done) => child.on('close', done));
    let out = '';
    const printed = async (text: string): Promise<void> =>
      new Promise((found) => {
        const look = (): void => {
          if (!out.includes(text)) return;
          child.stdout.off('data', look);
          found();
        };
        child.stdout.on('data', look);
        look();
      });
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));

    await printed('acme-docs/before');
    await writer.append(locked(now(), 'after'));
    await printed('acme-docs/after');
    child.kill('SIGINT');

    expect(await ended).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  });

  it('verifies what is stored, its times included', async () => {
    const writer = writerTo(store, 'a');
    await Promise.all([writer.append(deed(now())), writer.append(deed(now()))]);

    const { code, out } = await audit('verify', '--json');

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, batches: 1, records: 2, storedTimesCompared: true });
  });

  it('leaves out earlier days, and nothing that is later, when it starts from a day', async () => {
    const writer = writerTo(store, 'a');
    for (const day of ['2026-11-09', '2026-11-10', '2026-11-29', '2026-12-01', '2027-01-01', '2031-10-10'])
      await writer.append(deed(`${day}T10:00:00Z`));

    const { out } = await audit('search', '--since', '2026-11-10', '--json');

    const days = out
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { time: string }).time.slice(0, 10));
    expect(days).toStrictEqual(['2026-11-10', '2026-11-29', '2026-12-01', '2027-01-01', '2031-10-10']);
  });

  it('finds a batch that somebody wrote over, and a record that was made up later', async () => {
    await writerTo(store, 'a').append(deed(now()));
    await writerTo(store, 'backdated').append(deed('2026-01-01T00:00:00Z'));
    const name = (await allOf(store.names(''))).find((found) => found.includes('/a-1/')) ?? '';
    await client.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: `records/${name}.ndjson.gz`,
        Body: gzipSync('{}\n'),
        ChecksumAlgorithm: 'SHA256',
      }),
    );

    const { code, out } = await audit('verify');

    expect(code).toBe(7);
    expect(out).toContain(`forged  ${name}  its name has a second version`);
    expect(out).toContain('it says that it was made long before it was stored');
  });

  it.each<[string, Record<string, string>, number, string]>([
    ['the bucket is not there', { HOLDFAST_AUDIT_BUCKET: 'not-there' }, 2, 'there is no such bucket'],
    ['reading is denied', { AWS_ACCESS_KEY_ID: 'stranger' }, 4, 'it needs s3:ListBucketVersions'],
    ['the secret is wrong', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 4, 'does not accept the credentials'],
    ['the store is not there', { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' }, 5, 'check the endpoint'],
    ['nothing is stored', {}, 2, 'there are no records in the bucket'],
  ])('answers with one sentence when %s', async (_, env, expectedCode, expected) => {
    const { code, out, err } = await holdfast(['audit', 'verify'], { ...environment(), ...env });

    expect({ code, out }).toStrictEqual({ code: expectedCode, out: '' });
    expect(err).toContain(expected);
    expect(err).not.toContain('    at ');
  });
});
