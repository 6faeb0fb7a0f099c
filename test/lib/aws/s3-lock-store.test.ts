/** Where other stores answer otherwise than S3; what all stores answer alike is in the contract. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { s3Client } from '../../../lib/aws/s3-client.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { applyWish } from '../../../lib/app/apply-wish.ts';
import { type Write } from '../../../lib/lock/change.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { type LockState } from '../../../lib/lock/state.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { type Provider } from '../../../lib/providers/record.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { testDeps } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { proxyTo } from '../../helpers/proxy.ts';
import { type S3Options } from '../../../local/s3/types.ts';

const MINIO: S3Options = {
  dialect: {
    none: { status: 400, code: 'NoSuchObjectLockConfiguration' },
    refusal: { status: 400, code: 'InvalidRequest' },
  },
};
const ANY_POLICY =
  'version: 1\nrules: [{ name: r, match: { prefix: x }, lock: { mode: GOVERNANCE, for: P1D } }]\n';
const until = instantOf(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000);
const lock = (more: number): Write => ({
  kind: 'retention',
  mode: 'COMPLIANCE',
  until: instantOf(until + more * 1_000),
});

describe('the store of locks, on a store that answers otherwise', () => {
  let embedded: Embedded | undefined;
  afterEach(async () => embedded?.close());

  const open = async (options: S3Options, more: Partial<Provider> = {}): Promise<S3LockStore> => {
    embedded = await startEmbedded({}, options);
    return new S3LockStore({
      client: embedded.clientFor(),
      provider: { ...providerNamed('minio'), ...more },
    });
  };
  const NONE: LockState = { retention: { state: 'none' }, hold: 'none' };
  const put = async (kind?: 'locked' | 'versioned'): Promise<Awaited<ReturnType<typeof upload>>> => {
    const client = embedded?.clientFor();
    if (client === undefined) throw new Error('not open');
    return upload(client, await makeBucket(client, kind), 'k', { Tagging: 'class=hr' });
  };

  it('takes "no lock" said with 400 for what it is', async () => {
    const store = await open(MINIO);
    const ref = await put();

    expect(await store.readLock(ref, 'retention')).toMatchObject({ lock: { retention: { state: 'none' } } });
    expect(await store.readLock(ref, 'hold')).toMatchObject({ lock: { hold: 'none' } });
  });

  it('does not take a code that nobody knows for "no lock"', async () => {
    const store = await open({ dialect: { none: { status: 404, code: 'Whatever' } } });

    expect(await store.readLock(await put(), 'retention')).toMatchObject({
      lock: { retention: { state: 'absent' } },
    });
  });

  it('tells a refusal by a lock, said with 400, from a bucket without Object Lock', async () => {
    const store = await open(MINIO);
    const ref = await put();
    await store.write(ref, lock(60));

    expect(await store.write(ref, lock(0))).toMatchObject({ kind: 'denied', code: 'InvalidRequest' });
    expect(await store.write(await put('versioned'), lock(0))).toStrictEqual({ kind: 'no-lock-on-bucket' });
  });

  it.each([
    ['a longer lock that was not seen', 60, 'already-right'],
    ['nothing that is stored', 0, 'rejected'],
  ])('names such a refusal by what is stored: %s', async (_, seconds, outcome) => {
    await open(MINIO);
    const client = embedded?.clientFor();
    if (client === undefined) throw new Error('not open');
    const deps = testDeps({ client, policy: ANY_POLICY, provider: 'minio' });
    const ref = await put();
    const read = await deps.store.read(ref);
    if (read.kind !== 'found') throw new Error(read.kind);
    if (seconds > 0) await deps.store.write(ref, lock(seconds));
    else deps.store.write = async () => ({ kind: 'denied', code: 'InvalidRequest' });
    const version = { ...read.version, lock: NONE };
    const wish = {
      kind: 'retention',
      mode: 'COMPLIANCE',
      until,
      notAfter: until,
      onConflict: 'strongest',
    } as const;

    expect(await applyWish(version, wish, deps, async () => undefined)).toMatchObject({ outcome });
  });

  it('knows a mode and a hold in whatever letter case they were kept', async () => {
    await open({});
    const ref = await put();
    const answered = {
      'x-amz-object-lock-mode': 'Compliance',
      'x-amz-object-lock-retain-until-date': new Date(until).toISOString(),
      'x-amz-object-lock-legal-hold': 'On',
    };
    const between = await proxyTo(
      embedded?.s3.port ?? 0,
      async () => undefined,
      () => answered,
    );
    const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' };
    const client = s3Client({ endpoint: between.url, credentials });

    const read = await new S3LockStore({ client, provider: providerNamed('minio') }).read(ref);
    client.destroy();
    between.server.close();

    expect(read).toMatchObject({
      version: { lock: { retention: { state: 'locked', mode: 'COMPLIANCE', until }, hold: 'on' } },
    });
  });

  it.each([
    [true, 0],
    [false, 1],
  ])('reads a lock back, unless that may be skipped: %s', async (confirmMayBeSkipped, times) => {
    const store = await open({}, { confirmMayBeSkipped });
    const client = embedded?.clientFor();
    if (client === undefined) throw new Error('not open');
    const read = await store.read(await put());
    if (read.kind !== 'found') throw new Error(read.kind);
    const deps = testDeps({ client, policy: ANY_POLICY });
    let readBack = 0;
    const readLock = store.readLock.bind(store);
    store.readLock = async (...of) => {
      readBack += 1;
      return readLock(...of);
    };
    const wish = {
      kind: 'retention',
      mode: 'COMPLIANCE',
      until,
      notAfter: until,
      onConflict: 'strongest',
    } as const;

    const version = { ...read.version, lock: NONE };
    const { outcome, after } = await applyWish(version, wish, { ...deps, store }, async () => undefined);

    expect(outcome).toBe('locked');
    expect(after.retention).toMatchObject({ state: 'locked', mode: 'COMPLIANCE', until });
    expect(readBack).toBe(times);
  });

  it.each([
    ['knows none', { eventHolds: 'none' as const }, { eventHeld: true }, 'rejected'],
    [
      'knows them',
      { eventHolds: 'native' as const },
      { eventHeld: true, eventHold: { years: 2 } },
      'accepted',
    ],
  ])('sends no event hold, and believes no duration, unless the record %s', async (_, more, told, answer) => {
    const store = await open({}, more);
    const client = embedded?.clientFor();
    if (client === undefined) throw new Error('not open');
    const ref = await upload(client, await makeBucket(client), 'k', {
      ...{ ObjectLockMode: 'COMPLIANCE', ObjectLockEventHold: 'ON', ObjectLockEventHoldDurationYears: 2 },
    });

    const seen = { retention: { state: 'locked', mode: 'COMPLIANCE', ...told } };
    expect(await store.read(ref)).toMatchObject({ version: { lock: seen } });
    const shown = await store.readLock(ref, 'retention');
    expect(shown).toMatchObject({ lock: seen });
    const hasDuration = shown.kind === 'seen' && 'eventHold' in shown.lock.retention;
    expect(hasDuration).toBe(more.eventHolds === 'native');
    expect(await store.write(ref, { kind: 'event-hold-off', mode: 'COMPLIANCE' })).toMatchObject({
      kind: answer,
    });
  });

  it('says nothing of tags where the store keeps none', async () => {
    const store = await open({}, { keepsTags: false });
    const ref = await put();

    expect(await store.readTags(ref)).toBe('unknown');
    expect(await store.read(ref)).toMatchObject({ version: { tags: 'unknown' } });
  });
});
