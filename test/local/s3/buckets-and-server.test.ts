import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { md5, send, sign, transmit, type RawAnswer } from './support/raw.ts';

let server: RunningS3;

beforeAll(async () => {
  server = await startS3({
    fault: ({ operation, key }) =>
      operation === 'GetObject' && key === 'slow'
        ? { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' }
        : undefined,
  });
  await send(server.url, { method: 'PUT', path: '/bucket' });
});

afterAll(() => server.close());

const bucket = (query: Record<string, string>): Promise<RawAnswer> =>
  send(server.url, { path: '/bucket', query });

describe('buckets', () => {
  it.each([
    'ab',
    'UPPER',
    'under_score',
    '-dash',
    'dash-',
    'two..dots',
    '192.168.0.1',
    'xn--a',
    'a'.repeat(64),
    'name-s3alias',
  ])('are not called %s', async (name) => {
    const answer = await send(server.url, { method: 'PUT', path: `/${name}` });

    expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidBucketName']);
  });

  it.each(['abc', 'a.b-c.1', 'a'.repeat(63)])('may be called %s', async (name) => {
    expect((await send(server.url, { method: 'PUT', path: `/${name}` })).status).toBe(200);
  });

  it('may be created again by their owner in us-east-1, and there alone', async () => {
    const other = await startS3({ region: 'eu-west-1' });
    const body =
      '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>';
    const create = () => send(other.url, { method: 'PUT', path: '/bucket', body, region: 'eu-west-1' });
    try {
      const here = await send(server.url, { method: 'PUT', path: '/bucket' });
      const first = await create();
      const second = await create();
      const elsewhere = await send(other.url, { method: 'PUT', path: '/other', region: 'eu-west-1' });
      const location = await send(other.url, {
        path: '/bucket',
        query: { location: '' },
        region: 'eu-west-1',
      });

      expect([here.status, first.status, second.code, elsewhere.code]).toStrictEqual([
        200,
        200,
        'BucketAlreadyOwnedByYou',
        'IllegalLocationConstraintException',
      ]);
      expect(location.text).toContain('>eu-west-1</LocationConstraint>');
    } finally {
      await other.close();
    }
  });

  it('tell their region, and go only when they are empty', async () => {
    await send(server.url, { method: 'PUT', path: '/leaving' });
    await send(server.url, { method: 'PUT', path: '/leaving/k', body: 'x' });

    const head = await send(server.url, { method: 'HEAD', path: '/leaving' });
    const full = await send(server.url, { method: 'DELETE', path: '/leaving' });
    await send(server.url, { method: 'DELETE', path: '/leaving/k' });
    const empty = await send(server.url, { method: 'DELETE', path: '/leaving' });
    const gone = await send(server.url, { method: 'HEAD', path: '/leaving' });

    expect(head.headers['x-amz-bucket-region']).toBe('us-east-1');
    expect([full.status, full.code, empty.status, gone.status, gone.body.length]).toStrictEqual([
      409,
      'BucketNotEmpty',
      204,
      404,
      0,
    ]);
  });

  it.each([
    ['Enabled', 200, undefined],
    ['Suspended', 200, undefined],
    ['enabled', 400, 'MalformedXML'],
    ['Disabled', 400, 'MalformedXML'],
  ])('take the versioning %s with %i', async (status, expected, code) => {
    await send(server.url, { method: 'PUT', path: '/versioned' });
    const body = `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`;

    const answer = await send(server.url, {
      method: 'PUT',
      path: '/versioned',
      query: { versioning: '' },
      body,
    });

    expect([answer.status, answer.code]).toStrictEqual([expected, code]);
  });

  it.each([
    ['policy', 404, 'NoSuchBucketPolicy'],
    ['lifecycle', 404, 'NoSuchLifecycleConfiguration'],
    ['tagging', 404, 'NoSuchTagSet'],
    ['cors', 404, 'NoSuchCORSConfiguration'],
    ['replication', 404, 'ReplicationConfigurationNotFoundError'],
    ['website', 404, 'NoSuchWebsiteConfiguration'],
    ['acl', 200, undefined],
    ['encryption', 200, undefined],
    ['ownershipControls', 200, undefined],
    ['publicAccessBlock', 200, undefined],
    ['logging', 200, undefined],
    ['accelerate', 200, undefined],
    ['requestPayment', 200, undefined],
    ['inventory', 200, undefined],
    ['intelligent-tiering', 501, 'NotImplemented'],
  ])('answer about their %s with %i', async (subresource, status, code) => {
    const answer = await bucket({ [subresource]: '' });

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });
});

describe('object tags', () => {
  const put = (
    body: string,
    headers: Record<string, string> = { 'content-md5': md5(body) },
  ): Promise<RawAnswer> =>
    send(server.url, { method: 'PUT', path: '/bucket/tagged', query: { tagging: '' }, body, headers });
  const tags = (...pairs: readonly (readonly [string, string])[]): string =>
    `<Tagging><TagSet>${pairs.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`).join('')}</TagSet></Tagging>`;

  beforeAll(() => send(server.url, { method: 'PUT', path: '/bucket/tagged', body: 'x' }));

  it('are replaced as a whole and removed as a whole', async () => {
    const read = async (): Promise<string[]> =>
      [
        ...(await send(server.url, { path: '/bucket/tagged', query: { tagging: '' } })).text.matchAll(
          /<Key>(.*?)</g,
        ),
      ].map((match) => match[1] ?? '');

    await put(tags(['a', '1'], ['b', '']));
    const first = await read();
    await put(tags(['c', '3']));
    const second = await read();
    await send(server.url, { method: 'DELETE', path: '/bucket/tagged', query: { tagging: '' } });

    expect([first, second, await read()]).toStrictEqual([['a', 'b'], ['c'], []]);
  });

  it.each([
    ['a key twice', tags(['a', '1'], ['a', '2']), 'InvalidTag'],
    ['a key of AWS', tags(['aws:a', '1']), 'InvalidTag'],
    ['a key with a comma', tags(['a,b', '1']), 'InvalidTag'],
    ['no key', tags(['', '1']), 'InvalidTag'],
    ['a long key', tags(['a'.repeat(129), '1']), 'InvalidTag'],
    ['a long value', tags(['a', '1'.repeat(257)]), 'InvalidTag'],
    ['eleven tags', tags(...Array.from({ length: 11 }, (_, i) => [`k${i}`, 'v'] as const)), 'BadRequest'],
    ['no set', '<Tagging/>', 'MalformedXML'],
    ['no body', '', 'MalformedXML'],
  ])('are refused with %s', async (_what, body, code) => {
    const answer = await put(body);

    expect([answer.status, answer.code]).toStrictEqual([400, code]);
  });

  it('are refused without proof of the body', async () => {
    expect((await put(tags(['a', '1']), {})).code).toBe('InvalidRequest');
  });
});

describe('the server', () => {
  it('gives every answer its ids and every error its body', async () => {
    const answer = await send(server.url, { path: '/bucket/missing' });

    expect(answer.headers).toMatchObject({
      server: 'AmazonS3',
      'content-type': 'application/xml',
      'x-amz-request-id': expect.stringMatching(/^[0-9A-F]{16}$/),
    });
    expect(answer.text).toMatch(
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>.*<\/Message><Key>missing<\/Key><RequestId>.*<\/RequestId><HostId>.*<\/HostId><\/Error>$/,
    );
  });

  it('fails as a test wants it to', async () => {
    const answer = await send(server.url, { path: '/bucket/slow' });

    expect([answer.status, answer.code]).toStrictEqual([503, 'SlowDown']);
  });

  it('knows a bucket by its host name as well', async () => {
    await send(server.url, { method: 'PUT', path: '/bucket/hosted', body: 'x' });
    const host = `bucket.localhost:${server.port}`;
    const { headers } = sign(`http://${host}`, { path: '/hosted' });

    const answer = await transmit(server.url, 'GET', '/hosted', headers);

    expect(answer.text).toBe('x');
  });

  it.each([
    ['PATCH', '/bucket/k', {}, 405, 'MethodNotAllowed'],
    ['POST', '/bucket/k', {}, 405, 'MethodNotAllowed'],
    ['POST', '/bucket/k', { restore: '' }, 501, 'NotImplemented'],
    ['PUT', '/bucket', { website: '' }, 501, 'NotImplemented'],
  ])('says so when it has no %s %s %o', async (method, path, query: Record<string, string>, status, code) => {
    const answer = await send(server.url, { method, path, query });

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });

  it('refuses a document that is too large, and answers on', async () => {
    const body = `<Retention>${' '.repeat(3 * 1024 ** 2)}</Retention>`;

    const large = await send(server.url, {
      method: 'PUT',
      path: '/bucket/k',
      query: { retention: '' },
      body,
    }).catch(() => undefined);
    const next = await send(server.url, { path: '/bucket' });

    expect([large?.code ?? 'EntityTooLarge', next.status]).toStrictEqual(['EntityTooLarge', 200]);
  });

  it('closes at once though clients keep their connections', async () => {
    const closing = await startS3();
    await fetch(closing.url);

    await closing.close();

    await expect(fetch(closing.url)).rejects.toThrow('fetch failed');
  });
});
