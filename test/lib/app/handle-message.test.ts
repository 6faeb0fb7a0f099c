import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { handleMessage } from '../../../lib/app/handle-message.ts';
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

    expect(await handleMessage(eventAbout(ref), deps)).toMatchObject({
      kind: 'handled',
      records: [{ outcome: 'locked', key: ref.key, cause: 'event-1' }],
    });
  });

  it('twice, or after a tag change, ends the same', async () => {
    const ref = await upload(client, bucket, 'twice');
    const deps = testDeps({ client, policy });
    await handleMessage(eventAbout(ref), deps);

    expect(await handleMessage(eventAbout(ref, 'Object Tags Added'), deps)).toMatchObject({
      records: [{ outcome: 'already-right' }],
    });
  });

  it("skips S3's test event and events that never call for a lock", async () => {
    const deps = testDeps({ client, policy });
    const testEvent = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' });

    expect(await handleMessage(testEvent, deps)).toMatchObject({ kind: 'skipped' });
    expect(
      await handleMessage(
        eventAbout({ bucket, key: 'x', versionId: 'v' as VersionRef['versionId'] }, 'Object Deleted'),
        deps,
      ),
    ).toMatchObject({ kind: 'skipped' });
    expect(deps.records).toStrictEqual([]);
  });

  it('touches no bucket that is not on the list, whatever an event says', async () => {
    const deps = testDeps({ client, policy });

    const result = await handleMessage(
      eventAbout({ bucket: 'not-ours', key: 'x', versionId: 'v' as VersionRef['versionId'] }),
      deps,
    );

    expect(result).toStrictEqual({ kind: 'skipped', reason: 'its bucket is not on the list of buckets' });
  });

  it('that is no S3 event is refused, for the dead-letter queue', async () => {
    await expect(handleMessage('{"hello":1}', testDeps({ client, policy }))).rejects.toMatchObject({
      code: 'bad-event',
    });
  });

  it('is left in the queue when its version could not be locked for a reason that may pass', async () => {
    const ref = await upload(client, bucket, 'denied');
    const deps = testDeps({ client: embedded.clientFor('cannot-lock'), policy });

    await expect(handleMessage(eventAbout(ref), deps)).rejects.toMatchObject({ code: 'partly-failed' });
    expect(deps.records).toMatchObject([{ outcome: 'no-permission' }]);
  });

  it('is sent back to wait where tags must settle first', async () => {
    const ref = await upload(client, bucket, 'settle', { Tagging: 'a=b' });
    const settling = onePolicy(
      '{ mode: COMPLIANCE, for: P1Y }',
      '    settle: PT10M\n    match: { tags: { a: b } }\n',
    );
    const deps = testDeps({ client, policy: settling });
    const body = eventAbout(ref);

    await handleMessage(body, deps);

    expect(deps.delayed).toMatchObject([{ body }]);
    expect(deps.delayed[0]?.seconds).toBeGreaterThan(590);
    expect(deps.delayed[0]?.seconds).toBeLessThanOrEqual(601);
  });
});
