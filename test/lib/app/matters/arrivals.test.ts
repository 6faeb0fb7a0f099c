import { PutObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { holdArrival } from '../../../../lib/app/matters/arrivals.ts';
import { versionIdOf, type VersionRef } from '../../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../../helpers/bucket.ts';
import { type Embedded } from '../../../helpers/embedded.ts';
import {
  ANNA,
  BEN,
  bitOf,
  type Holds,
  holdsOn,
  openFully,
  releaseFully,
  startTimed,
  type TestTime,
} from '../../../helpers/holds.ts';

describe('what arrives in an open matter', () => {
  let timed: { embedded: Embedded; time: TestTime };
  let client: S3Client;
  let bucket: string;
  let world: Holds;

  beforeAll(async () => {
    timed = await startTimed({ blind: ['s3:GetObject', 's3:GetObjectVersion'] });
    client = timed.embedded.clientFor();
  });
  beforeEach(async () => {
    bucket = await makeBucket(client);
    world = await holdsOn(timed);
  });
  afterAll(async () => timed.embedded.close());
  const open = async (prefix: string, tags?: Record<string, string>): Promise<string> =>
    openFully(bucket, prefix, world, {
      allowEmpty: true,
      scope: { selector: { bucket, prefix, ...(tags && { tags }) } },
    });
  const arrive = async (key: string, Tagging?: string): Promise<VersionRef> => {
    const ref = await upload(client, bucket, key, { ...(Tagging !== undefined && { Tagging }) });
    await holdArrival(ref, false, world.deps);
    return ref;
  };

  it('is held, and on the roll of every matter that covers it', async () => {
    const ids = [await open('a/'), await open('a/b/'), await open('other/')];

    const ref = await arrive('a/b/c');

    expect(await bitOf(client, ref)).toBe('ON');
    expect(Object.keys((await world.custody(ref))?.claims ?? {}).sort()).toStrictEqual(
      ids.slice(0, 2).sort(),
    );
    for (const id of ids.slice(0, 2))
      expect(await world.roll(id)).toMatchObject([{ ...ref, outcome: 'on', size: 4 }]);
    expect(await world.roll(ids[2] ?? '')).toStrictEqual([]);
  });

  it('is noted once, however often its event comes', async () => {
    const id = await open('a/');
    const ref = await arrive('a/x');

    await holdArrival(ref, true, world.deps);
    await holdArrival({ bucket, key: ref.key }, false, world.deps);

    expect(await world.roll(id)).toHaveLength(1);
  });

  it('is left alone where nothing covers it, or it is gone or a marker', async () => {
    const id = await open('a/');

    const beside = await arrive('b/x');
    await holdArrival({ bucket, key: 'a/gone', versionId: versionIdOf('null') }, false, world.deps);

    expect(await bitOf(client, beside)).toBe('OFF');
    expect(await world.custody(beside)).toBeUndefined();
    expect(await world.roll(id)).toStrictEqual([]);
  });

  it('is covered by its tags, once they are there', async () => {
    const id = await open('a/', { case: 'doe' });
    const [tagged, other] = [await arrive('a/tagged', 'case=doe'), await arrive('a/other', 'case=roe')];
    expect([await bitOf(client, tagged), await bitOf(client, other)]).toStrictEqual(['ON', 'OFF']);

    const { key: Key, versionId: VersionId } = other;
    const TagSet = [{ Key: 'case', Value: 'doe' }];
    await client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key, VersionId, Tagging: { TagSet } }));
    await holdArrival(other, false, world.deps);

    expect(await bitOf(client, other)).toBe('ON');
    expect((await world.roll(id)).map(({ key }) => key).sort()).toStrictEqual(['a/other', 'a/tagged']);
  });

  it('is held in doubt where it may not be read', async () => {
    const id = await open('a/');
    const ref = await upload(client, bucket, 'a/secret');
    const blind = await holdsOn(timed, { principal: 'blind', beside: world });

    await holdArrival(ref, false, blind.deps);

    expect(await bitOf(client, ref)).toBe('ON');
    expect(await world.roll(id)).toMatchObject([{ key: 'a/secret', outcome: 'on' }]);
  });

  it('is released with the matter, and counted with its first scope', async () => {
    const id = await open('a/');
    const refs = [await arrive('a/1'), await arrive('a/2')];

    await releaseFully(id, world);

    for (const ref of refs) expect(await bitOf(client, ref)).toBe('OFF');
    expect(await world.api.get(id, ANNA)).toMatchObject({
      state: 'released',
      scopes: [{ released: { off: 2, needed: 0, notOurs: 0, failed: 0 } }],
    });
  });

  it('is sent to be released where its matter was released while it was put on the roll', async () => {
    const id = await open('a/');
    const ref = await upload(client, bucket, 'a/late');
    // What a function believes that has looked at the docket a moment ago.
    await world.deps.open.current();
    await world.api.askRelease(id, 'settled', ANNA);
    await world.api.approveRelease(id, BEN);
    await world.pump();

    await holdArrival(ref, false, world.deps);

    expect(await bitOf(client, ref)).toBe('ON');
    expect(world.queue.map(({ task }) => task)).toStrictEqual(['clear']);
    await world.pump();
    expect(await bitOf(client, ref)).toBe('OFF');
    expect(await world.custody(ref)).toMatchObject({ claims: {} });
  });

  it('is not sent anywhere while its matter is open', async () => {
    await open('a/');

    await arrive('a/x');

    expect(world.queue).toStrictEqual([]);
  });
});
