import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateJobCommand,
  DescribeJobCommand,
  type JobDescriptor,
  type JobOperation,
  type S3ControlClient,
} from '@aws-sdk/client-s3-control';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { controlClientOf } from './control/support/world.ts';

const UNTIL = new Date('2036-01-01T00:00:00.000Z');
const Bucket = 'docs';

describe('the local cloud', () => {
  let cloud: Cloud;
  let s3: S3Client;
  let batch: S3ControlClient;

  beforeAll(async () => {
    const policyFile = join(mkdtempSync(join(tmpdir(), 'holdfast-batch-')), 'policy.yaml');
    writeFileSync(
      policyFile,
      'version: 1\nrules:\n  - name: none\n    match: { prefix: none/ }\n    lock: none\n',
    );
    cloud = await startCloud({ policyFile });
    const { url: endpoint, region, credentials } = cloud;
    s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    // The SDK reads this variable by itself, and would put the account before the address.
    process.env.AWS_ENDPOINT_URL_S3_CONTROL = cloud.batch.url;
    batch = controlClientOf(cloud.batch.url, cloud.credentials);
    await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  }, 20_000);
  afterAll(async () => {
    delete process.env.AWS_ENDPOINT_URL_S3_CONTROL;
    s3.destroy();
    batch.destroy();
    await cloud.close();
  });

  async function run(Operation: JobOperation): Promise<JobDescriptor> {
    const inventory = await cloud.inventory(Bucket);
    const head = await s3.send(new HeadObjectCommand({ Bucket: inventory.bucket, Key: inventory.key }));
    const { accountId: AccountId, roleArn: RoleArn } = cloud.batch;
    const { JobId } = await batch.send(
      new CreateJobCommand({
        AccountId,
        RoleArn,
        Operation,
        Priority: 1,
        ConfirmationRequired: false,
        Report: { Enabled: false },
        Manifest: {
          Spec: { Format: 'S3InventoryReport_CSV_20161130' },
          Location: { ObjectArn: `arn:aws:s3:::${inventory.bucket}/${inventory.key}`, ETag: head.ETag },
        },
      }),
    );
    for (;;) {
      const { Job = {} } = await batch.send(new DescribeJobCommand({ AccountId, JobId }));
      if (Job.Status === 'Complete' || Job.Status === 'Failed') return Job;
    }
  }

  it('lists a bucket and runs a job over the list', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'a b', Body: 'x' }));
    const Retention = { Mode: 'GOVERNANCE', RetainUntilDate: UNTIL } as const;

    const job = await run({ S3PutObjectRetention: { Retention } });
    const inventory = await cloud.inventory(Bucket, { fields: ['ObjectLockMode'], id: 'second' });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: inventory.bucket, Key: inventory.key }));
    const { files } = JSON.parse((await Body?.transformToString()) ?? '') as { files: { key: string }[] };
    const data = await s3.send(new GetObjectCommand({ Bucket: inventory.bucket, Key: files[0]?.key }));

    expect(job).toMatchObject({ Status: 'Complete', ProgressSummary: { NumberOfTasksSucceeded: 1 } });
    expect(await s3.send(new GetObjectRetentionCommand({ Bucket, Key: 'a b' }))).toMatchObject({ Retention });
    expect(gunzipSync((await data.Body?.transformToByteArray()) ?? '').toString()).toMatch(
      /^"docs","a\+b","[^"]+","true","false","Governance"\n$/,
    );
  });

  it('has jobs invoke the functions of the stack', async () => {
    const FunctionArn = 'arn:aws:lambda:us-east-1:123456789012:function:missing:3';

    const job = await run({ LambdaInvoke: { FunctionArn } });

    expect(job).toMatchObject({ Status: 'Complete', ProgressSummary: { NumberOfTasksFailed: 1 } });
  });
});
