import { type IncomingHttpHeaders, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { composeUploads, type Uploads } from '../../../lib/compose/uploads.ts';
import { type Write } from '../../../lib/lock/change.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { fileOf } from '../../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { proxyTo } from '../../helpers/proxy.ts';

const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'on-object-event',
  HOLDFAST_STORE: 'aws',
  HOLDFAST_BUCKETS: 'docs',
  HOLDFAST_QUEUE_URL: 'http://127.0.0.1:9/queue',
  HOLDFAST_CONFIG_BUCKET: 'config',
  HOLDFAST_AUDIT_BUCKET: 'audit',
  HOLDFAST_AUDIT_LOG_GROUP: 'records',
  HOLDFAST_MAXIMUM: 'P12Y',
  HOLDFAST_ENFORCE: 'apply',
  HOLDFAST_BREAKER_VERSIONS: '1000',
  HOLDFAST_BREAKER_BYTES: '1000000',
};

const POLICY = 'version: 1\nrules: [{ name: r, lock: { mode: GOVERNANCE, for: P1D } }]\n';

describe('the functions of the upload path at a cold start', () => {
  it('do nothing on a packaged policy that is broken, and raise the alarm of the policy', () => {
    const alarms: unknown[] = [];
    const start = (): unknown =>
      composeUploads(
        { ...ENVIRONMENT, HOLDFAST_POLICY: fileOf('policy.yaml', 'version: 1\nruls: []\n') },
        { onPolicyStale: (cause) => alarms.push(cause), onCopyFailed: () => undefined },
      );

    expect(start).toThrow(expect.objectContaining({ code: 'bad-policy' }));
    expect(alarms).toStrictEqual([expect.objectContaining({ code: 'bad-policy' })]);
  });

  it.each([
    ['docs', true],
    ['audit', false],
    ['config', false],
    ['holdfast-probe-0123456789abcdef', false],
  ])('that manage every bucket manage %s: %s', (bucket, isManaged) => {
    const { manages } = composeUploads(
      { ...ENVIRONMENT, HOLDFAST_BUCKETS: '*', HOLDFAST_POLICY: fileOf('policy.yaml', POLICY) },
      { onPolicyStale: () => undefined, onCopyFailed: () => undefined },
    );

    expect(manages(bucket)).toBe(isManaged);
  });
});

describe('the store that the functions lock in', () => {
  let embedded: Embedded;
  let between: { url: string; server: Server };
  let written: IncomingHttpHeaders | undefined;
  /** How far the store's clock is from this machine's (milliseconds). */
  let apart = 0;

  beforeAll(async () => {
    embedded = await startEmbedded();
    between = await proxyTo(
      embedded.s3.port,
      async (method, path, headers) => {
        if (method === 'PUT' && path.includes('retention')) written = headers;
      },
      () => ({ date: new Date(Date.now() + apart).toUTCString() }),
    );
  });
  afterAll(async () => {
    between.server.close();
    await embedded.close();
  });

  const storeOf = (provider: string): Uploads['store'] =>
    composeUploads(
      {
        ...ENVIRONMENT,
        HOLDFAST_STORE: provider,
        HOLDFAST_STORE_ENDPOINT: between.url,
        HOLDFAST_STORE_REGION: 'us-east-1',
        HOLDFAST_STORE_ACCESS_KEY_ID: 'owner',
        HOLDFAST_STORE_SECRET_ACCESS_KEY: 'secret',
        HOLDFAST_POLICY: fileOf('policy.yaml', POLICY),
      },
      { onPolicyStale: () => undefined, onCopyFailed: () => undefined },
    ).store;
  const lock = (): Write => ({
    kind: 'retention',
    mode: 'GOVERNANCE',
    until: instantOf(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000),
  });

  it('gets no date from a clock that is apart from its own', async () => {
    const owner = embedded.clientFor();
    const ref = await upload(owner, await makeBucket(owner), 'k');
    const store = storeOf('minio');
    apart = -300_000;
    await store.read(ref);
    written = undefined;

    await expect(store.write(ref, lock())).rejects.toMatchObject({ code: 'clock-apart' });
    expect(written).toBeUndefined();
    apart = 0;
  });

  it.each([
    ['minio', true],
    ['wasabi', true],
    ['ceph-rgw', false],
  ])('gets Content-MD5 where it is a %s: %s', async (provider, isSent) => {
    const owner = embedded.clientFor();
    const ref = await upload(owner, await makeBucket(owner), 'k');

    expect(await storeOf(provider).write(ref, lock())).toMatchObject({ kind: 'accepted' });

    expect(Object.hasOwn(written ?? {}, 'content-md5')).toBe(isSent);
  });
});
