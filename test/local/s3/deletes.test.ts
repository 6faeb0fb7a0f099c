import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  type BucketVersioningStatus,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';
import { md5, send } from './support/raw.ts';

let server: RunningS3;
let s3: S3Client;

beforeAll(async () => {
  server = await startS3();
  s3 = clientOf(server);
  await s3.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
  for (const Bucket of ['plain', 'kept', 'paused']) await s3.send(new CreateBucketCommand({ Bucket }));
  await version('kept', 'Enabled');
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

const version = (Bucket: string, Status: BucketVersioningStatus) =>
  s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

const put = async (Bucket: string, Key: string, Body = 'x'): Promise<string | undefined> =>
  (await s3.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;

async function ids(Bucket: string, Key: string): Promise<(string | undefined)[]> {
  const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
  return [...(page.DeleteMarkers ?? []), ...(page.Versions ?? [])].map((each) => each.VersionId);
}

describe('without versioning', () => {
  it('a deletion removes the object, and removes nothing as gladly', async () => {
    await put('plain', 'k');

    const first = await s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k' }));
    const second = await s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k' }));

    expect([first.DeleteMarker, second.$metadata.httpStatusCode, await ids('plain', 'k')]).toStrictEqual([
      undefined,
      204,
      [],
    ]);
  });

  it('only the null version can be named', async () => {
    await put('plain', 'n');

    const read = s3.send(new GetObjectCommand({ Bucket: 'plain', Key: 'n', VersionId: 'null' }));
    const named = s3.send(
      new GetObjectCommand({ Bucket: 'plain', Key: 'n', VersionId: 'HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD' }),
    );

    expect((await read).ContentLength).toBe(1);
    expect(await refusalOf(named)).toStrictEqual({ code: 'InvalidArgument', status: 400 });
  });

  it.each([true, false])('a bypass of %s is refused', async (BypassGovernanceRetention) => {
    const one = s3.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'k', BypassGovernanceRetention }));
    const many = s3.send(
      new DeleteObjectsCommand({
        Bucket: 'plain',
        Delete: { Objects: [{ Key: 'k' }] },
        BypassGovernanceRetention,
      }),
    );

    const expected = { code: 'InvalidArgument', status: 400 };
    expect([await refusalOf(one), await refusalOf(many)]).toStrictEqual([expected, expected]);
  });
});

describe('with versioning', () => {
  it('a deletion hides the key under a marker, and taking the marker away brings it back', async () => {
    const id = await put('kept', 'k', 'hello');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket: 'kept', Key: 'k' }));

    const hidden = await refusalOf(s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'k' })));
    const named = await s3.send(new HeadObjectCommand({ Bucket: 'kept', Key: 'k', VersionId: id }));
    const removed = await s3.send(
      new DeleteObjectCommand({ Bucket: 'kept', Key: 'k', VersionId: marker.VersionId }),
    );
    const back = await s3.send(new HeadObjectCommand({ Bucket: 'kept', Key: 'k' }));

    expect([
      marker.DeleteMarker,
      hidden,
      named.ContentLength,
      removed.DeleteMarker,
      back.VersionId,
    ]).toStrictEqual([true, { code: 'NoSuchKey', status: 404 }, 5, true, id]);
  });

  it('tells by headers that a key is hidden, and which methods a marker takes', async () => {
    await put('kept', 'h');
    const { VersionId = '' } = await s3.send(new DeleteObjectCommand({ Bucket: 'kept', Key: 'h' }));

    const hidden = await send(server.url, { path: '/kept/h' });
    const named = await send(server.url, { path: '/kept/h', query: { versionId: VersionId } });

    expect([hidden.headers['x-amz-delete-marker'], hidden.headers['x-amz-version-id']]).toStrictEqual([
      'true',
      VersionId,
    ]);
    expect([named.status, named.code, named.headers.allow]).toStrictEqual([
      405,
      'MethodNotAllowed',
      'DELETE',
    ]);
    expect(named.text).toContain('<Method>GET</Method><ResourceType>DeleteMarker</ResourceType>');
  });

  it('a version goes once and is gone twice', async () => {
    const VersionId = await put('kept', 'twice');
    const remove = () => s3.send(new DeleteObjectCommand({ Bucket: 'kept', Key: 'twice', VersionId }));

    await remove();
    const again = await remove();
    const read = s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'twice', VersionId }));

    expect(again.$metadata.httpStatusCode).toBe(204);
    expect(await refusalOf(read)).toStrictEqual({ code: 'NoSuchVersion', status: 404 });
  });

  it.each(['short', 'HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD', ''])(
    'the id %p was never made here',
    async (versionId) => {
      const methods = ['GET', 'HEAD', 'DELETE'];

      const answers = await Promise.all(
        methods.map((method) => send(server.url, { method, path: '/kept/k', query: { versionId } })),
      );

      expect(answers.map((answer) => answer.status)).toStrictEqual([400, 400, 400]);
    },
  );

  it('a tampered id is known for one', async () => {
    const id = (await put('kept', 'tampered')) ?? '';

    const call = s3.send(
      new DeleteObjectCommand({ Bucket: 'kept', Key: 'tampered', VersionId: `${id.slice(0, -4)}ABCD` }),
    );

    expect(await refusalOf(call)).toStrictEqual({ code: 'InvalidArgument', status: 400 });
  });
});

describe('with versioning suspended', () => {
  beforeAll(async () => {
    await version('paused', 'Enabled');
    await put('paused', 'k', 'kept');
    await version('paused', 'Suspended');
  });

  it('uploads and deletions replace the null version and leave the others', async () => {
    const [kept] = await ids('paused', 'k');
    const written = await put('paused', 'k', 'null version');
    const afterPut = await ids('paused', 'k');
    const marker = await s3.send(new DeleteObjectCommand({ Bucket: 'paused', Key: 'k' }));
    const afterDelete = await ids('paused', 'k');

    expect([written, afterPut]).toStrictEqual([undefined, ['null', kept]]);
    expect([marker.DeleteMarker, marker.VersionId, afterDelete]).toStrictEqual([
      true,
      'null',
      ['null', kept],
    ]);
  });
});

describe('under Object Lock', () => {
  const until = (days: number): Date => new Date(Date.now() + days * 86_400_000);

  async function lockedVersion(
    Mode: 'GOVERNANCE' | 'COMPLIANCE',
  ): Promise<{ Key: string; VersionId: string | undefined }> {
    const Key = `${Mode}-${Math.random()}`;
    const VersionId = await put('locked', Key);
    await s3.send(
      new PutObjectRetentionCommand({
        Bucket: 'locked',
        Key,
        VersionId,
        Retention: { Mode, RetainUntilDate: until(1) },
      }),
    );
    return { Key, VersionId };
  }

  it.each([
    ['GOVERNANCE', false, 'refused'],
    ['GOVERNANCE', true, 'deleted'],
    ['COMPLIANCE', false, 'refused'],
    ['COMPLIANCE', true, 'refused'],
  ] as const)('%s with bypass %s is %s', async (mode, bypass, outcome) => {
    const target = await lockedVersion(mode);
    const input = { Bucket: 'locked', ...(bypass ? { BypassGovernanceRetention: true } : {}) };

    const many = await s3.send(new DeleteObjectsCommand({ ...input, Delete: { Objects: [target] } }));
    const one = s3.send(new DeleteObjectCommand({ ...input, ...target }));

    if (outcome === 'deleted') {
      expect(many.Deleted).toStrictEqual([target]);
      await expect(one).resolves.toBeDefined();
    } else {
      expect(many.Errors).toStrictEqual([
        {
          ...target,
          Code: 'AccessDenied',
          Message: 'Access Denied because object protected by object lock.',
        },
      ]);
      expect(await refusalOf(one)).toStrictEqual({ code: 'AccessDenied', status: 403 });
    }
  });

  it('a marker may always cover a locked version, and go again', async () => {
    const { Key } = await lockedVersion('COMPLIANCE');

    const marker = await s3.send(new DeleteObjectCommand({ Bucket: 'locked', Key }));
    const removed = await s3.send(
      new DeleteObjectCommand({ Bucket: 'locked', Key, VersionId: marker.VersionId }),
    );

    expect([marker.DeleteMarker, removed.DeleteMarker]).toStrictEqual([true, true]);
  });
});

describe('many at once', () => {
  it('tells of each key by itself', async () => {
    const id = await put('kept', 'm1');

    const answer = await s3.send(
      new DeleteObjectsCommand({
        Bucket: 'kept',
        Delete: { Objects: [{ Key: 'm1', VersionId: id }, { Key: 'm2' }, { Key: 'm3', VersionId: 'bogus' }] },
      }),
    );

    expect(answer.Deleted?.map((each) => [each.Key, each.VersionId, each.DeleteMarker])).toStrictEqual([
      ['m1', id, undefined],
      ['m2', undefined, true],
    ]);
    expect(answer.Errors?.map((each) => [each.Key, each.Code])).toStrictEqual([['m3', 'NoSuchVersion']]);
  });

  it('tells of failures alone when asked to be quiet', async () => {
    const answer = await s3.send(
      new DeleteObjectsCommand({ Bucket: 'kept', Delete: { Quiet: true, Objects: [{ Key: 'q' }] } }),
    );

    expect([answer.Deleted, answer.Errors]).toStrictEqual([undefined, undefined]);
  });

  const document = (count: number): string =>
    `<Delete>${Array.from({ length: count }, (_, i) => `<Object><Key>k${i}</Key></Object>`).join('')}</Delete>`;

  it.each([
    ['none', document(0), true, 400, 'MalformedXML'],
    ['a thousand', document(1000), true, 200, undefined],
    ['a thousand and one', document(1001), true, 400, 'MalformedXML'],
    ['no proof of the body', document(1), false, 400, 'InvalidRequest'],
    ['an object without a key', '<Delete><Object/></Delete>', true, 400, 'MalformedXML'],
  ])('%s', async (_what, body, proven, status, code) => {
    const answer = await send(server.url, {
      method: 'POST',
      path: '/plain',
      query: { delete: '' },
      body,
      headers: proven ? { 'content-md5': md5(body) } : {},
    });

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });
});
