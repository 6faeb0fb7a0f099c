import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PlanStart } from '../../../lib/app/bulk-plan.ts';
import { type Bulk, composeBulk } from '../../../lib/compose/bulk.ts';
import { formatInstant } from '../../../lib/lock/instant.ts';
import { systemClock } from '../../../lib/aws/system-clock.ts';
import { writeInventory } from '../../../local/inventory/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { fileOf } from '../../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const POLICY = fileOf(
  'policy.yaml',
  'version: 1\nrules: [{ name: r, lock: { mode: GOVERNANCE, for: P1D } }]\n',
);
const ROLE = 'arn:aws:iam::123456789012:role/holdfast-batch';

let embedded: Embedded;
let client: S3Client;
let config: string;
let lists: string;
let bucket: string;

beforeAll(async () => {
  embedded = await startEmbedded();
  client = embedded.clientFor();
  process.env.AWS_ACCESS_KEY_ID = 'owner';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  process.env.AWS_REGION = 'us-east-1';
  [config, lists, bucket] = await Promise.all([
    makeBucket(client, 'versioned'),
    makeBucket(client, 'plain'),
    makeBucket(client),
  ]);
  for (const key of ['a', 'b', 'c']) await upload(client, bucket, key);
});
afterAll(async () => {
  await embedded.close();
});

const compose = (more: Readonly<Record<string, string>> = {}): Bulk =>
  composeBulk(
    {
      HOLDFAST_POLICY: POLICY,
      HOLDFAST_MAXIMUM: 'P12Y',
      HOLDFAST_ENFORCE: 'apply',
      HOLDFAST_BUCKETS: bucket,
      HOLDFAST_QUEUE_URL: 'http://127.0.0.1:9/queue',
      HOLDFAST_CONFIG_BUCKET: config,
      HOLDFAST_AUDIT_BUCKET: 'audit',
      HOLDFAST_AUDIT_LOG_GROUP: 'records',
      HOLDFAST_BREAKER_VERSIONS: '1',
      HOLDFAST_BREAKER_BYTES: '1',
      HOLDFAST_COUNT_QUEUE_URL: 'http://127.0.0.1:9/count',
      HOLDFAST_CHANGE_QUEUE_URL: 'http://127.0.0.1:9/change',
      HOLDFAST_BATCH_ROLE: ROLE,
      HOLDFAST_ENGINE: 'auto',
      HOLDFAST_TOLERANCE: 'P1DT12H',
      HOLDFAST_MOST_VERSIONS: '10',
      HOLDFAST_MOST_USD: '2.5',
      HOLDFAST_MOST_PERCENT: '20',
      AWS_ENDPOINT_URL_S3: embedded.s3.url,
      ...more,
    },
    { metrics: new Metrics(), logger: new Logger({ logLevel: 'SILENT' }) },
  );
const listed = async (id: string, now = Date.now()): Promise<string> =>
  (await writeInventory({ source: client, bucket, destinationBucket: lists, id, now, rowsPerFile: 2 })).key;
const startOf = (key: string, hash: string): PlanStart => ({
  ...{ plan: 'p-0123456789abcdef', manifest: { bucket: lists, key }, hash, parts: 2 },
  ...{
    created: '2026-11-20T00:00:00Z',
    policy: 'p',
    tolerance: 0,
    started: formatInstant(systemClock.now()),
  },
});

describe('what the bulk functions are made of', () => {
  it('keeps to the guardrails of the deployment, and asks for everything newly under COMPLIANCE', () => {
    expect(compose().planning).toMatchObject({
      rails: { versions: 10, usd: 2.5, share: 0.2, newlyCompliance: 0 },
      tolerance: 36 * 3_600_000,
      choice: 'auto',
    });
  });

  it('has bulk jobs where there is a role for them and the store is S3 itself', () => {
    const elsewhere = { HOLDFAST_STORE: 'ceph-rgw', HOLDFAST_STORE_ENDPOINT: embedded.s3.url };

    expect(compose().planning.hasBatch).toBe(true);
    expect(compose({ HOLDFAST_BATCH_ROLE: '' }).planning.hasBatch).toBe(false);
    expect(compose(elsewhere).planning.hasBatch).toBe(false);
  });

  it('looks for inventories in the places that are named', () => {
    expect(compose().inventories).toStrictEqual([]);
    expect(compose({ HOLDFAST_INVENTORIES: 's3://a/b, s3://c/d,' }).inventories).toStrictEqual([
      's3://a/b',
      's3://c/d',
    ]);
  });

  it('finds an inventory of a managed bucket that is new enough, and no other', async () => {
    const day = 86_400_000;
    const key = await listed('new');
    await listed('old', Date.now() - 30 * day);

    expect(await compose().newestInventory(`s3://${lists}/${bucket}/new`)).toMatchObject({
      ...{ bucket: lists, key, files: 2, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(await compose().newestInventory(`s3://${lists}/${bucket}/old`)).toBeUndefined();
    expect(await compose().newestInventory(`s3://${lists}/${bucket}/none`)).toBeUndefined();
    const foreign = compose({ HOLDFAST_BUCKETS: 'another' });
    expect(await foreign.newestInventory(`s3://${lists}/${bucket}/new`)).toBeUndefined();
  });

  it('opens one file of the inventory that the plan was begun with', async () => {
    const key = await listed('parts');
    const found = await compose().newestInventory(`s3://${lists}/${bucket}/parts`);
    const { open } = compose().planning;
    const counts: number[] = [];
    for (const part of [0, 1]) {
      const listing = await open(startOf(key, found?.hash ?? ''), part);
      let count = 0;
      for await (const { rows } of listing.batches()) count += rows.length;
      counts.push(count);
    }

    expect(counts).toStrictEqual([2, 1]);
    await client.send(
      new PutObjectCommand({ Bucket: lists, Key: key.replace('.json', '.checksum'), Body: '0'.repeat(32) }),
    );
    await expect(open(startOf(key, found?.hash ?? ''), 0)).rejects.toMatchObject({ code: 'moved' });
    await listed('parts');
    await expect(open(startOf(key, found?.hash ?? ''), 0)).rejects.toMatchObject({
      ...{ code: 'moved', message: expect.stringContaining('is not what the plan was begun with') },
    });
  });

  it('bounds runs by guardrails and not by the breaker of uploads, and by the brake all the same', async () => {
    const { brake } = await compose().planned();
    const body = { paused: true, reason: 'an audit', by: 'somebody', at: '2026-11-20T12:00:00Z' };
    await client.send(
      new PutObjectCommand({ Bucket: config, Key: 'brake.json', Body: JSON.stringify(body) }),
    );

    expect(await brake.admit({ versions: 1_000_000, bytes: 1_000_000_000 })).toBeUndefined();
    expect(await brake.pausedBecause()).toContain('an audit');
  });
});
