import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startS3, type RunningS3 } from '../../../local/s3/index.ts';
import { presign, send, sign, transmit, type RawRequest } from './support/raw.ts';

let server: RunningS3;

beforeAll(async () => {
  server = await startS3();
  await send(server.url, { method: 'PUT', path: '/bucket' });
  await send(server.url, { method: 'PUT', path: '/bucket/k', body: 'hello' });
});

afterAll(() => server.close());

const get = { path: '/bucket/k' };
const HOUR = 3_600_000;

describe('signed headers', () => {
  it('let the right secret in', async () => {
    const answer = await send(server.url, get);

    expect([answer.status, answer.text]).toStrictEqual([200, 'hello']);
  });

  it.each<[string, Partial<RawRequest>, number, string]>([
    ['a wrong secret', { secretAccessKey: 'wrong' }, 403, 'SignatureDoesNotMatch'],
    ['an unknown key', { accessKeyId: 'nobody' }, 403, 'InvalidAccessKeyId'],
    ['a clock an hour late', { time: Date.now() - HOUR }, 403, 'RequestTimeTooSkewed'],
    ['a clock an hour early', { time: Date.now() + HOUR }, 403, 'RequestTimeTooSkewed'],
    ['another region', { region: 'eu-west-1' }, 400, 'AuthorizationHeaderMalformed'],
    ['a hash of another body', { payloadHash: 'a'.repeat(64) }, 400, 'XAmzContentSHA256Mismatch'],
    ['a hash that is none', { payloadHash: 'abc' }, 400, 'InvalidArgument'],
    ['an x-amz header added on the way', { unsigned: { 'x-amz-meta-a': 'b' } }, 403, 'AccessDenied'],
  ])('refuse %s', async (_what, change, status, code) => {
    const answer = await send(server.url, { ...get, ...change });

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });

  it('take an unsigned payload', async () => {
    const answer = await send(server.url, {
      method: 'PUT',
      path: '/bucket/unsigned',
      body: 'x',
      payloadHash: 'UNSIGNED-PAYLOAD',
    });

    expect(answer.status).toBe(200);
  });

  it.each([
    ['none', undefined, 403, 'AccessDenied'],
    ['the old scheme', 'AWS holdfast:abc', 400, 'InvalidRequest'],
    ['an unknown scheme', 'Bearer abc', 400, 'InvalidArgument'],
    ['half a header', 'AWS4-HMAC-SHA256 Credential=holdfast', 400, 'AuthorizationHeaderMalformed'],
    [
      'a credential without scope',
      'AWS4-HMAC-SHA256 Credential=holdfast, SignedHeaders=host, Signature=a',
      400,
      'AuthorizationHeaderMalformed',
    ],
    [
      'a scope of another service',
      'AWS4-HMAC-SHA256 Credential=holdfast/20261120/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=a',
      400,
      'AuthorizationHeaderMalformed',
    ],
  ])('are judged by what they say: %s', async (_what, authorization, status, code) => {
    const headers =
      authorization === undefined ? {} : { authorization, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };

    const answer = await transmit(server.url, 'GET', '/bucket/k', headers);

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });

  it('must include the payload hash', async () => {
    const { headers } = sign(server.url, get);
    const others = Object.fromEntries(
      Object.entries(headers).filter(([name]) => name !== 'x-amz-content-sha256'),
    );

    const answer = await transmit(server.url, 'GET', '/bucket/k', others);

    expect([answer.status, answer.code]).toStrictEqual([400, 'InvalidRequest']);
  });

  it('cannot be carried over to another method', async () => {
    const { headers } = sign(server.url, get);

    const answer = await transmit(server.url, 'DELETE', '/bucket/k', headers);

    expect(answer.code).toBe('SignatureDoesNotMatch');
  });
});

describe('presigned requests', () => {
  it('carry their signature in the query', async () => {
    const answer = await transmit(server.url, 'GET', presign(server.url, { ...get, expires: 60 }), {});

    expect([answer.status, answer.text]).toStrictEqual([200, 'hello']);
  });

  it('upload', async () => {
    const path = presign(server.url, { method: 'PUT', path: '/bucket/put', expires: 60 });

    const put = await transmit(server.url, 'PUT', path, {}, 'presigned');
    const read = await send(server.url, { path: '/bucket/put' });

    expect([put.status, read.text]).toStrictEqual([200, 'presigned']);
  });

  it.each([
    ['expired', { expires: 60, time: Date.now() - HOUR }, 403, 'AccessDenied'],
    ['not yet valid', { expires: 60, time: Date.now() + HOUR }, 403, 'AccessDenied'],
    ['made with a wrong secret', { expires: 60, secretAccessKey: 'wrong' }, 403, 'SignatureDoesNotMatch'],
    ['valid for too long', { expires: 604_801 }, 400, 'AuthorizationQueryParametersError'],
    ['valid for a negative time', { expires: -1 }, 400, 'AuthorizationQueryParametersError'],
  ])('are refused when %s', async (_what, change, status, code) => {
    const answer = await transmit(server.url, 'GET', presign(server.url, { ...get, ...change }), {});

    expect([answer.status, answer.code]).toStrictEqual([status, code]);
  });

  it('cannot be given a lock bypass afterwards', async () => {
    const path = presign(server.url, { method: 'DELETE', path: '/bucket/k', expires: 60 });

    const answer = await transmit(server.url, 'DELETE', path, {
      'x-amz-bypass-governance-retention': 'true',
    });

    expect([answer.status, answer.code]).toStrictEqual([403, 'AccessDenied']);
  });

  it('cannot be changed', async () => {
    const path = presign(server.url, { ...get, query: { 'response-content-type': 'a' }, expires: 60 });

    const answer = await transmit(server.url, 'GET', path.replace('content-type=a', 'content-type=b'), {});

    expect(answer.code).toBe('SignatureDoesNotMatch');
  });

  it('of version 2 are those the AWS CLI makes for us-east-1', async () => {
    const expires = Math.floor(Date.now() / 1000) + 60;
    const signature = createHmac('sha1', 'holdfast-secret')
      .update(`GET\n\n\n${expires}\n/bucket/k`)
      .digest('base64');
    const query = (value: string): string =>
      `/bucket/k?AWSAccessKeyId=holdfast&Expires=${expires}&Signature=${encodeURIComponent(value)}`;

    const right = await transmit(server.url, 'GET', query(signature), {});
    const wrong = await transmit(server.url, 'GET', query('AAAA'), {});

    expect([right.status, wrong.code]).toStrictEqual([200, 'SignatureDoesNotMatch']);
  });
});
