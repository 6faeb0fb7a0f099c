import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { S3HoldClearer } from '../../../lib/aws/s3-hold-clearer.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { type VersionRef, versionIdOf } from '../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { bitOf, MINUTE, setBit } from '../../helpers/holds.ts';
import { losingProxyTo, type LosingProxy } from '../../helpers/losing-proxy.ts';

describe('the one who takes holds off', () => {
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;
  let proxy: LosingProxy;
  let ref: VersionRef;

  beforeAll(async () => {
    embedded = await startEmbedded({ reader: ['s3:PutObjectLegalHold'] });
    client = embedded.clientFor();
    bucket = await makeBucket(client);
  });
  afterAll(async () => embedded.close());
  beforeEach(async () => {
    proxy = await losingProxyTo(embedded.s3.url);
    ref = await upload(client, bucket, 'held');
    await setBit(client, ref, 'ON');
  });
  afterEach(async () => proxy.close());
  const clearer = (endpoint = proxy.url, accessKeyId = 'owner'): S3HoldClearer =>
    new S3HoldClearer({
      connection: {
        ...{ endpoint, region: embedded.s3.region },
        credentials: { accessKeyId, secretAccessKey: 'secret' },
      },
    });
  const in16 = () => instantOf(Date.now() + 16 * MINUTE);

  it('sends one request, and says which', async () => {
    expect(await clearer().clear(ref, in16())).toStrictEqual({
      kind: 'accepted',
      requestId: expect.any(String),
    });
    expect(proxy.writes).toBe(1);
    expect(await bitOf(client, ref)).toBe('OFF');
  });

  it.each([503, 500, 'drop'] as const)('sends nothing twice when the answer is lost (%s)', async (loss) => {
    proxy.lose(loss);

    await expect(clearer().clear(ref, in16())).rejects.toMatchObject({
      code: expect.stringMatching(/^(unreachable|throttled)$/),
    });

    expect(proxy.writes).toBe(1);
  });

  it.each([
    ['a moment', 0],
    ['14 minutes', 14 * MINUTE],
    ['15 minutes but for a second', 15 * MINUTE - 1_000],
  ])('sends nothing that could land later than %s from now', async (_, milliseconds) => {
    const landsBefore = instantOf(Date.now() + milliseconds);

    expect(await clearer().clear(ref, landsBefore)).toStrictEqual({ kind: 'too-late' });
    expect(proxy.writes).toBe(0);
    expect(await bitOf(client, ref)).toBe('ON');
  });

  it('asks by the version, by nothing but OFF, and for nothing else', async () => {
    const asked: { method: string; url: string; body: string }[] = [];
    const server: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push({ method: request.method ?? '', url: request.url ?? '', body });
        response.writeHead(200).end();
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      await clearer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).clear(ref, in16());
    } finally {
      server.closeAllConnections();
      server.close();
    }

    expect(asked).toHaveLength(1);
    const [{ method, url, body }] = asked as [(typeof asked)[number]];
    const { pathname, searchParams } = new URL(url, 'http://store');
    expect([method, pathname, searchParams.get('versionId')]).toStrictEqual([
      'PUT',
      `/${bucket}/held`,
      ref.versionId,
    ]);
    expect(searchParams.has('legal-hold')).toBe(true);
    expect(body).toContain('<Status>OFF</Status>');
    expect(body).not.toContain('ON<');
  });

  it('tells a refusal from a version that is not there', async () => {
    const marker = await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'marked' }));
    const plain = await upload(client, await makeBucket(client, 'versioned'), 'plain');

    expect(await clearer(embedded.s3.url, 'reader').clear(ref, in16())).toMatchObject({ kind: 'denied' });
    expect(await bitOf(client, ref)).toBe('ON');
    const nowhere = { bucket, key: 'nowhere', versionId: ref.versionId };
    expect(await clearer().clear(nowhere, in16())).toMatchObject({ kind: 'gone' });
    const deleted = { bucket, key: 'marked', versionId: versionIdOf(marker.VersionId ?? '') };
    expect(await clearer().clear(deleted, in16())).toMatchObject({ kind: 'marker' });
    expect(await clearer().clear(plain, in16())).toMatchObject({ kind: 'rejected', code: 'InvalidRequest' });
  });
});
