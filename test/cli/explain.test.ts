import { DeleteObjectCommand, PutObjectRetentionCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';

const POLICY = `version: 1
rules:
  - name: invoices
    match: { prefix: invoices/, tags: { class: final } }
    lock: { mode: GOVERNANCE, for: P1Y }
  - name: logs
    match: { prefix: logs/ }
    lock: { mode: GOVERNANCE, for: P1D }
`;

describe('holdfast explain', () => {
  const policy = fileOf('policy.yaml', POLICY);
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;

  beforeAll(async () => {
    embedded = await startEmbedded({ stranger: ['s3:GetObject', 's3:GetObjectVersion'] });
    client = embedded.clientFor();
    bucket = await makeBucket(client);
  });
  afterAll(async () => {
    await embedded.close();
  });

  const explain = async (key: string, more: readonly string[] = [], user = 'owner'): Promise<Ran> =>
    holdfast(
      ['explain', `s3://${bucket}/${key}`, '--policy', policy, '--endpoint', embedded.s3.url, ...more],
      {
        AWS_ACCESS_KEY_ID: user,
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
    );

  it('names the rules that matched, those that did not, the arithmetic and the stored lock', async () => {
    const { versionId } = await upload(client, bucket, 'invoices/a+b.pdf', { Tagging: 'class=final' });

    const { code, out } = await explain('invoices/a+b.pdf');

    expect(code).toBe(0);
    expect(out).toContain(`version ${versionId}`);
    expect(out).toContain('stored: no retention');
    expect(out).toMatch(/✔ invoices\n.*created .*\n.*\+ P1Y = /);
    expect(out).toContain('✘ logs\n    prefix: logs/: its key is "invoices/a+b.pdf"');
    expect(out).toContain('write it: there is no active lock');
  });

  it('explains one version of several, with what is stored on it', async () => {
    const older = await upload(client, bucket, 'invoices/v', { Tagging: 'class=draft' });
    await upload(client, bucket, 'invoices/v', { Tagging: 'class=final' });
    const Retention = { Mode: 'COMPLIANCE' as const, RetainUntilDate: new Date('2031-01-01T00:00:00Z') };
    await client.send(
      new PutObjectRetentionCommand({
        Bucket: bucket,
        Key: older.key,
        VersionId: older.versionId,
        Retention,
      }),
    );

    const { out } = await explain('invoices/v', [`--version-id=${older.versionId}`, '--json']);

    expect(JSON.parse(out)).toMatchObject({
      version: { versionId: older.versionId },
      stored: 'COMPLIANCE until 2031-01-01T00:00:00Z',
      mode: null,
      rules: [{ rule: 'invoices', verdict: 'not-matched', failed: 'tag class: final' }, { rule: 'logs' }],
    });
  });

  it('says of a marker, a missing key and a denied read what they are', async () => {
    await upload(client, bucket, 'logs/hidden');
    const { VersionId } = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'logs/hidden' }));

    expect(await explain('logs/hidden', [`--version-id=${VersionId ?? ''}`])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is a delete marker'),
    });
    expect(await explain('never')).toMatchObject({ code: 2, err: expect.stringContaining('is not there') });
    expect(await explain('logs/hidden', [], 'stranger')).toMatchObject({
      code: 4,
      err: expect.stringContaining('s3:GetObject'),
    });
  });

  it.each([
    ['no address', ['explain', 'bucket/key', '--policy', policy], 2, 'write it as s3://bucket/key'],
    ['no key', ['explain', 's3://bucket/', '--policy', policy], 2, 'write it as s3://bucket/key'],
    [
      'a key of 1,025 bytes',
      ['explain', `s3://b/${'k'.repeat(1_025)}`, '--policy', policy],
      2,
      '1,024 bytes',
    ],
    [
      'a store that nobody knows',
      ['explain', 's3://b/k', '--policy', policy, '--provider', 'r2'],
      2,
      'name one of aws',
    ],
    [
      'a store that is not there',
      ['explain', 's3://b/k', '--policy', policy, '--endpoint', 'http://127.0.0.1:9'],
      5,
      'check the endpoint',
    ],
  ])('answers %s with one sentence', async (_, args, expectedCode, expected) => {
    const { code, err } = await holdfast(args, {
      AWS_ACCESS_KEY_ID: 'owner',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });

    expect(code).toBe(expectedCode);
    expect(err).toContain(expected);
  });
});
