import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';

const Bucket = 'locked';
const Key = 'k';
const deny = (accessKeyId: string, ...actions: string[]) => ({
  accessKeyId,
  secretAccessKey: `${accessKeyId}-secret`,
  deny: actions,
});
const PRINCIPALS = [
  deny('owner'),
  deny('blind', 's3:GetObjectRetention', 's3:GetObjectLegalHold', 's3:GetObjectTagging'),
  deny('held', 's3:BypassGovernanceRetention'),
  deny('unlisted', 's3:ListBucket'),
  deny('unlocked', 's3:PutObjectRetention', 's3:PutObjectLegalHold'),
  deny('current', 's3:GetObjectVersion', 's3:GetObjectVersionTagging', 's3:DeleteObjectVersion'),
];

let server: RunningS3;
let owner: S3Client;
let VersionId: string | undefined;
const clients: S3Client[] = [];

const as = (accessKeyId: string): S3Client => {
  const client = clientOf(server, { accessKeyId, secretAccessKey: `${accessKeyId}-secret` });
  clients.push(client);
  return client;
};

beforeAll(async () => {
  server = await startS3({ principals: PRINCIPALS });
  owner = as('owner');
  await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const stored = await owner.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: 'x',
      Tagging: 'a=b',
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(Date.now() + 86_400_000),
      ObjectLockLegalHoldStatus: 'OFF',
    }),
  );
  VersionId = stored.VersionId;
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await server.close();
});

const denied = { code: 'AccessDenied', status: 403 };

describe('who may not see a lock', () => {
  it('reads the object without a word about it', async () => {
    const blind = as('blind');

    const head = await blind.send(new HeadObjectCommand({ Bucket, Key }));
    const open = await owner.send(new HeadObjectCommand({ Bucket, Key }));

    expect([
      head.ObjectLockMode,
      head.ObjectLockRetainUntilDate,
      head.ObjectLockLegalHoldStatus,
      head.TagCount,
    ]).toStrictEqual([undefined, undefined, undefined, undefined]);
    expect([open.ObjectLockMode, open.ObjectLockLegalHoldStatus, open.TagCount]).toStrictEqual([
      'GOVERNANCE',
      'OFF',
      1,
    ]);
  });

  it('is refused when asking for it', async () => {
    expect(await refusalOf(as('blind').send(new GetObjectRetentionCommand({ Bucket, Key })))).toStrictEqual(
      denied,
    );
  });
});

it('a bypass without the permission bypasses nothing', async () => {
  const call = as('held').send(
    new DeleteObjectCommand({ Bucket, Key, VersionId, BypassGovernanceRetention: true }),
  );

  expect(await refusalOf(call)).toStrictEqual(denied);
});

it('who may not list does not learn which keys are missing', async () => {
  const read = await refusalOf(as('unlisted').send(new GetObjectCommand({ Bucket, Key: 'missing' })));
  const head = await refusalOf(as('unlisted').send(new HeadObjectCommand({ Bucket, Key: 'missing' })));
  const allowed = await refusalOf(owner.send(new GetObjectCommand({ Bucket, Key: 'missing' })));

  expect([read, head.status, allowed]).toStrictEqual([denied, 403, { code: 'NoSuchKey', status: 404 }]);
});

it.each([
  [
    'retention',
    { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: new Date(Date.now() + 86_400_000) },
  ],
  ['a legal hold', { ObjectLockLegalHoldStatus: 'ON' }],
] as const)('an upload with %s needs the permission to lock', async (_what, lock) => {
  const unlocked = as('unlocked');

  const locked = unlocked.send(new PutObjectCommand({ Bucket, Key: 'u', Body: 'x', ...lock }));

  expect(await refusalOf(locked)).toStrictEqual(denied);
  await expect(unlocked.send(new PutObjectCommand({ Bucket, Key: 'u', Body: 'x' }))).resolves.toBeDefined();
});

describe('naming a version', () => {
  it.each([
    ['to read it', (s3: S3Client) => s3.send(new GetObjectCommand({ Bucket, Key, VersionId }))],
    ['to read its tags', (s3: S3Client) => s3.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }))],
    ['to delete it', (s3: S3Client) => s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))],
  ])('%s is an action of its own', async (_what, call) => {
    expect(await refusalOf(call(as('current')))).toStrictEqual(denied);
  });

  it('is judged key by key in a multi-delete', async () => {
    const answer = await as('current').send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId }, { Key: 'other' }] } }),
    );

    expect([answer.Errors?.[0]?.Code, answer.Deleted?.[0]?.Key]).toStrictEqual(['AccessDenied', 'other']);
  });
});

describe('the expected owner', () => {
  it.each([
    ['the owner', '123456789012', undefined],
    ['somebody else', '210987654321', denied],
  ])('%s', async (_what, ExpectedBucketOwner, expected) => {
    const call = owner.send(new GetObjectCommand({ Bucket, Key, ExpectedBucketOwner }));

    if (expected) expect(await refusalOf(call)).toStrictEqual(expected);
    else await expect(call).resolves.toBeDefined();
  });

  it('must be an account id', async () => {
    const call = owner.send(new GetObjectCommand({ Bucket, Key, ExpectedBucketOwner: 'me' }));

    expect(await refusalOf(call)).toStrictEqual({ code: 'InvalidBucketOwnerAWSAccountID', status: 400 });
  });
});
