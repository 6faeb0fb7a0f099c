/** What a bucket's own settings forbid: its policy, and MFA Delete. */
import {
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketReplicationCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';

const denied = { code: 'AccessDenied', status: 403 };
const USER = 'arn:aws:iam::123456789012:user/user';

let server: RunningS3;
let owner: S3Client;
let user: S3Client;
let Bucket = '';
let count = 0;

beforeAll(async () => {
  const secretAccessKey = 'secret';
  server = await startS3({
    principals: [
      { accessKeyId: 'owner', secretAccessKey },
      { accessKeyId: 'user', secretAccessKey },
    ],
  });
  owner = clientOf(server, { accessKeyId: 'owner', secretAccessKey });
  user = clientOf(server, { accessKeyId: 'user', secretAccessKey });
});
beforeEach(async () => {
  Bucket = `policed-${(count += 1)}`;
  await owner.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
});
afterAll(async () => {
  owner.destroy();
  user.destroy();
  await server.close();
});

const deny = async (statement: object): Promise<string> => {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Resource: `arn:aws:s3:::${Bucket}/*`, ...statement }],
  });
  await owner.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  return Policy;
};
const put = async (Key = 'k'): Promise<{ Bucket: string; Key: string; VersionId: string | undefined }> => {
  const { VersionId } = await owner.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  return { Bucket, Key, VersionId };
};

describe('a bucket policy', () => {
  it('is given back as it came, until it is deleted', async () => {
    const Policy = await deny({ Action: 's3:GetObject' });

    expect((await owner.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    expect((await owner.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus).toStrictEqual({
      IsPublic: false,
    });
    await owner.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await refusalOf(owner.send(new GetBucketPolicyCommand({ Bucket })))).toStrictEqual({
      code: 'NoSuchBucketPolicy',
      status: 404,
    });
  });

  it('denies the one action to the one user, and nothing else', async () => {
    const { VersionId, ...at } = await put();
    await deny({ Principal: { AWS: USER }, Action: ['s3:GetObject'] });

    expect(await refusalOf(user.send(new GetObjectCommand(at)))).toStrictEqual(denied);
    await expect(user.send(new HeadObjectCommand({ ...at, VersionId }))).resolves.toBeDefined();
    await expect(owner.send(new GetObjectCommand(at))).resolves.toBeDefined();
  });

  it.each(['arn:aws:iam::123456789012:root', '123456789012'])(
    'that names the account (%s) means all of its users',
    async (AWS) => {
      const { Key } = await put();
      const at = { Bucket, Key };
      await deny({ Principal: { AWS }, Action: 's3:GetObject' });

      expect(await refusalOf(user.send(new GetObjectCommand(at)))).toStrictEqual(denied);
    },
  );

  it('reaches as far as its resources, with wildcards', async () => {
    const [inside, outside] = [await put('private/k'), await put('public/k')];
    await deny({ Action: 's3:Get*', Resource: `arn:aws:s3:::${Bucket}/private/*` });

    expect(await refusalOf(owner.send(new GetObjectCommand(inside)))).toStrictEqual(denied);
    await expect(owner.send(new GetObjectCommand(outside))).resolves.toBeDefined();
  });

  it('is asked for every key of DeleteObjects', async () => {
    const [kept, gone] = [await put('kept'), await put('gone')];
    await deny({ Action: 's3:DeleteObjectVersion', Resource: `arn:aws:s3:::${Bucket}/kept` });
    const Objects = [kept, gone].map(({ Key, VersionId }) => ({ Key, VersionId }));

    const { Deleted, Errors } = await owner.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));

    expect(Deleted).toMatchObject([{ Key: 'gone' }]);
    expect(Errors).toMatchObject([{ Key: 'kept', Code: 'AccessDenied' }]);
  });

  it.each([
    ['that is not JSON', 'no'],
    ['without statements', '{}'],
    ['with another effect', JSON.stringify({ Statement: { Effect: 'Perhaps' } })],
  ])('%s is refused', async (_, Policy) => {
    expect(await refusalOf(owner.send(new PutBucketPolicyCommand({ Bucket, Policy })))).toStrictEqual({
      code: 'MalformedPolicy',
      status: 400,
    });
  });

  it('with a condition is refused, since none is judged here', async () => {
    const refused = refusalOf(
      deny({ Action: 's3:GetObject', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );

    expect(await refused).toStrictEqual({ code: 'NotImplemented', status: 501 });
  });
});

describe('MFA Delete', () => {
  const enable = async (MFA?: string): Promise<unknown> =>
    owner.send(
      new PutBucketVersioningCommand({
        Bucket,
        ...(MFA !== undefined && { MFA }),
        VersioningConfiguration: { Status: 'Enabled', MFADelete: 'Enabled' },
      }),
    );

  it('is enabled only with a code, and told', async () => {
    expect(await refusalOf(enable())).toStrictEqual(denied);
    await enable('serial 123456');

    const { MFADelete } = await owner.send(new GetBucketVersioningCommand({ Bucket }));

    expect(MFADelete).toBe('Enabled');
  });

  it('lets a version be deleted only with a code; a marker needs none', async () => {
    const version = await put();
    await enable('serial 123456');

    expect(await refusalOf(owner.send(new DeleteObjectCommand(version)))).toStrictEqual(denied);
    await owner.send(new DeleteObjectCommand({ ...version, MFA: 'serial 123456' }));
    await owner.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));

    expect(await refusalOf(owner.send(new GetObjectCommand(version)))).toMatchObject({ status: 404 });
  });
});

describe('a replication configuration', () => {
  const ReplicationConfiguration = {
    Role: 'arn:aws:iam::123456789012:role/r',
    Rules: [{ Status: 'Enabled' as const, Destination: { Bucket: 'arn:aws:s3:::elsewhere' } }],
  };

  it('is kept and given back', async () => {
    await owner.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));

    const stored = await owner.send(new GetBucketReplicationCommand({ Bucket }));
    await owner.send(new DeleteBucketReplicationCommand({ Bucket }));

    expect(stored.ReplicationConfiguration).toMatchObject(ReplicationConfiguration);
    expect(await refusalOf(owner.send(new GetBucketReplicationCommand({ Bucket })))).toStrictEqual({
      code: 'ReplicationConfigurationNotFoundError',
      status: 404,
    });
  });

  it('needs versions', async () => {
    Bucket = `${Bucket}-plain`;
    await owner.send(new CreateBucketCommand({ Bucket }));

    expect(
      await refusalOf(owner.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }))),
    ).toStrictEqual({ code: 'InvalidRequest', status: 400 });
  });
});
