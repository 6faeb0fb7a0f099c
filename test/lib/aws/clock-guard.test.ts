import { HeadBucketCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { guardClock } from '../../../lib/aws/clock-guard.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

describe('the guard of the clock', () => {
  let embedded: Embedded;
  let bucket: string;

  beforeAll(async () => {
    embedded = await startEmbedded();
    bucket = await makeBucket(embedded.clientFor());
  });
  afterAll(async () => embedded.close());

  /** A client on a machine whose clock is so many seconds ahead of the store's. */
  const clientOn = (ahead: number): S3Client => {
    const client = embedded.clientFor();
    guardClock(client, { now: () => instantOf(Date.now() + ahead * 1_000), wait: async () => undefined });
    return client;
  };

  it.each([-55, 0, 55])('lets a machine work that is %i seconds ahead', async (ahead) => {
    await expect(clientOn(ahead).send(new HeadBucketCommand({ Bucket: bucket }))).resolves.toBeDefined();
  });

  it.each([
    [-70, 'behind'],
    [70, "ahead of the store's"],
  ])('refuses a machine that is %i seconds ahead', async (ahead, words) => {
    const look = clientOn(ahead).send(new HeadBucketCommand({ Bucket: bucket }));

    await expect(look).rejects.toMatchObject({
      code: 'clock-apart',
      message: expect.stringContaining(words),
    });
  });

  it('hears the clock in a refusal too', async () => {
    const look = clientOn(3_600).send(new HeadBucketCommand({ Bucket: 'no-such-bucket' }));

    await expect(look).rejects.toMatchObject({ code: 'clock-apart' });
  });

  it('says so through the adapter, and does not call the store unreachable', async () => {
    const ref = await upload(embedded.clientFor(), bucket, 'k');
    const store = new S3LockStore({ client: clientOn(3_600), provider: providerNamed('aws') });

    await expect(store.read(ref)).rejects.toMatchObject({ code: 'clock-apart' });
  });

  it('lets an answer to a write through: what was taken must be recorded', async () => {
    const put = new PutObjectCommand({ Bucket: bucket, Key: 'written', Body: 'x' });

    await expect(clientOn(3_600).send(put)).resolves.toHaveProperty('VersionId');
  });
});
