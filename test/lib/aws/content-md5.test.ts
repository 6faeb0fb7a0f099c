import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, type Server } from 'node:http';
import { HeadObjectCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { s3Client } from '../../../lib/aws/s3-client.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { proxyTo } from '../../helpers/proxy.ts';

describe('a client for a store that wants Content-MD5', () => {
  let embedded: Embedded;
  let between: { url: string; server: Server };
  const seen: IncomingHttpHeaders[] = [];

  beforeAll(async () => {
    embedded = await startEmbedded();
    between = await proxyTo(embedded.s3.port, async (_, __, headers) => {
      seen.push(headers);
    });
  });
  afterAll(async () => {
    between.server.close();
    await embedded.close();
  });

  const retain = async (needsContentMd5: boolean): Promise<IncomingHttpHeaders> => {
    const owner = embedded.clientFor();
    const { bucket, key, versionId } = await upload(owner, await makeBucket(owner), 'k');
    const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' };
    const client = s3Client({ endpoint: between.url, credentials, needsContentMd5 });
    const at = { Bucket: bucket, Key: key, VersionId: versionId };
    const RetainUntilDate = new Date(Date.now() + 60_000);
    await client.send(
      new PutObjectRetentionCommand({ ...at, Retention: { Mode: 'GOVERNANCE', RetainUntilDate } }),
    );
    const headers = seen.at(-1) ?? {};
    const { ObjectLockMode } = await client.send(new HeadObjectCommand(at));
    client.destroy();
    expect(ObjectLockMode).toBe('GOVERNANCE');
    return headers;
  };

  it('sends it, signed, in place of the newer checksum', async () => {
    const headers = await retain(true);

    expect(headers['content-md5']).toHaveLength(createHash('md5').digest('base64').length);
    expect(headers.authorization).toContain('content-md5');
    expect(Object.keys(headers).filter((name) => name.includes('checksum'))).toStrictEqual([]);
  });

  it('sends the newer checksum where the store takes it', async () => {
    const headers = await retain(false);

    expect(headers).not.toHaveProperty('content-md5');
    expect(headers).toHaveProperty('x-amz-checksum-crc32');
  });
});
