import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { send, type RawAnswer, type RawRequest } from './support/raw.ts';

const WRITTEN = Date.parse('2026-11-20T08:00:00.900Z');
let now = WRITTEN;
let server: RunningS3;

beforeAll(async () => {
  server = await startS3({ clock: () => now });
  await send(server.url, { method: 'PUT', path: '/bucket' });
  await put('digits', '0123456789');
  now += 3_600_000;
});

afterAll(() => server.close());

const put = (key: string, body: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  send(server.url, { method: 'PUT', path: `/bucket/${key}`, body, headers });
const get = (key: string, extra: Partial<RawRequest> = {}): Promise<RawAnswer> =>
  send(server.url, { path: `/bucket/${key}`, ...extra });

const ETAG = `"${createHash('md5').update('0123456789').digest('hex')}"`;

describe('ranges', () => {
  it.each([
    ['bytes=0-8', 206, '012345678', 'bytes 0-8/10'],
    ['bytes=1-1', 206, '1', 'bytes 1-1/10'],
    ['bytes=1-', 206, '123456789', 'bytes 1-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=-15', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=0-100', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=1-0', 200, '0123456789', undefined],
    ['bytes=-1-', 200, '0123456789', undefined],
    ['bytes=0--1', 200, '0123456789', undefined],
    ['bytes=0-1,3-4', 200, '0123456789', undefined],
    ['bytes=-', 200, '0123456789', undefined],
    ['0-8', 200, '0123456789', undefined],
  ])('%s', async (range, status, body, contentRange) => {
    const answer = await get('digits', { headers: { range } });

    expect([answer.status, answer.text, answer.headers['content-range']]).toStrictEqual([
      status,
      body,
      contentRange,
    ]);
  });

  it.each(['bytes=-0', 'bytes=10-', 'bytes=100-200'])('%s lies beyond the object', async (range) => {
    const answer = await get('digits', { headers: { range } });

    expect([answer.status, answer.code]).toStrictEqual([416, 'InvalidRange']);
    expect(answer.text).toContain(
      `<RangeRequested>${range}</RangeRequested><ActualObjectSize>10</ActualObjectSize>`,
    );
  });
});

describe('conditions of a read', () => {
  const before = new Date(WRITTEN - 60_000).toUTCString();
  const exactly = new Date(WRITTEN).toUTCString();
  const after = new Date(WRITTEN + 60_000).toUTCString();
  const future = new Date(WRITTEN + 86_400_000).toUTCString();

  it.each<[string, Record<string, string>, number]>([
    ['the same etag', { 'if-match': ETAG }, 200],
    ['the same etag without quotes', { 'if-match': ETAG.replaceAll('"', '') }, 200],
    ['any etag', { 'if-match': '*' }, 200],
    ['another etag', { 'if-match': '"x"' }, 412],
    ['one etag of several', { 'if-match': `"x", ${ETAG}` }, 200],
    ['not the same etag', { 'if-none-match': ETAG }, 304],
    ['not another etag', { 'if-none-match': '"x"' }, 200],
    ['modified since before', { 'if-modified-since': before }, 200],
    ['modified since that second', { 'if-modified-since': exactly }, 304],
    ['modified since a time to come, which counts for nothing', { 'if-modified-since': future }, 200],
    ['unmodified since before', { 'if-unmodified-since': before }, 412],
    ['unmodified since that second', { 'if-unmodified-since': exactly }, 200],
    ['the etag wins over the date: match', { 'if-match': ETAG, 'if-unmodified-since': before }, 200],
    ['the etag wins over the date: none match', { 'if-none-match': '"x"', 'if-modified-since': after }, 200],
  ])('%s', async (_what, headers, status) => {
    const read = await get('digits', { headers });
    const head = await get('digits', { method: 'HEAD', headers });

    expect([read.status, head.status]).toStrictEqual([status, status]);
  });

  it('that find nothing changed answer with the etag and no body', async () => {
    const answer = await get('digits', { headers: { 'if-none-match': ETAG } });

    expect([answer.headers.etag, answer.body.length]).toStrictEqual([ETAG, 0]);
  });
});

describe('conditions of a write', () => {
  it('only where there is nothing', async () => {
    const first = await put('new', 'x', { 'if-none-match': '*' });
    const second = await put('new', 'y', { 'if-none-match': '*' });

    expect([first.status, second.status, second.code]).toStrictEqual([200, 412, 'PreconditionFailed']);
    expect(second.text).toContain('<Condition>If-None-Match</Condition>');
  });

  it('of many at once one alone finds nothing', async () => {
    const writers = Array.from({ length: 20 }, (_, i) =>
      put('contested', `writer ${i}`, { 'if-none-match': '*' }),
    );

    const statuses = (await Promise.all(writers)).map((answer) => answer.status);

    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });

  it.each([
    ['another etag', 'digits', { 'if-match': '"x"' }, 412, 'PreconditionFailed'],
    ['nothing to match', 'nothing', { 'if-match': '"x"' }, 404, 'NoSuchKey'],
    ['a star to match', 'digits', { 'if-match': '*' }, 501, 'NotImplemented'],
    ['an etag not to match', 'digits', { 'if-none-match': '"x"' }, 501, 'NotImplemented'],
  ])('%s', async (_what, key, headers: Record<string, string>, status, code) => {
    const answer = await put(key, 'x', headers);

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });
});

describe('what an object carries', () => {
  it('comes back as it was given', async () => {
    const carried = {
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': 'attachment',
      'content-language': 'de',
      'cache-control': 'no-cache',
      expires: 'Fri, 01 Jan 2027 00:00:00 GMT',
      'x-amz-meta-case': 'Kept As Is',
      'x-amz-storage-class': 'STANDARD_IA',
    };
    await put('carrier', 'x', { ...carried, 'x-amz-tagging': 'a=1&b=2' });

    const { headers } = await get('carrier', { method: 'HEAD' });

    expect(headers).toMatchObject({
      ...carried,
      'x-amz-tagging-count': '2',
      'x-amz-server-side-encryption': 'AES256',
    });
  });

  it('can be answered otherwise', async () => {
    const answer = await get('digits', {
      query: { 'response-content-type': 'text/x', 'response-cache-control': 'no-store' },
    });

    expect([answer.headers['content-type'], answer.headers['cache-control']]).toStrictEqual([
      'text/x',
      'no-store',
    ]);
  });

  it('is a binary stream unless it says otherwise', async () => {
    const { headers } = await get('digits');

    expect([headers['content-type'], headers['last-modified'], headers['accept-ranges']]).toStrictEqual([
      'binary/octet-stream',
      new Date(WRITTEN).toUTCString(),
      'bytes',
    ]);
  });

  it.each([
    ['a storage class S3 does not have', { 'x-amz-storage-class': 'COLD' }, 'InvalidStorageClass'],
    ['too much metadata', { 'x-amz-meta-a': 'x'.repeat(2048) }, 'MetadataTooLarge'],
    ['an encryption S3 does not have', { 'x-amz-server-side-encryption': 'ROT13' }, 'InvalidArgument'],
    ['an access list', { 'x-amz-acl': 'public-read' }, 'AccessControlListNotSupported'],
    [
      'eleven tags',
      { 'x-amz-tagging': Array.from({ length: 11 }, (_, i) => `k${i}=v`).join('&') },
      'BadRequest',
    ],
    ['a tag twice', { 'x-amz-tagging': 'a=1&a=2' }, 'InvalidArgument'],
    ['tags with commas', { 'x-amz-tagging': 'a=1,b=2' }, 'InvalidArgument'],
    ['a long tag', { 'x-amz-tagging': `${'a'.repeat(129)}=1` }, 'InvalidTag'],
  ])('is refused with %s', async (_what, headers: Record<string, string>, code) => {
    const answer = await put('refused', 'x', headers);

    expect([answer.status, answer.code]).toStrictEqual([400, code]);
  });
});

describe('an object under a key of the customer', () => {
  const headersOf = (key: string): Record<string, string> => ({
    'x-amz-server-side-encryption-customer-algorithm': 'AES256',
    'x-amz-server-side-encryption-customer-key': Buffer.from(key).toString('base64'),
    'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(key).digest('base64'),
  });
  const KEY = 'k'.repeat(32);

  beforeAll(() => put('secret', 'x', headersOf(KEY)));

  it.each([
    ['the key', headersOf(KEY), 200],
    ['no key', {}, 400],
    ['another key', headersOf('o'.repeat(32)), 403],
    ['a short key', headersOf('short'), 400],
  ])('is read with %s: %#', async (_what, headers: Record<string, string>, status) => {
    const read = await get('secret', { headers });
    const head = await get('secret', { method: 'HEAD', headers });

    expect([read.status, head.status]).toStrictEqual([status, status]);
  });

  it('is the only one that takes a key', async () => {
    const answer = await get('digits', { headers: headersOf(KEY) });

    expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidRequest']);
  });
});
