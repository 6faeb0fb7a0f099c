import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { compareKeys } from '../../../local/s3/key-order.ts';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { clientOf, refusalOf } from './support/client.ts';
import { keyPath, send } from './support/raw.ts';

let server: RunningS3;
let s3: S3Client;

beforeAll(async () => {
  server = await startS3();
  s3 = clientOf(server);
});

afterAll(async () => {
  s3.destroy();
  await server.close();
});

const HOSTILE = [
  '?',
  '+',
  '%',
  '%2F',
  '%zz',
  'a b+c%20d',
  'line\nbreak',
  'tab\tand\rreturn',
  '\u0001control',
  '😀',
  '\ue000',
  'ключ',
  '//',
  'a//b',
  '/leading',
  'trailing/',
  '.',
  '..',
  '../up',
  './here/../there',
  ' ',
  'quote"and\'<&>',
  '#fragment',
  '&=;:@,$',
  '!*()~',
  'é'.repeat(500),
];

describe('keys of every kind', () => {
  const Bucket = 'hostile';

  beforeAll(() => s3.send(new CreateBucketCommand({ Bucket })));

  it.each(HOSTILE.map((key) => [key]))('%p is the key it was', async (key) => {
    const path = `/${Bucket}/${keyPath(key)}`;
    await send(server.url, { method: 'PUT', path, body: key });

    const read = await send(server.url, { path });
    const listed = await send(server.url, {
      path: `/${Bucket}`,
      query: { 'list-type': '2', prefix: key, 'max-keys': '1', 'encoding-type': 'url' },
    });

    const printed = /<Contents><Key>(.*?)<\/Key>/.exec(listed.text)?.[1] ?? '';
    expect([read.text, decodeURIComponent(printed.replaceAll('+', ' '))]).toStrictEqual([key, key]);
  });

  it('are listed in the order of their UTF-8 bytes', async () => {
    const answer = await send(server.url, {
      path: `/${Bucket}`,
      query: { 'list-type': '2', 'encoding-type': 'url' },
    });

    const keys = [...answer.text.matchAll(/<Contents><Key>(.*?)<\/Key>/g)].map((match) =>
      decodeURIComponent((match[1] ?? '').replaceAll('+', ' ')),
    );
    const sorted = [...HOSTILE].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keys).toStrictEqual(sorted);
  });

  it('are refused beyond 1,024 bytes', async () => {
    const answer = await send(server.url, {
      method: 'PUT',
      path: `/${Bucket}/${'%C3%A9'.repeat(513)}`,
      body: '',
    });

    expect([answer.status, answer.code]).toStrictEqual([400, 'KeyTooLongError']);
  });

  it('are refused when they are not UTF-8', async () => {
    const answer = await send(server.url, { method: 'PUT', path: `/${Bucket}/%FF`, body: '' });

    expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidURI']);
  });
});

it('compares keys by UTF-8 bytes, where UTF-16 would differ', () => {
  const keys = ['\ud83d\ude00', '\uffff', 'a', '', 'ab', '\ud7ff', '\ue000'];

  expect([...keys].sort(compareKeys)).toStrictEqual(
    [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
});

describe('listing objects', () => {
  const Bucket = 'listing';
  const KEYS = ['a', 'd/1', 'd/2', 'd/e/1', 'f', 'g/1', 'h'];

  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket }));
    for (const Key of KEYS) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  });

  const all = async (input: {
    Prefix?: string;
    Delimiter?: string;
    StartAfter?: string;
    MaxKeys: number;
  }) => {
    const entries: string[] = [];
    let pages = 0;
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectsV2Command({ Bucket, ...input, ...(ContinuationToken ? { ContinuationToken } : {}) }),
      );
      const found = [
        ...(page.Contents ?? []).map((each) => each.Key ?? ''),
        ...(page.CommonPrefixes ?? []).map((each) => each.Prefix ?? ''),
      ];
      expect(page.KeyCount).toBe(found.length);
      entries.push(...found.sort());
      ContinuationToken = page.NextContinuationToken;
      pages += 1;
    } while (ContinuationToken);
    return { entries, pages };
  };

  it.each([
    ['everything', { MaxKeys: 1000 }, KEYS, 1],
    ['page by page', { MaxKeys: 2 }, KEYS, 4],
    ['under a prefix', { Prefix: 'd/', MaxKeys: 10 }, ['d/1', 'd/2', 'd/e/1'], 1],
    ['rolled up by a delimiter', { Delimiter: '/', MaxKeys: 10 }, ['a', 'd/', 'f', 'g/', 'h'], 1],
    [
      'rolled up, page by page: a prefix counts as one',
      { Delimiter: '/', MaxKeys: 2 },
      ['a', 'd/', 'f', 'g/', 'h'],
      3,
    ],
    ['rolled up under a prefix', { Prefix: 'd/', Delimiter: '/', MaxKeys: 1 }, ['d/1', 'd/2', 'd/e/'], 3],
    ['after a key', { StartAfter: 'd/2', MaxKeys: 10 }, ['d/e/1', 'f', 'g/1', 'h'], 1],
    [
      'after a key within a rolled-up prefix',
      { StartAfter: 'd/1', Delimiter: '/', MaxKeys: 10 },
      ['f', 'g/', 'h'],
      1,
    ],
    ['a prefix nothing has', { Prefix: 'z', MaxKeys: 10 }, [], 1],
    ['no keys at all', { MaxKeys: 0 }, [], 1],
  ])('%s', async (_what, input, entries, pages) => {
    expect(await all(input)).toStrictEqual({ entries, pages });
  });

  it('goes on from a marker in the first version of the call', async () => {
    const first = await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2 }));
    const second = await s3.send(
      new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: first.NextMarker, MaxKeys: 2 }),
    );

    expect([first.NextMarker, second.Contents?.[0]?.Key, second.CommonPrefixes?.[0]?.Prefix]).toStrictEqual([
      'd/',
      'f',
      'g/',
    ]);
  });

  it.each([
    ['a foreign token', { 'list-type': '2', 'continuation-token': 'abc' }],
    ['an unknown list type', { 'list-type': '3' }],
    ['a page size that is none', { 'max-keys': 'many' }],
    ['a negative page size', { 'max-keys': '-1' }],
    ['an unknown encoding', { 'encoding-type': 'base64' }],
  ])('refuses %s', async (_what, query: Record<string, string>) => {
    const answer = await send(server.url, { path: `/${Bucket}`, query });

    expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidArgument']);
  });
});

describe('listing versions', () => {
  const Bucket = 'versions';

  beforeAll(async () => {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    for (const Body of ['1', '22', '333']) await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    for (const Key of ['b/1', 'b/2', 'c']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  });

  it('tells the newest first, and which is the latest', async () => {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'a' }));

    expect(page.Versions?.map((each) => [each.Size, each.IsLatest])).toStrictEqual([
      [3, false],
      [2, false],
      [1, false],
    ]);
    expect(page.DeleteMarkers?.map((each) => each.IsLatest)).toStrictEqual([true]);
  });

  it.each([1, 2, 3, 1000])('tells every version once in pages of %i', async (MaxKeys) => {
    const seen: string[] = [];
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    do {
      const page = await s3.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys, KeyMarker, VersionIdMarker }),
      );
      seen.push(
        ...[...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map((each) => each.VersionId ?? ''),
      );
      KeyMarker = page.NextKeyMarker;
      VersionIdMarker = page.NextVersionIdMarker;
    } while (KeyMarker);

    expect([seen.length, new Set(seen).size]).toStrictEqual([7, 7]);
  });

  it('goes on where it was, though what it told has been deleted since', async () => {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2 }));
    const told = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    for (const { Key, VersionId } of told) await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));

    const next = await s3.send(
      new ListObjectVersionsCommand({
        Bucket,
        KeyMarker: page.NextKeyMarker,
        VersionIdMarker: page.NextVersionIdMarker,
      }),
    );

    expect(next.Versions?.map((each) => [each.Key, each.Size])).toStrictEqual([
      ['a', 2],
      ['a', 1],
      ['b/1', 1],
      ['b/2', 1],
      ['c', 1],
    ]);
  });

  it('rolls up by a delimiter', async () => {
    const page = await s3.send(new ListObjectVersionsCommand({ Bucket, Delimiter: '/' }));

    expect(page.CommonPrefixes?.map((each) => each.Prefix)).toStrictEqual(['b/']);
  });

  it('refuses a version marker without a key', async () => {
    const call = s3.send(new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'null' }));

    expect(await refusalOf(call)).toStrictEqual({ code: 'InvalidArgument', status: 400 });
  });
});
