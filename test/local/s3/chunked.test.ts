import { createHash, createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { send, sign, signingOf, transmit, type RawAnswer } from './support/raw.ts';

let server: RunningS3;

beforeAll(async () => {
  server = await startS3();
  await send(server.url, { method: 'PUT', path: '/bucket' });
});

afterAll(() => server.close());

const CHUNKS = ['first chunk', 'second', ''];
const WHOLE = CHUNKS.join('');
const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');
const word = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
};

const CHECKSUMS = {
  crc32: word(crc32(WHOLE)),
  sha1: createHash('sha1').update(WHOLE).digest('base64'),
  sha256: createHash('sha256').update(WHOLE).digest('base64'),
};

const baseHeaders = {
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': String(WHOLE.length),
};

function signedBody(seed: string, trailer?: { readonly name: string; readonly value: string }): string {
  const { key, timestamp, scope } = signingOf({});
  const mac = (text: string): string => createHmac('sha256', key).update(text).digest('hex');
  let previous = seed;
  const framed = CHUNKS.map((chunk) => {
    previous = mac(
      ['AWS4-HMAC-SHA256-PAYLOAD', timestamp, scope, previous, sha256(''), sha256(chunk)].join('\n'),
    );
    return `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk === '' ? '' : `${chunk}\r\n`}`;
  }).join('');
  if (!trailer) return `${framed}\r\n`;
  const line = `${trailer.name}:${trailer.value}\n`;
  const signature = mac(['AWS4-HMAC-SHA256-TRAILER', timestamp, scope, previous, sha256(line)].join('\n'));
  return `${framed}${trailer.name}:${trailer.value}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`;
}

function put(
  payloadHash: string,
  headers: Readonly<Record<string, string>>,
  bodyOf: (seed: string) => string,
): Promise<RawAnswer> {
  const request = { method: 'PUT', path: '/bucket/k', payloadHash, headers: { ...baseHeaders, ...headers } };
  const signed = sign(server.url, request);
  return transmit(server.url, 'PUT', '/bucket/k', signed.headers, bodyOf(signed.signature));
}

const stored = async (): Promise<string> => (await send(server.url, { path: '/bucket/k' })).text;

describe('signed chunks', () => {
  const FORM = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';

  it('are put together', async () => {
    const answer = await put(FORM, {}, (seed) => signedBody(seed));

    expect([answer.status, await stored()]).toStrictEqual([200, WHOLE]);
  });

  it('leave no trace of their framing in the object', async () => {
    await put(FORM, { 'content-encoding': 'aws-chunked,gzip' }, (seed) => signedBody(seed));

    const { headers } = await send(server.url, { path: '/bucket/k' });

    expect(headers['content-encoding']).toBe('gzip');
  });

  it.each([
    [
      'a changed byte',
      (seed: string) => signedBody(seed).replace('second', 'sec0nd'),
      403,
      'SignatureDoesNotMatch',
    ],
    ['a changed signature', (seed: string) => signedBody(`0${seed.slice(1)}f`), 403, 'SignatureDoesNotMatch'],
    ['a missing end', (seed: string) => signedBody(seed).slice(0, 130), 400, 'IncompleteBody'],
    ['no framing', () => 'just bytes\n', 400, 'InvalidRequest'],
  ])('with %s are refused', async (_what, bodyOf, status, code) => {
    const answer = await put(FORM, {}, bodyOf);

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });

  it('of another length than stated are refused', async () => {
    const answer = await put(FORM, { 'x-amz-decoded-content-length': '5' }, (seed) => signedBody(seed));

    expect([answer.status, answer.code]).toStrictEqual([400, 'IncompleteBody']);
  });
});

describe('signed chunks with a trailer', () => {
  const FORM = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
  const announced = { 'x-amz-trailer': 'x-amz-checksum-sha256' };
  const trailer = { name: 'x-amz-checksum-sha256', value: CHECKSUMS.sha256 };

  it('are checked against it', async () => {
    const answer = await put(FORM, announced, (seed) => signedBody(seed, trailer));

    expect([answer.status, answer.headers['x-amz-checksum-sha256']]).toStrictEqual([200, trailer.value]);
  });

  it.each([
    [
      'a wrong checksum',
      (seed: string) => signedBody(seed, { ...trailer, value: CHECKSUMS.sha256.replace(/^./, '0') }),
      400,
    ],
    [
      'a trailer changed after signing',
      (seed: string) => signedBody(seed, trailer).replace(trailer.value, `0${trailer.value.slice(1)}`),
      403,
    ],
    ['no trailer', (seed: string) => signedBody(seed), 403],
  ])('with %s are refused', async (_what, bodyOf, status) => {
    expect((await put(FORM, announced, bodyOf)).status).toBe(status);
  });
});

describe('unsigned chunks with a trailer', () => {
  const FORM = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const body = (name: string, value: string): string =>
    `${CHUNKS.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk === '' ? '' : `${chunk}\r\n`}`).join('')}${name}:${value}\r\n\r\n`;

  it.each(Object.entries(CHECKSUMS))('are checked against %s', async (algorithm, value) => {
    const name = `x-amz-checksum-${algorithm}`;

    const right = await put(FORM, { 'x-amz-trailer': name }, () => body(name, value));
    const wrong = await put(FORM, { 'x-amz-trailer': name }, () =>
      body(name, Buffer.alloc(Buffer.from(value, 'base64').length).toString('base64')),
    );

    expect([right.status, right.headers[name], wrong.status, wrong.code]).toStrictEqual([
      200,
      value,
      400,
      'BadDigest',
    ]);
  });

  it.each([
    ['is no checksum', 'x-amz-checksum-crc32', 'zz', 'InvalidRequest'],
    ['was not announced', 'x-amz-other', 'AAAAAA==', 'MalformedTrailerError'],
  ])('are refused when the trailer %s', async (_what, name, value, code) => {
    const answer = await put(FORM, { 'x-amz-trailer': 'x-amz-checksum-crc32' }, () => body(name, value));

    expect([answer.status, answer.code]).toStrictEqual([400, code]);
  });
});

describe('lengths', () => {
  it('must be stated', async () => {
    const { headers } = sign(server.url, {
      method: 'PUT',
      path: '/bucket/k',
      payloadHash: 'UNSIGNED-PAYLOAD',
    });

    const answer = await transmit(
      server.url,
      'PUT',
      '/bucket/k',
      { ...headers, 'transfer-encoding': 'chunked' },
      'x',
    );

    expect([answer.status, answer.code]).toStrictEqual([501, 'NotImplemented']);
  });

  it('are asked for again before a large body is sent', async () => {
    const { headers } = sign(server.url, { method: 'PUT', path: '/bucket/k', body: 'expected' });

    const answer = await transmit(
      server.url,
      'PUT',
      '/bucket/k',
      { ...headers, expect: '100-continue' },
      'expected',
    );

    expect([answer.status, await stored()]).toStrictEqual([200, 'expected']);
  });
});
