import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { md5, send } from './support/raw.ts';

let server: RunningS3;

beforeAll(async () => {
  server = await startS3();
  await send(server.url, { method: 'PUT', path: '/bucket' });
});

afterAll(() => server.close());

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const BODY = '123456789';

// The published check values of each algorithm over "123456789".
const CHECK: readonly [string, string][] = [
  ['crc32', base64('cbf43926')],
  ['crc32c', base64('e3069283')],
  ['crc64nvme', base64('ae8b14860a799888')],
  ['sha1', base64('f7c3bc1d808e04732adf679965ccc34ca7ae3441')],
  ['sha256', base64('15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225')],
];

describe.each(CHECK)('x-amz-checksum-%s', (algorithm, value) => {
  const name = `x-amz-checksum-${algorithm}`;
  const put = (checksum: string) =>
    send(server.url, {
      method: 'PUT',
      path: `/bucket/${algorithm}`,
      body: BODY,
      headers: { [name]: checksum },
    });

  it('is checked, kept and told to who asks', async () => {
    const written = await put(value);
    const silent = await send(server.url, { path: `/bucket/${algorithm}` });
    const told = await send(server.url, {
      path: `/bucket/${algorithm}`,
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
    });

    expect([
      written.headers[name],
      silent.headers[name],
      told.headers[name],
      told.headers['x-amz-checksum-type'],
    ]).toStrictEqual([value, undefined, value, 'FULL_OBJECT']);
  });

  it('refuses another body', async () => {
    const other = Buffer.from(value, 'base64').reverse().toString('base64');

    const answer = await put(other);

    expect([answer.status, answer.code]).toStrictEqual([400, 'BadDigest']);
  });

  it.each(['', 'AA==', 'not base64'])('refuses %p as malformed', async (malformed) => {
    const answer = await put(malformed);

    expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidRequest']);
  });
});

it('is CRC64NVME when a client sends none', async () => {
  await send(server.url, { method: 'PUT', path: '/bucket/none', body: BODY });

  const { headers } = await send(server.url, {
    path: '/bucket/none',
    headers: { 'x-amz-checksum-mode': 'ENABLED' },
  });

  expect(headers['x-amz-checksum-crc64nvme']).toBe(base64('ae8b14860a799888'));
});

it.each<[string, Record<string, string>, string]>([
  [
    'two checksums',
    Object.fromEntries(CHECK.slice(0, 2).map(([name, value]) => [`x-amz-checksum-${name}`, value])),
    'InvalidRequest',
  ],
  [
    'an algorithm other than the checksum',
    { 'x-amz-sdk-checksum-algorithm': 'SHA1', 'x-amz-checksum-crc32': CHECK[0]?.[1] ?? '' },
    'InvalidRequest',
  ],
  ['an algorithm without a checksum', { 'x-amz-sdk-checksum-algorithm': 'SHA1' }, 'InvalidRequest'],
  ['an unknown algorithm', { 'x-amz-sdk-checksum-algorithm': 'MD4' }, 'InvalidRequest'],
  ['a wrong Content-MD5', { 'content-md5': md5('other') }, 'BadDigest'],
  ['a malformed Content-MD5', { 'content-md5': 'abc' }, 'InvalidDigest'],
])('refuses %s', async (_what, headers, code) => {
  const answer = await send(server.url, { method: 'PUT', path: '/bucket/refused', body: BODY, headers });

  expect([answer.status, answer.code]).toStrictEqual([400, code]);
});
