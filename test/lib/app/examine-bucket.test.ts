/** Doctor on a real store: what is tried shows who may do it, and changes nothing. */
import {
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  type ListObjectVersionsCommandInput,
  ListObjectVersionsCommand,
  PutBucketInventoryConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { examineBucket } from '../../../lib/app/examine-bucket.ts';
import { S3BucketSurvey } from '../../../lib/aws/s3-bucket-survey.ts';
import { S3EntryListing } from '../../../lib/aws/s3-entry-listing.ts';
import { s3Client } from '../../../lib/aws/s3-client.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { toolNamed } from '../../../lib/doctor/tools.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { TRIABLE } from '../../../lib/ports/bucket-survey.ts';
import { type Check } from '../../../lib/probe/check.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

/** What a store knows that knows objects, and little else. */
const SIMPLE = /^(CreateBucket|HeadBucket|HeadObject|PutObject|GetObject|ListObject.*)$/;
const DENIED = Object.fromEntries(TRIABLE.map((permission) => [permission.slice(3), [permission]]));

describe('doctor on a bucket', () => {
  let embedded: Embedded;
  let owner: S3Client;
  let writes: string[] = [];
  /** A bucket of a store that knows objects, and little else. */
  let simple = '';

  beforeAll(async () => {
    embedded = await startEmbedded(
      { ...DENIED, blind: ['s3:GetObject', 's3:GetObjectVersion'] },
      {
        fault: ({ operation, method, bucket = '' }) => {
          if (bucket === simple && !SIMPLE.test(operation))
            return { status: 501, code: 'NotImplemented', message: 'A header you provided implies …' };
          if (method !== 'GET' && method !== 'HEAD') writes.push(operation);
          return undefined;
        },
      },
    );
    owner = embedded.clientFor();
  });
  afterAll(async () => embedded.close());

  const examine = async (
    bucket: string,
    tool?: string,
    user?: string,
    client = embedded.clientFor(user),
  ): Promise<ReadonlyMap<string, Check>> => {
    const patient = {
      bucket,
      now: instantOf(Date.now()),
      isAmazon: true,
      connection: '',
      ...(tool !== undefined && { tool: toolNamed(tool) }),
    };
    const checks = await examineBucket(patient, {
      survey: new S3BucketSurvey(client),
      store: new S3LockStore({ client, provider: providerNamed('embedded') }),
      listing: new S3EntryListing(client),
      isDenied: (cause) => cause instanceof Error && cause.name === 'AccessDenied',
    });
    return new Map(checks.map((check) => [check.id, check]));
  };
  const contents = async (Bucket: string): Promise<unknown> => {
    const { Versions = [], DeleteMarkers = [] } = await owner.send(new ListObjectVersionsCommand({ Bucket }));
    const { Uploads = [] } = await owner.send(new ListMultipartUploadsCommand({ Bucket }));
    return { versions: Versions.map(({ VersionId }) => VersionId), DeleteMarkers, Uploads };
  };

  it.each([undefined, 'portworx', 'cloudback', 'kopia', 'restic', 'velero'])(
    'changes nothing, for %s',
    async (tool) => {
      const bucket = await makeBucket(owner);
      await upload(owner, bucket, 'k');
      const before = await contents(bucket);
      writes = [];

      await examine(bucket, tool);

      expect(await contents(bucket)).toStrictEqual(before);
      // What it sends beside reads finds nothing to act on; an upload is begun and given up.
      expect(writes.filter((write) => !HARMLESS.includes(write))).toStrictEqual([]);
    },
  );
  const HARMLESS = [
    'PutObjectRetention',
    'PutObjectLegalHold',
    'PutObjectTagging',
    'CreateMultipartUpload',
    'AbortMultipartUpload',
    'DeleteObject',
  ];

  const needed = (tool: string | undefined): readonly string[] =>
    tool === undefined
      ? ['s3:ListBucketVersions', 's3:GetObjectRetention', 's3:PutObjectRetention', 's3:PutObjectLegalHold']
      : toolNamed(tool).permissions;
  it.each(
    [undefined, 'portworx', 'cloudback', 'kopia', 'restic', 'velero'].flatMap((tool) =>
      needed(tool).map((permission) => [permission, tool] as const),
    ),
  )('tells that %s is missing, for %s', async (permission, tool) => {
    const bucket = await makeBucket(owner);

    const denied = await examine(bucket, tool, permission.slice(3));
    const allowed = await examine(bucket, tool);

    expect(denied.get(permission)).toMatchObject({ ok: false, seen: expect.stringMatching(/^denied/) });
    expect(allowed.get(permission)).toMatchObject({ ok: true, tried: true });
  });

  it('tells what a bucket policy denies', async () => {
    const bucket = await makeBucket(owner);
    const Policy = JSON.stringify({
      Statement: {
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:PutObjectLegalHold', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
        Resource: `arn:aws:s3:::${bucket}/*`,
      },
    });
    await owner.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));

    const checks = await examine(bucket);

    expect(checks.get('s3:PutObjectLegalHold')).toMatchObject({ ok: false, seen: 'denied' });
    expect(checks.get('s3:DeleteObjectVersion')).toMatchObject({ ok: true, tried: true, seen: 'denied' });
    expect(checks.get('s3:BypassGovernanceRetention')).toMatchObject({ ok: true, tried: true });
  });

  it('reads every setting that locks depend on', async () => {
    const Bucket = await makeBucket(owner);
    await owner.send(
      new PutBucketVersioningCommand({
        Bucket,
        MFA: 'serial 123456',
        VersioningConfiguration: { Status: 'Enabled', MFADelete: 'Enabled' },
      }),
    );
    await owner.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [{ ID: 'gone', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 3 } }],
        },
      }),
    );
    await owner.send(
      new PutBucketReplicationCommand({
        Bucket,
        ReplicationConfiguration: {
          Role: 'arn:aws:iam::123456789012:role/r',
          Rules: [{ Status: 'Enabled', Destination: { Bucket: 'arn:aws:s3:::copy' } }],
        },
      }),
    );
    await owner.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    await owner.send(
      new PutBucketInventoryConfigurationCommand({
        Bucket,
        Id: 'half',
        InventoryConfiguration: {
          Id: 'half',
          IsEnabled: true,
          IncludedObjectVersions: 'Current',
          Schedule: { Frequency: 'Daily' },
          OptionalFields: ['Size'],
          Destination: { S3BucketDestination: { Bucket: 'arn:aws:s3:::i', Format: 'CSV' } },
        },
      }),
    );

    const checks = await examine(Bucket);

    expect(checks.get('lifecycle')).toMatchObject({
      warning: true,
      seen: expect.stringContaining('gone (tmp/)'),
    });
    expect(checks.get('replication')).toMatchObject({
      warning: true,
      seen: expect.stringContaining('to copy'),
    });
    expect(checks.get('mfa-delete')).toMatchObject({ warning: true });
    expect(checks.get('events')).toMatchObject({ ok: true, seen: 'wired' });
    expect(checks.get('inventory')).toMatchObject({
      warning: true,
      seen: expect.stringMatching(/half shows current versions only, lacks ObjectLockRetainUntilDate/),
    });
  });

  it('looks at the newest and the oldest object of a tool, past markers and hidden versions', async () => {
    const bucket = await makeBucket(owner);
    const lock = {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: new Date(Date.now() + 30 * 86_400_000),
    } as const;
    await upload(owner, bucket, 'p-hidden');
    await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'p-hidden' }));
    await upload(owner, bucket, 'p1', lock);
    await upload(owner, bucket, 's-session');

    const checks = await examine(bucket, 'kopia');

    expect(checks.get('newest-locked')).toMatchObject({
      ok: true,
      tried: true,
      seen: expect.stringContaining('"p1"'),
    });
    expect(checks.get('oldest-locked')).toMatchObject({
      ok: true,
      tried: true,
      seen: expect.stringContaining('"p1"'),
    });
    await upload(owner, bucket, 'q2');
    expect((await examine(bucket, 'kopia')).get('newest-locked')).toMatchObject({ ok: false });
  });

  it('goes on where a store does not know a request, and calls it not tried', async () => {
    const bucket = await makeBucket(owner);
    simple = bucket;

    const checks = await examine(bucket);
    simple = '';

    expect(checks.get('object-lock')).toMatchObject({
      ok: false,
      seen: 'this store has no Object Lock (NotImplemented)',
    });
    for (const id of ['versioning', 'lifecycle', 'replication', 'mfa-delete', 'events', 'inventory'])
      expect(checks.get(id)).toMatchObject({ tried: false });
    expect(checks.get('s3:PutObjectRetention')).toMatchObject({
      tried: false,
      seen: 'the store answered NotImplemented',
    });
    expect(checks.get('s3:ListBucket')).toMatchObject({ ok: true, tried: true });
  });

  it('begins no upload that it may not give up', async () => {
    const bucket = await makeBucket(owner);

    const checks = await examine(bucket, 'kopia', 'AbortMultipartUpload');

    expect(checks.get('s3:PutObject')).toMatchObject({
      tried: false,
      seen: expect.stringContaining('without s3:AbortMultipartUpload'),
    });
    expect(await contents(bucket)).toMatchObject({ Uploads: [] });
  });

  it('looks past the first page of a listing, and says when there is too much', async () => {
    const bucket = await makeBucket(owner);
    for (let at = 0; at < 19; at += 1) await upload(owner, bucket, `a${at}`);
    await upload(owner, bucket, 'z', { ObjectLockLegalHoldStatus: 'ON' });
    const paged = embedded.clientFor();
    paged.middlewareStack.add(
      (next, context) => async (args) => {
        if (context.commandName === 'ListObjectVersionsCommand')
          (args.input as ListObjectVersionsCommandInput).MaxKeys = 1;
        return next(args);
      },
      { step: 'initialize' },
    );
    const newest = async (): Promise<Check | undefined> =>
      (await examine(bucket, 'portworx', undefined, paged)).get('newest-locked');

    const whole = await newest();
    await upload(owner, bucket, 'zz');

    expect(whole?.seen).toContain('"z"');
    expect(await newest()).toMatchObject({ tried: false, seen: expect.stringContaining('more lies there') });
  });

  it('does not call a bucket empty whose objects it may not read', async () => {
    const bucket = await makeBucket(owner);
    await upload(owner, bucket, 'p1');

    const checks = await examine(bucket, 'kopia', 'blind');

    for (const id of ['newest-locked', 'oldest-locked'])
      expect(checks.get(id)).toMatchObject({
        tried: false,
        seen: expect.stringContaining('s3:GetObjectVersion'),
      });
  });

  it('says that there is no such bucket', async () => {
    await expect(examine('no-such-bucket')).rejects.toMatchObject({ code: 'bad-input' });
  });
});

// A real server that nobody here wrote; test/servers/rgw-up.sh starts it, and CI does where it can be installed.
const rgw = process.env.HOLDFAST_TEST_RGW;
if (rgw !== undefined) {
  describe('doctor on a bucket of Ceph RGW', () => {
    const as = (user: string): S3Client =>
      s3Client({
        endpoint: rgw,
        credentials: { accessKeyId: `${user}access`, secretAccessKey: `${user}secret` },
      });

    it.each([
      ['test', 'allowed'],
      ['weak', 'denied'],
    ])('tells what the user %s may do, and changes nothing', async (user, seen) => {
      const owner = as('test');
      const client = as(user);
      const bucket = await makeBucket(owner);
      await upload(owner, bucket, 'k');
      const at = { Bucket: bucket };

      const checks = await examineBucket(
        { bucket, now: instantOf(Date.now()), isAmazon: false, connection: '' },
        {
          survey: new S3BucketSurvey(client),
          store: new S3LockStore({ client, provider: providerNamed('ceph-rgw') }),
          listing: new S3EntryListing(client),
          isDenied: (cause) => cause instanceof Error && cause.name === 'AccessDenied',
        },
      );

      const row = checks.find(({ id }) => id === 's3:ListBucket');
      expect(row).toMatchObject({ seen, ok: seen === 'allowed' });
      const writes = checks.filter(({ id }) => id.startsWith('s3:Put'));
      expect(writes.length).toBeGreaterThan(1);
      expect(writes.every(({ ok, tried }) => (seen === 'allowed' ? ok && tried : !tried))).toBe(true);
      const { Versions = [], DeleteMarkers = [] } = await owner.send(new ListObjectVersionsCommand(at));
      const { Uploads = [] } = await owner.send(new ListMultipartUploadsCommand(at));
      expect([Versions.length, DeleteMarkers, Uploads]).toStrictEqual([1, [], []]);
      for (const each of [owner, client]) each.destroy();
    });
  });
}
