import { CreateJobCommand, type CreateJobCommandInput } from '@aws-sdk/client-s3-control';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { refusalOf } from '../s3/support/client.ts';
import { controlClientOf, ROLE, startWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(async () => world.close());

const RETAIN = new Date('2036-01-01T00:00:00.123Z');
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:extend';
const REFUSED = { code: 'BadRequestException', status: 400 };

describe('a job is refused', () => {
  it.each<[string, Partial<CreateJobCommandInput>]>([
    ['without an operation', { Operation: {} }],
    [
      'with two operations',
      {
        Operation: {
          S3PutObjectLegalHold: { LegalHold: { Status: 'ON' } },
          S3PutObjectRetention: { Retention: {} },
        },
      },
    ],
    ['with an operation that is not offered', { Operation: { S3DeleteObjectTagging: {} } }],
    [
      'with a mode and no date',
      { Operation: { S3PutObjectRetention: { Retention: { Mode: 'GOVERNANCE' } } } },
    ],
    [
      'with a date and no mode',
      { Operation: { S3PutObjectRetention: { Retention: { RetainUntilDate: RETAIN } } } },
    ],
    ['with a function that is none', { Operation: { LambdaInvoke: { FunctionArn: 'extend' } } }],
    [
      'with arguments in the first schema',
      {
        Operation: {
          LambdaInvoke: { FunctionArn: FUNCTION, InvocationSchemaVersion: '1.0', UserArguments: { a: 'b' } },
        },
      },
    ],
    [
      'with arguments that are too long',
      {
        Operation: {
          LambdaInvoke: {
            FunctionArn: FUNCTION,
            InvocationSchemaVersion: '2.0',
            UserArguments: { a: 'b'.repeat(1025) },
          },
        },
      },
    ],
    ['without a manifest', { Manifest: undefined }],
    ['with a generated manifest', { ManifestGenerator: { S3JobManifestGenerator: generator() } }],
    ['with an empty token', { ClientRequestToken: '' }],
    ['with a token of 65 characters', { ClientRequestToken: 't'.repeat(65) }],
    ['with a priority below zero', { Priority: -1 }],
    ['with a report that has no bucket', { Report: { Enabled: true } }],
    ['with a description of 257 characters', { Description: 'd'.repeat(257) }],
    [
      'with a field that is none',
      {
        Manifest: {
          Spec: { Format: 'S3BatchOperations_CSV_20180820', Fields: ['Bucket', 'VersionId'] },
          Location: { ObjectArn: 'arn:aws:s3:::reports/m', ETag: 'e' },
        },
      },
    ],
    [
      'with a manifest in the form of generated ones',
      {
        Manifest: {
          Spec: { Format: 'S3InventoryReport_CSV_20211130' as 'S3InventoryReport_CSV_20161130' },
          Location: { ObjectArn: 'arn:aws:s3:::reports/m', ETag: 'e' },
        },
      },
    ],
  ])('%s', async (_what, change) => {
    const command = new CreateJobCommand({ ...(await world.jobOf({})), ...change });

    expect(await refusalOf(world.batch.send(command))).toStrictEqual(REFUSED);
  });

  it('for a role that nobody may pass', async () => {
    const RoleArn = `${ROLE}-of-somebody`;

    expect(await refusalOf(world.create({ RoleArn }))).toStrictEqual({ code: 'AccessDenied', status: 403 });
  });

  it('for another account', async () => {
    const refusal = await refusalOf(world.create({ AccountId: '210987654321' }));

    expect(refusal).toStrictEqual({ code: 'AccessDenied', status: 403 });
  });

  it.each([
    [{ accessKeyId: 'nobody', secretAccessKey: 'x' }, 'InvalidAccessKeyId'],
    [{ accessKeyId: 'holdfast', secretAccessKey: 'x' }, 'SignatureDoesNotMatch'],
  ])('to %j', async (credentials, code) => {
    const client = controlClientOf(world.control.url, credentials);
    const refusal = await refusalOf(client.send(new CreateJobCommand(await world.jobOf({}))));
    client.destroy();

    expect(refusal).toStrictEqual({ code, status: 403 });
  });
});

describe('the same token', () => {
  it('means the same job, and with other parameters an error', async () => {
    const job = await world.jobOf({ manifest: 'docs,key,version\n' });

    const first = await world.batch.send(new CreateJobCommand(job));
    const second = await world.batch.send(new CreateJobCommand(job));
    const other = world.batch.send(new CreateJobCommand({ ...job, Priority: 11 }));

    expect(second.JobId).toBe(first.JobId);
    expect(await refusalOf(other)).toStrictEqual({ code: 'IdempotencyException', status: 400 });
  });
});

function generator() {
  return {
    SourceBucket: 'arn:aws:s3:::docs',
    EnableManifestOutput: false,
    ExpectedBucketOwner: '123456789012',
  };
}
