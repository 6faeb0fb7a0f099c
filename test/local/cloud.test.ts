import { CreateBucketCommand, PutObjectCommand, PutObjectTaggingCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyBatches, type FoundBatch } from '../../lib/audit/verify.ts';
import { S3AuditStore } from '../../lib/aws/s3-audit-store.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';

const POLICY = `version: 1
rules:
  - name: everything
    lock: { mode: GOVERNANCE, for: P1D }
  - name: by-tag
    match: { tags: { class: invoice } }
    lock: { mode: COMPLIANCE, for: P10Y }
    settle: PT1S
`;

interface Outcome {
  readonly phase: string;
  readonly key: string;
  readonly outcome?: string;
  readonly decidedBy?: string;
}

// The function runs as its bundle, from dist/, in an environment of its own: as it would in Lambda.
describe('the local cloud', () => {
  let cloud: Cloud;
  let client: S3Client;
  const Bucket = 'docs';

  /** The next outcome about a key, other than that it waits. */
  const outcomeOf = async (key: string): Promise<Outcome> =>
    new Promise((resolve) => {
      const onRecord = (record: object): void => {
        const seen = record as Outcome;
        if (seen.key !== key || seen.phase !== 'outcome' || seen.outcome === 'settling') return;
        cloud.output.off('record', onRecord);
        resolve(seen);
      };
      cloud.output.on('record', onRecord);
    });

  beforeAll(async () => {
    const policyFile = join(mkdtempSync(join(tmpdir(), 'holdfast-cloud-')), 'policy.yaml');
    writeFileSync(policyFile, POLICY);
    cloud = await startCloud({ policyFile });
    const { url: endpoint, region, credentials } = cloud;
    client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  }, 20_000);
  afterAll(async () => {
    client.destroy();
    await cloud.close();
  });

  it('locks an upload', async () => {
    const outcome = outcomeOf('plain 😀+%.txt');

    await client.send(new PutObjectCommand({ Bucket, Key: 'plain 😀+%.txt', Body: 'x' }));

    expect(await outcome).toMatchObject({ outcome: 'locked', decidedBy: 'everything' });
  });

  it('lets tags settle by way of the queue, then locks by them', async () => {
    const outcome = outcomeOf('tagged.txt');

    await client.send(
      new PutObjectCommand({ Bucket, Key: 'tagged.txt', Body: 'x', Tagging: 'class=invoice' }),
    );

    expect(await outcome).toMatchObject({ outcome: 'locked', decidedBy: 'by-tag' });
  });

  it('looks again when tags change', async () => {
    const first = outcomeOf('later.txt');
    await client.send(new PutObjectCommand({ Bucket, Key: 'later.txt', Body: 'x' }));
    await first;
    const second = outcomeOf('later.txt');

    const Tagging = { TagSet: [{ Key: 'class', Value: 'invoice' }] };
    await client.send(new PutObjectTaggingCommand({ Bucket, Key: 'later.txt', Tagging }));

    expect(await second).toMatchObject({ outcome: 'mode-weaker', decidedBy: 'by-tag' });
  });

  it('says why an upload into a bucket without lock stays unlocked', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'open' }));
    const outcome = outcomeOf('open.txt');

    await client.send(new PutObjectCommand({ Bucket: 'open', Key: 'open.txt', Body: 'x' }));

    expect(await outcome).toMatchObject({ outcome: 'no-lock-on-bucket' });
  });

  it('parks a message that is no event, with a record', async () => {
    const parked = new Promise<object>((resolve) => {
      cloud.output.on('record', (record) => {
        if (record.action === 'parked') resolve(record);
      });
    });

    cloud.publish({
      id: 'x',
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: 'docs' } },
    });

    expect(await parked).toMatchObject({ detail: expect.stringContaining('no S3 event') });
  });

  it('keeps its records chained and under lock, and finds nothing wrong with them', async () => {
    const control = new S3Client({
      endpoint: cloud.control.url,
      region: 'us-east-1',
      credentials: cloud.control.credentials,
      forcePathStyle: true,
    });
    const found: FoundBatch[] = [];
    const bucket = cloud.bucketOf('AuditBucket');
    for await (const batch of new S3AuditStore({ client: control, bucket }).read()) found.push(batch);
    control.destroy();

    const { records, findings } = verifyBatches(found);

    expect(findings).toStrictEqual([]);
    expect(records).toBeGreaterThan(5);
  });

  it('answers each message of one batch for itself, and counts without naming keys', async () => {
    const keys = Array.from({ length: 10 }, (_, at) => `batch/${at}-secret-name`);
    const outcomes = keys.map(outcomeOf);
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    await Promise.all(outcomes);
    const lines: string[] = [];
    const onLog = (line: string): number => lines.push(line);
    cloud.output.on('log', onLog);
    const created = (name: string, key: string): string =>
      JSON.stringify({
        version: '0',
        id: key,
        source: 'aws.s3',
        'detail-type': 'Object Created',
        time: new Date().toISOString(),
        detail: { bucket: { name }, object: { key } },
      });
    const bodies = [
      ...keys.map((key) => created(Bucket, key)),
      created(cloud.bucketOf('AuditBucket'), 'foreign'),
      'poison',
    ];

    const answer = await cloud.invoke('onObjectEvent', {
      Records: bodies.map((body, at) => ({
        messageId: `m${at}`,
        receiptHandle: `r${at}`,
        body,
        attributes: { ApproximateReceiveCount: '1' },
        messageAttributes: {},
        eventSource: 'aws:sqs',
      })),
    });
    cloud.output.off('log', onLog);

    const metrics = lines.filter((line) => line.includes('"_aws"')).map((line) => JSON.parse(line) as object);
    expect(answer).toStrictEqual({ batchItemFailures: [] });
    expect(metrics).toContainEqual(
      expect.objectContaining({
        service: 'uploads',
        Parked: 1,
        ForeignBucket: 1,
        _aws: expect.objectContaining({
          CloudWatchMetrics: [expect.objectContaining({ Namespace: 'Holdfast', Dimensions: [['service']] })],
        }),
      }),
    );
    expect(JSON.stringify(metrics)).not.toContain('secret-name');
    expect(JSON.stringify(metrics)).toContain('"found-in-place":[1,1,1,1,1,1,1,1,1,1]');
  });

  it('runs the sweep as its schedule would', async () => {
    expect(await cloud.invoke('onSweep', {})).toMatchObject({ docs: { finished: true, sent: 0 } });
  });
});

describe('the wiring of the local cloud', () => {
  it('is that of serverless.yml: without the function, nothing starts', async () => {
    const root = mkdtempSync(join(tmpdir(), 'holdfast-wiring-'));
    const file = readFileSync('serverless.yml', 'utf8');
    const withoutFunction = file
      .replace(/^ {2}onObjectEvent:\n(?: {4}.*\n|\n)+/m, '')
      .replaceAll('*environment', '{}');
    writeFileSync(join(root, 'serverless.yml'), withoutFunction);

    await expect(startCloud({ root, policyFile: 'unused' })).rejects.toThrow('no function takes from it');
  });
});
