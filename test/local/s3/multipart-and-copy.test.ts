import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type ChecksumAlgorithm,
  type CompletedPart,
  type CopyObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';

const Bucket = 'parts';
const LARGE = Buffer.alloc(5 * 1024 ** 2, 'a');
const SMALL = Buffer.from('the end');

let server: RunningS3;
let s3: S3Client;

beforeAll(async () => {
  server = await startS3();
  s3 = clientOf(server);
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

const begin = async (
  Key: string,
  extra: { ChecksumAlgorithm?: ChecksumAlgorithm } = {},
): Promise<string | undefined> =>
  (await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...extra }))).UploadId;

async function part(
  Key: string,
  UploadId: string | undefined,
  PartNumber: number,
  Body: Buffer,
  extra: { ChecksumAlgorithm?: ChecksumAlgorithm } = {},
): Promise<CompletedPart> {
  const uploaded = await s3.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...extra }),
  );
  return { ...uploaded, PartNumber };
}

const complete = (Key: string, UploadId: string | undefined, Parts: CompletedPart[]) =>
  s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));

const md5 = (data: Buffer): Buffer => createHash('md5').update(data).digest();

describe('an upload in parts', () => {
  it('becomes one object, readable part by part', async () => {
    const id = await begin('whole');
    const parts = [await part('whole', id, 2, LARGE), await part('whole', id, 7, SMALL)];

    const done = await complete('whole', id, parts);
    const second = await s3.send(new GetObjectCommand({ Bucket, Key: 'whole', PartNumber: 2 }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'whole' }));

    expect(done.ETag).toBe(`"${md5(Buffer.concat([md5(LARGE), md5(SMALL)])).toString('hex')}-2"`);
    expect([done.ChecksumType, done.ChecksumCRC64NVME]).toStrictEqual(['FULL_OBJECT', expect.any(String)]);
    expect([second.PartsCount, await second.Body?.transformToString()]).toStrictEqual([2, 'the end']);
    expect(head.ContentLength).toBe(LARGE.length + SMALL.length);
  });

  it('answers the same when it is completed again', async () => {
    const id = await begin('again');
    const parts = [await part('again', id, 1, SMALL)];

    const first = await complete('again', id, parts);
    const second = await complete('again', id, parts);

    expect(second.VersionId).toBe(first.VersionId);
  });

  it.each<[ChecksumAlgorithm, string]>([
    ['SHA256', 'COMPOSITE'],
    ['SHA1', 'COMPOSITE'],
    ['CRC32', 'COMPOSITE'],
    ['CRC32C', 'COMPOSITE'],
    ['CRC64NVME', 'FULL_OBJECT'],
  ])('under %s has a %s checksum', async (ChecksumAlgorithm, type) => {
    const Key = `checksum-${ChecksumAlgorithm}`;
    const id = await begin(Key, { ChecksumAlgorithm });
    const parts = [await part(Key, id, 1, SMALL, { ChecksumAlgorithm })];

    const done = await complete(Key, id, parts);
    const attributes = await s3.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key,
        ObjectAttributes: ['Checksum', 'ObjectParts', 'ObjectSize'],
      }),
    );

    const name = `Checksum${ChecksumAlgorithm}` as 'ChecksumSHA256';
    expect(done.ChecksumType).toBe(type);
    expect(done[name]).toMatch(type === 'COMPOSITE' ? /=-1$/ : /=$/);
    expect(attributes.Checksum?.[name]).toBe(done[name]?.replace('-1', ''));
    expect([attributes.ObjectParts?.TotalPartsCount, attributes.ObjectSize]).toStrictEqual([1, SMALL.length]);
  });

  it('lists its parts and itself until it is over', async () => {
    const id = await begin('listed');
    for (const number of [3, 1, 2]) await part('listed', id, number, SMALL);

    const page = await s3.send(new ListPartsCommand({ Bucket, Key: 'listed', UploadId: id, MaxParts: 2 }));
    const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'listed' }));
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key: 'listed', UploadId: id }));
    const after = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'listed' }));

    expect([
      page.Parts?.map((each) => each.PartNumber),
      page.IsTruncated,
      page.NextPartNumberMarker,
    ]).toStrictEqual([[1, 2], true, '2']);
    expect([uploads.Uploads?.map((each) => each.UploadId), after.Uploads]).toStrictEqual([[id], undefined]);
  });

  it.each<
    [
      string,
      (id: string | undefined, parts: CompletedPart[]) => [string | undefined, CompletedPart[]],
      string,
      number,
    ]
  >([
    ['an unknown upload', (_id, parts) => ['unknown', parts], 'NoSuchUpload', 404],
    ['no parts', (id) => [id, []], 'MalformedXML', 400],
    ['parts out of order', (id, parts) => [id, [...parts].reverse()], 'InvalidPartOrder', 400],
    [
      'a part that was not uploaded',
      (id, parts) => [id, [...parts, { PartNumber: 9, ETag: '"x"' }]],
      'InvalidPart',
      400,
    ],
    [
      'another etag',
      (id, parts) => [id, parts.map((each) => ({ ...each, ETag: '"x"' }))],
      'InvalidPart',
      400,
    ],
    ['a small part before the last', (id, parts) => [id, parts], 'EntityTooSmall', 400],
  ])('is refused with %s', async (_what, change, code, status) => {
    const id = await begin('refused');
    const parts = [await part('refused', id, 1, SMALL), await part('refused', id, 2, SMALL)];

    expect(await refusalOf(complete('refused', ...change(id, parts)))).toStrictEqual({ code, status });
  });

  it.each([0, 10_001])('has no part %i', async (number) => {
    const id = await begin('numbers');

    expect(await refusalOf(part('numbers', id, number, SMALL))).toStrictEqual({
      code: 'InvalidArgument',
      status: 400,
    });
  });

  it('keeps to its checksum algorithm', async () => {
    const id = await begin('strict', { ChecksumAlgorithm: 'SHA256' });

    const other = part('strict', id, 1, SMALL, { ChecksumAlgorithm: 'SHA1' });

    expect(await refusalOf(other)).toStrictEqual({ code: 'InvalidRequest', status: 400 });
  });

  it('obeys the condition that there be no object', async () => {
    const id = await begin('condition');
    const Parts = [await part('condition', id, 1, SMALL)];
    await s3.send(new PutObjectCommand({ Bucket, Key: 'condition', Body: 'first' }));

    const call = s3.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key: 'condition',
        UploadId: id,
        MultipartUpload: { Parts },
        IfNoneMatch: '*',
      }),
    );

    expect(await refusalOf(call)).toStrictEqual({ code: 'PreconditionFailed', status: 412 });
  });

  it('takes parts from other objects', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'digits', Body: '0123456789' }));
    const id = await begin('copied');
    const copyPart = (CopySourceRange: string) =>
      s3.send(
        new UploadPartCopyCommand({
          Bucket,
          Key: 'copied',
          UploadId: id,
          PartNumber: 1,
          CopySource: `${Bucket}/digits`,
          CopySourceRange,
        }),
      );

    const malformed = await refusalOf(copyPart('0-8'));
    const beyond = await refusalOf(copyPart('bytes=0-100'));
    const outside = await refusalOf(copyPart('bytes=100-200'));
    const { CopyPartResult } = await copyPart('bytes=2-4');
    await complete('copied', id, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
    const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'copied' }));

    expect([malformed.code, beyond.code, outside.code]).toStrictEqual([
      'InvalidArgument',
      'InvalidArgument',
      'InvalidRequest',
    ]);
    expect(await read.Body?.transformToString()).toBe('234');
  });
});

describe('a copy', () => {
  const source = 'folder/source ?+%.txt';
  const CopySource = `${Bucket}/${encodeURIComponent(source)}`;
  let VersionId: string | undefined;

  beforeAll(async () => {
    const stored = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: source,
        Body: 'old',
        Metadata: { a: 'b' },
        ContentType: 'text/x',
        Tagging: 't=1',
      }),
    );
    VersionId = stored.VersionId;
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: source,
        Body: 'new',
        Metadata: { a: 'b' },
        ContentType: 'text/x',
        Tagging: 't=1',
      }),
    );
  });

  const copy = (Key: string, extra: Partial<CopyObjectCommandInput> = {}) =>
    s3.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...extra }));

  it('takes bytes, metadata and tags along', async () => {
    await copy('all');

    const read = await s3.send(new GetObjectCommand({ Bucket, Key: 'all' }));
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'all' }));

    expect([await read.Body?.transformToString(), read.Metadata, read.ContentType, TagSet]).toStrictEqual([
      'new',
      { a: 'b' },
      'text/x',
      [{ Key: 't', Value: '1' }],
    ]);
  });

  it('replaces what it is told to replace', async () => {
    await copy('replaced', {
      MetadataDirective: 'REPLACE',
      Metadata: { c: 'd' },
      TaggingDirective: 'REPLACE',
      Tagging: 'u=2',
    });

    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'replaced' }));
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'replaced' }));

    expect([head.Metadata, head.ContentType, TagSet]).toStrictEqual([
      { c: 'd' },
      'binary/octet-stream',
      [{ Key: 'u', Value: '2' }],
    ]);
  });

  it('of an old version brings it back', async () => {
    const answer = await copy(source, { CopySource: `${CopySource}?versionId=${VersionId ?? ''}` });

    const read = await s3.send(new GetObjectCommand({ Bucket, Key: source }));

    expect([answer.CopySourceVersionId, await read.Body?.transformToString()]).toStrictEqual([
      VersionId,
      'old',
    ]);
  });

  it.each<[string, Partial<CopyObjectCommandInput>, string, number]>([
    ['onto itself without a change', { Key: source }, 'InvalidRequest', 400],
    ['of a missing key', { CopySource: `${Bucket}/missing` }, 'NoSuchKey', 404],
    ['of a missing bucket', { CopySource: 'missing-bucket/k' }, 'NoSuchBucket', 404],
    ['of nothing', { CopySource: Bucket }, 'InvalidArgument', 400],
    ['of another etag', { CopySourceIfMatch: '"x"' }, 'PreconditionFailed', 412],
    ['of what was changed since', { CopySourceIfUnmodifiedSince: new Date(0) }, 'PreconditionFailed', 412],
    ['by an unknown directive', { MetadataDirective: 'MERGE' as 'COPY' }, 'InvalidArgument', 400],
    ['from a bucket of somebody else', { ExpectedSourceBucketOwner: '210987654321' }, 'AccessDenied', 403],
  ])('%s is refused', async (_what, change, code, status) => {
    expect(await refusalOf(copy('refused', change))).toStrictEqual({ code, status });
  });

  it('of a delete marker is refused, named or on top', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'gone', Body: 'x' }));
    const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));

    const named = copy('refused', { CopySource: `${Bucket}/gone?versionId=${marker.VersionId ?? ''}` });
    const onTop = copy('refused', { CopySource: `${Bucket}/gone` });

    expect([await refusalOf(named), await refusalOf(onTop)]).toStrictEqual([
      { code: 'InvalidRequest', status: 400 },
      { code: 'NoSuchKey', status: 404 },
    ]);
  });
});
