import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { md5, send, type RawAnswer, type RawRequest } from './support/raw.ts';

let server: RunningS3;

beforeAll(async () => {
  server = await startS3({ clock: () => Date.parse('2026-11-20T00:00:00Z') });
  await send(server.url, {
    method: 'PUT',
    path: '/locked',
    headers: { 'x-amz-bucket-object-lock-enabled': 'true' },
  });
  await send(server.url, { method: 'PUT', path: '/plain' });
  await send(server.url, { method: 'PUT', path: '/locked/k', body: 'x' });
});

afterAll(() => server.close());

const document = (mode: string, date: string): string =>
  `<Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>${mode}</Mode><RetainUntilDate>${date}</RetainUntilDate></Retention>`;

const put = (body: string, extra: Partial<RawRequest> = {}): Promise<RawAnswer> =>
  send(server.url, {
    method: 'PUT',
    path: '/locked/k',
    query: { retention: '' },
    headers: { 'content-md5': md5(body) },
    body,
    ...extra,
  });

const FUTURE = '2030-01-01T00:00:00Z';

describe('documents that are none', () => {
  it.each([
    ['no body', ''],
    ['not XML', 'retention please'],
    ['cut off', '<Retention><Mode>GOVERNANCE</Mode>'],
    ['another root', '<LegalHold><Status>ON</Status></LegalHold>'],
    ['a lower-case mode', document('governance', FUTURE)],
    ['an unknown mode', document('FOREVER', FUTURE)],
    ['an empty mode', document('', FUTURE)],
    ['no date', '<Retention><Mode>GOVERNANCE</Mode></Retention>'],
    ['no mode', `<Retention><RetainUntilDate>${FUTURE}</RetainUntilDate></Retention>`],
    ['a date that is no date', document('GOVERNANCE', 'tomorrow')],
    ['a day that does not exist', document('GOVERNANCE', '2030-02-30T00:00:00Z')],
    ['an unknown member', '<Retention><Forever>yes</Forever></Retention>'],
    ['a member twice', '<Retention><Mode>GOVERNANCE</Mode><Mode>GOVERNANCE</Mode></Retention>'],
    ['a document type', `<!DOCTYPE r [<!ENTITY e "x">]>${document('GOVERNANCE', FUTURE)}`],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0xff, 0x3e]).toString('latin1')],
  ])('%s', async (_what, body) => {
    const answer = await put(body);

    expect([answer.status, answer.code]).toStrictEqual([400, 'MalformedXML']);
  });
});

describe('dates', () => {
  it.each([
    ['2030-01-01T00:00:00Z', '2030-01-01T00:00:00.000Z'],
    ['2030-01-01T00:00:00.5Z', '2030-01-01T00:00:00.500Z'],
    ['2030-01-01T00:00:00.123456Z', '2030-01-01T00:00:00.123Z'],
    ['2030-01-01T02:00:01+02:00', '2030-01-01T00:00:01.000Z'],
    ['2029-12-31T19:00:02-0500', '2030-01-01T00:00:02.000Z'],
  ])('%s is kept as %s', async (sent, kept) => {
    const path = `/locked/${encodeURIComponent(sent)}`;
    await send(server.url, { method: 'PUT', path, body: 'x' });
    const body = document('GOVERNANCE', sent);

    const answer = await put(body, { path });
    const read = await send(server.url, { path, query: { retention: '' } });

    expect(answer.status).toBe(200);
    expect(answer.body).toHaveLength(0);
    expect(read.text).toContain(`<RetainUntilDate>${kept}</RetainUntilDate>`);
  });

  it('in the past are answered with the argument, printed in Pacific time', async () => {
    const answer = await put(document('GOVERNANCE', '2020-01-01T00:00:00Z'));

    expect(answer.text).toContain(
      '<Code>InvalidArgument</Code><Message>The retain until date must be in the future!</Message><ArgumentName>RetainUntilDate</ArgumentName><ArgumentValue>Tue Dec 31 16:00:00 PST 2019</ArgumentValue>',
    );
  });
});

describe('proof of the body', () => {
  const body = document('GOVERNANCE', FUTURE);

  it.each([
    ['none, since the signature does not count', {}, 'InvalidRequest'],
    ['the name of an algorithm alone', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, 'InvalidRequest'],
    ['the MD5 of something else', { 'content-md5': md5('other') }, 'BadDigest'],
    ['an MD5 that is none', { 'content-md5': 'AAAA' }, 'InvalidDigest'],
    ['the checksum of something else', { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
    ['a checksum that is none', { 'x-amz-checksum-crc32': 'AAAA' }, 'InvalidRequest'],
  ])('%s', async (_what, headers: Record<string, string>, code) => {
    const answer = await put(body, { headers });

    expect([answer.status, answer.code]).toStrictEqual([400, code]);
  });
});

describe('the order of checks', () => {
  const past = document('GOVERNANCE', '2020-01-01T00:00:00Z');

  it.each([
    ['the bucket before the document', '/missing-bucket/k', '<no/>', 'NoSuchBucket'],
    ['the document before the lock of the bucket', '/plain/k', '<no/>', 'MalformedXML'],
    ['the lock of the bucket before the key', '/plain/missing', past, 'InvalidRequest'],
    ['the key before the date', '/locked/missing', past, 'NoSuchKey'],
  ])('%s', async (_what, path, body, code) => {
    expect((await put(body, { path })).code).toBe(code);
  });
});

describe('legal hold documents', () => {
  it.each([
    ['no body', ''],
    ['no status', '<LegalHold/>'],
    ['a lower-case status', '<LegalHold><Status>on</Status></LegalHold>'],
    ['an unknown member', '<LegalHold><Status>ON</Status><Until>x</Until></LegalHold>'],
  ])('%s', async (_what, body) => {
    const answer = await put(body, { query: { 'legal-hold': '' } });

    expect([answer.status, answer.code]).toStrictEqual([400, 'MalformedXML']);
  });
});
