import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClockWatch } from '../../../lib/aws/clock-watch.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { type Write } from '../../../lib/lock/change.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { proxyTo } from '../../helpers/proxy.ts';
import { s3Client } from '../../../lib/aws/s3-client.ts';

const LOCK: Write = {
  kind: 'retention',
  mode: 'GOVERNANCE',
  until: instantOf(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000),
};

describe('the watch on the clock', () => {
  let embedded: Embedded;
  let bucket: string;
  let ref: VersionRef;

  beforeAll(async () => {
    embedded = await startEmbedded();
    bucket = await makeBucket(embedded.clientFor());
    ref = await upload(embedded.clientFor(), bucket, 'k');
  });
  afterAll(async () => embedded.close());

  /** A store as a machine sees it whose clock is so many seconds ahead. */
  const storeOn = (ahead: number, client: S3Client = embedded.clientFor()): S3LockStore => {
    const watch = new ClockWatch({
      now: () => instantOf(Date.now() + ahead * 1_000),
      wait: async () => undefined,
    });
    watch.listenTo(client);
    return new S3LockStore({ client, provider: providerNamed('aws'), watch });
  };

  it.each([-55, 0, 55])('lets a lock be written on a machine that is %i seconds ahead', async (ahead) => {
    const store = storeOn(ahead);
    await store.read(ref);

    await expect(store.write(ref, LOCK)).resolves.toMatchObject({ kind: 'accepted' });
  });

  it.each([
    [-70, 'behind'],
    [70, "ahead of the store's"],
  ])('lets none be written on one that is %i seconds ahead', async (ahead, words) => {
    const store = storeOn(ahead);
    await store.read(ref);

    await expect(store.write(ref, LOCK)).rejects.toMatchObject({
      code: 'clock-apart',
      message: expect.stringContaining(words),
    });
  });

  it('lets such a machine look, and place a hold: it has no date', async () => {
    const store = storeOn(3_600);

    expect(await store.read(ref)).toMatchObject({ kind: 'found' });
    expect(await store.write(ref, { kind: 'hold-on' })).toMatchObject({ kind: 'accepted' });
  });

  it('hears the clock in a refusal too', async () => {
    const client = embedded.clientFor();
    const store = storeOn(3_600, client);

    await expect(client.send(new HeadBucketCommand({ Bucket: 'no-such-bucket' }))).rejects.toThrow();

    await expect(store.write(ref, LOCK)).rejects.toMatchObject({ code: 'clock-apart' });
  });

  it('believes the latest answer: a clock that was set is right again', async () => {
    let ahead = 3_600;
    const client = embedded.clientFor();
    const watch = new ClockWatch({
      now: () => instantOf(Date.now() + ahead * 1_000),
      wait: async () => undefined,
    });
    watch.listenTo(client);
    const store = new S3LockStore({ client, provider: providerNamed('aws'), watch });
    await store.read(ref);
    ahead = 0;

    await store.read(ref);

    await expect(store.write(ref, LOCK)).resolves.toMatchObject({ kind: 'accepted' });
  });

  it('takes no date from a cached answer', async () => {
    const old = new Date(Date.now() - 300_000).toUTCString();
    const between = await proxyTo(
      embedded.s3.port,
      async () => undefined,
      () => ({ date: old, age: '300' }),
    );
    const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' };
    const client = s3Client({ endpoint: between.url, credentials });
    const store = storeOn(0, client);
    await store.read(ref);

    await expect(store.write(ref, LOCK)).resolves.toMatchObject({ kind: 'accepted' });

    client.destroy();
    between.server.close();
  });
});
