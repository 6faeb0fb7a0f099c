import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { handleMessage, type Message } from '../../../lib/app/handle-message.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { onePolicy, testDeps } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

/** An EventBridge event about a version, as S3 sends it. */
function eventAbout({ bucket, key, versionId }: VersionRef, type = 'Object Created'): string {
  return JSON.stringify({
    id: 'event-1',
    source: 'aws.s3',
    'detail-type': type,
    detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId } },
  });
}

/** A message as it is delivered for the first time. */
function delivered(body: string, more: Partial<Message> = {}): Message {
  return { body, messageId: 'message-1', receives: 1, waits: 0, ...more };
}

function deliveredEvent(ref: VersionRef, type?: string): Message {
  return delivered(eventAbout(ref, type));
}

function eventOf(ref: VersionRef): Message {
  return deliveredEvent(ref);
}

describe('one message of the upload queue', () => {
  const policy = onePolicy('{ mode: GOVERNANCE, for: P1D }');
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;

  beforeAll(async () => {
    embedded = await startEmbedded({ 'cannot-lock': ['s3:PutObjectRetention'] });
    client = embedded.clientFor();
    bucket = await makeBucket(client);
  });
  afterAll(async () => {
    await embedded.close();
  });

  it('locks what it names, and the record names the event', async () => {
    const ref = await upload(client, bucket, 'a+b %25 😀\n');
    const deps = testDeps({ client, policy });

    expect(await handleMessage(deliveredEvent(ref), deps)).toMatchObject({
      kind: 'handled',
      records: [{ outcome: 'locked', key: ref.key, cause: 'event-1' }],
    });
  });

  it('twice, or after a tag change, ends the same', async () => {
    const ref = await upload(client, bucket, 'twice');
    const deps = testDeps({ client, policy });
    await handleMessage(deliveredEvent(ref), deps);

    expect(await handleMessage(deliveredEvent(ref, 'Object Tags Added'), deps)).toMatchObject({
      records: [{ outcome: 'found-in-place' }],
    });
  });

  it("skips S3's test event and events that never call for a lock", async () => {
    const deps = testDeps({ client, policy });
    const testEvent = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' });

    expect(await handleMessage(delivered(testEvent), deps)).toMatchObject({ kind: 'skipped' });
    expect(
      await handleMessage(
        deliveredEvent({ bucket, key: 'x', versionId: 'v' as VersionRef['versionId'] }, 'Object Deleted'),
        deps,
      ),
    ).toMatchObject({ kind: 'skipped' });
    expect(deps.records).toStrictEqual([]);
  });

  it('touches no bucket that is not on the list, whatever an event says', async () => {
    const deps = testDeps({ client, policy });

    const result = await handleMessage(
      deliveredEvent({ bucket: 'not-ours', key: 'x', versionId: 'v' as VersionRef['versionId'] }),
      deps,
    );

    expect(result).toStrictEqual({
      kind: 'skipped',
      reason: 'its bucket is not on the list of buckets',
      foreign: 1,
    });
  });

  it('that is no S3 event is parked with its reason, and recorded', async () => {
    const config = await makeBucket(client, 'versioned');
    const deps = testDeps({ client, policy, config });

    const result = await handleMessage(delivered('{"hello":1}', { messageId: 'm/../1' }), deps);

    expect(result).toMatchObject({ kind: 'parked', reason: expect.stringContaining('no S3 event') });
    const [record] = deps.records;
    expect(record).toMatchObject({ phase: 'deed', action: 'parked', cause: 'm/../1' });
    const parkedAs = record?.phase === 'deed' ? (record.parkedAs ?? '') : '';
    expect(parkedAs).toMatch(/^parked\/\d{4}-\d{2}-\d{2}\/m____1\.json$/);
    expect(JSON.parse((await deps.documents.get(parkedAs))?.body ?? '')).toMatchObject({
      body: '{"hello":1}',
    });
  });

  it('that failed in four deliveries is parked, and does not rot in the queue', async () => {
    const config = await makeBucket(client, 'versioned');
    const ref = await upload(client, bucket, 'denied-often');
    const deps = testDeps({ client: embedded.clientFor('cannot-lock'), policy, config });

    const result = await handleMessage(delivered(eventAbout(ref), { receives: 4 }), deps);

    expect(result).toMatchObject({ kind: 'parked', reason: expect.stringContaining('in 4 deliveries') });
  });

  it('ten good messages and one poison in one batch: ten locks, one parked, eleven records', async () => {
    const config = await makeBucket(client, 'versioned');
    const deps = testDeps({ client, policy, config });
    const refs = await Promise.all(
      Array.from({ length: 10 }, async (_, at) => upload(client, bucket, `batch/${at}`)),
    );
    const batch = [...refs.slice(0, 5).map(eventOf), delivered('poison'), ...refs.slice(5).map(eventOf)];

    const results = await Promise.all(batch.map(async (message) => handleMessage(message, deps)));

    expect(results.filter(({ kind }) => kind === 'handled')).toHaveLength(10);
    expect(results.filter(({ kind }) => kind === 'parked')).toHaveLength(1);
    expect(deps.records).toHaveLength(11);
    for (const ref of refs) {
      expect(await deps.store.readLock(ref, 'retention')).toMatchObject({
        lock: { retention: { state: 'locked' } },
      });
    }
  });

  it('waits while Holdfast is paused, is recorded once, and is sent back each time', async () => {
    const ref = await upload(client, bucket, 'paused');
    const paused = { pausedBecause: async () => 'the auditor asked', admit: async () => undefined };
    const deps = { ...testDeps({ client, policy }), brake: paused };

    const first = await handleMessage(deliveredEvent(ref), deps);
    const second = await handleMessage(delivered(eventAbout(ref), { waits: 1 }), deps);

    expect(first).toMatchObject({ records: [{ outcome: 'paused', detail: 'the auditor asked' }] });
    expect(second).toMatchObject({ records: [] });
    expect(deps.delayed.map(({ seconds, waits }) => [seconds, waits])).toStrictEqual([
      [900, 1],
      [900, 2],
    ]);
    expect(await deps.store.readLock(ref, 'retention')).toMatchObject({
      lock: { retention: { state: 'none' } },
    });
  });

  it('a hold is placed even while Holdfast is paused', async () => {
    const ref = await upload(client, bucket, 'paused-hold');
    const paused = { pausedBecause: async () => 'stop', admit: async () => undefined };
    const holding = onePolicy('{ mode: GOVERNANCE, for: P5Y, from: { tag: closed-on, untilThen: held } }');

    const result = await handleMessage(deliveredEvent(ref), {
      ...testDeps({ client, policy: holding }),
      brake: paused,
    });

    expect(result).toMatchObject({ records: [{ outcome: 'held' }] });
  });

  it('is left in the queue when its version could not be locked for a reason that may pass', async () => {
    const ref = await upload(client, bucket, 'denied');
    const deps = testDeps({ client: embedded.clientFor('cannot-lock'), policy });

    await expect(handleMessage(deliveredEvent(ref), deps)).rejects.toMatchObject({ code: 'partly-failed' });
    expect(deps.records).toMatchObject([{ outcome: 'no-permission' }]);
  });

  it('waits for tags that were changed just now, however old the version is', async () => {
    const ref = await upload(client, bucket, 'changed-late', { Tagging: 'a=b' });
    const settling = onePolicy(
      '{ mode: COMPLIANCE, for: P1Y }',
      '    settle: PT10M\n    match: { tags: { a: b } }\n',
    );
    const later = Date.now() + 3_600_000;
    const deps = testDeps({ client, policy: settling, now: () => later });
    const changed = {
      ...(JSON.parse(eventAbout(ref, 'Object Tags Added')) as object),
      time: new Date(later - 60_000).toISOString(),
    };

    const result = await handleMessage(delivered(JSON.stringify(changed)), deps);

    expect(result).toMatchObject({ records: [{ outcome: 'settling' }] });
    expect(deps.delayed).toMatchObject([{ seconds: 540, waits: 1 }]);
  });

  it('does not wait for ever for a version whose clock is ahead', async () => {
    const ref = await upload(client, bucket, 'ahead', { Tagging: 'a=b' });
    const settling = onePolicy(
      '{ mode: COMPLIANCE, for: P1Y }',
      '    settle: PT10M\n    match: { tags: { a: b } }\n',
    );
    const deps = testDeps({ client, policy: settling, now: () => Date.now() - 86_400_000 });

    expect(await handleMessage(delivered(eventAbout(ref), { waits: 2 }), deps)).toMatchObject({
      records: [{ outcome: 'locked' }],
    });
  });

  it('with several objects locks the others when one fails', async () => {
    const [good, other] = [
      await upload(client, bucket, 'several/good'),
      await upload(client, bucket, 'several/other'),
    ];
    const record = (key: string, versionId: string): object => ({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: bucket }, object: { key, versionId } },
    });
    const deps = testDeps({ client, policy });
    const { store } = deps;
    const failing = Object.assign(Object.create(store) as typeof store, {
      read: async (ref: Parameters<typeof store.read>[0]) => {
        if (ref.key === good.key) throw new Error('no answer');
        return store.read(ref);
      },
    });
    const body = JSON.stringify({
      Records: [record(good.key, good.versionId), record(other.key, other.versionId)],
    });

    await expect(handleMessage(delivered(body), { ...deps, store: failing })).rejects.toThrow('no answer');
    expect(deps.records).toMatchObject([{ key: other.key, outcome: 'locked' }]);
  });

  it('is sent back to wait where tags must settle first', async () => {
    const ref = await upload(client, bucket, 'settle', { Tagging: 'a=b' });
    const settling = onePolicy(
      '{ mode: COMPLIANCE, for: P1Y }',
      '    settle: PT10M\n    match: { tags: { a: b } }\n',
    );
    const deps = testDeps({ client, policy: settling });
    const body = eventAbout(ref);

    await handleMessage(delivered(body), deps);

    expect(deps.delayed).toMatchObject([{ body, waits: 1 }]);
    expect(deps.delayed[0]?.seconds).toBeGreaterThan(590);
    expect(deps.delayed[0]?.seconds).toBeLessThanOrEqual(601);
  });
});
