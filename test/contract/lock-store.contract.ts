/** What every LockStore must do, whatever store stands behind it. */
import { DeleteObjectCommand, PutObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Write } from '../../lib/lock/change.ts';
import { type Instant, instantOf } from '../../lib/lock/instant.ts';
import { type LockedRetention } from '../../lib/lock/state.ts';
import { type LockStore, type VersionRef, versionIdOf } from '../../lib/ports/lock-store.ts';
import { customerKey, makeBucket, upload } from '../helpers/bucket.ts';

export interface StoreUnderTest {
  readonly store: LockStore;
  readonly client: S3Client;
  /** Some stores tell a delete marker as a missing version. */
  readonly markerLooks: 'marker' | 'gone';
  close(): Promise<void>;
}

const MINUTE = 60_000;

/** Whole seconds, as every store keeps them; minutes from now, so that nothing stays locked for long. */
function inMinutes(minutes: number): Instant {
  return instantOf(Math.ceil(Date.now() / 1_000) * 1_000 + minutes * MINUTE);
}

function retention(mode: 'GOVERNANCE' | 'COMPLIANCE', until: Instant): Write {
  return { kind: 'retention', mode, until };
}

/** Runs the contract on a store. */
export function describeLockStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`LockStore on ${name}`, () => {
    let under: StoreUnderTest;
    let bucket: string;
    const put = async (key: string): Promise<VersionRef> => upload(under.client, bucket, key);

    beforeAll(async () => {
      under = await open();
      bucket = await makeBucket(under.client);
    });
    afterAll(async () => {
      await under.close();
    });

    describe('reading', () => {
      it('finds a version with its size and creation, and says of an unseen lock that it is absent', async () => {
        const ref = await put('read/plain');

        const read = await under.store.read(ref);

        expect(read).toMatchObject({
          kind: 'found',
          version: { ref, size: 4, lock: { retention: { state: 'absent' } } },
        });
      });

      it('finds the current version where none is named', async () => {
        await put('read/current');
        const latest = await put('read/current');

        expect(await under.store.read({ bucket, key: latest.key })).toMatchObject({
          version: { ref: latest },
        });
      });

      it('sees a lock and a hold', async () => {
        const ref = await put('read/locked');
        const until = inMinutes(2);
        await under.store.write(ref, retention('GOVERNANCE', until));
        await under.store.write(ref, { kind: 'hold-on' });

        const read = await under.store.read(ref);

        const lock = { retention: { state: 'locked', mode: 'GOVERNANCE', until }, hold: 'on' };
        expect(read).toMatchObject({ version: { lock } });
      });

      it.each([
        ['of many scripts', 'a+b %25 "q",\\⏎😀'],
        ['with a line break', 'line\nbreak'],
        ['that looks like a path', '/lead//ing/../dots'],
        ['of 1,024 bytes', 'k'.repeat(1_024)],
      ])('knows a key %s', async (_, key) => {
        const ref = await put(key);

        expect(await under.store.read(ref)).toMatchObject({ kind: 'found', version: { ref } });
        expect(await under.store.write(ref, retention('GOVERNANCE', inMinutes(1)))).toMatchObject({
          kind: 'accepted',
        });
      });

      it('says that a key, a version or a bucket is gone', async () => {
        const ref = await put('read/gone');
        const other = await put('read/other');
        await under.client.send(
          new DeleteObjectCommand({ Bucket: bucket, Key: ref.key, VersionId: ref.versionId }),
        );

        expect(await under.store.read(ref)).toStrictEqual({ kind: 'gone' });
        expect(await under.store.read({ bucket, key: 'read/never' })).toStrictEqual({ kind: 'gone' });
        expect(await under.store.read({ ...other, bucket: 'no-such-bucket-here' })).toStrictEqual({
          kind: 'gone',
        });
      });

      it('tells a delete marker', async () => {
        const { key } = await put('read/marker');
        const { VersionId } = await under.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        const marker = { bucket, key, versionId: versionIdOf(VersionId ?? '') };

        expect(await under.store.read(marker)).toStrictEqual({ kind: under.markerLooks });
        expect(await under.store.readLock(marker, 'retention')).toStrictEqual({ kind: under.markerLooks });
        expect(await under.store.write(marker, retention('GOVERNANCE', inMinutes(1)))).toStrictEqual({
          kind: under.markerLooks,
        });
      });

      it('reads a version that only its uploader can decrypt', async () => {
        const ref = await upload(under.client, bucket, 'read/sse-c', customerKey());
        const until = inMinutes(2);

        expect(await under.store.write(ref, retention('COMPLIANCE', until))).toMatchObject({
          kind: 'accepted',
        });
        expect(await under.store.read(ref)).toMatchObject({
          kind: 'found',
          version: { ref, size: 4, lock: { retention: { state: 'locked', mode: 'COMPLIANCE', until } } },
        });
        expect(await under.store.read({ bucket, key: ref.key })).toMatchObject({ version: { ref } });
      });

      it('reads tags, and none where there are none', async () => {
        const ref = await put('read/tags');
        expect(await under.store.readTags(ref)).toStrictEqual(new Map());
        const Tagging = { TagSet: [{ Key: 'retention', Value: 'P1Y' }] };
        await under.client.send(
          new PutObjectTaggingCommand({ Bucket: bucket, Key: ref.key, VersionId: ref.versionId, Tagging }),
        );

        expect(await under.store.readTags(ref)).toStrictEqual(new Map([['retention', 'P1Y']]));
      });

      it('knows which version is current, and that a marker hides it', async () => {
        const older = await put('read/versions');
        const newer = await put('read/versions');
        expect([await under.store.readCurrent(older), await under.store.readCurrent(newer)]).toStrictEqual([
          false,
          true,
        ]);

        await under.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: newer.key }));

        expect(await under.store.readCurrent(newer)).toBe(false);
      });
    });

    describe('reading the lock alone', () => {
      it('tells "none" for certain', async () => {
        const ref = await put('lock/none');

        expect(await under.store.readLock(ref, 'retention')).toMatchObject({
          lock: { retention: { state: 'none' } },
        });
        expect(await under.store.readLock(ref, 'hold')).toMatchObject({ lock: { hold: 'none' } });
      });

      it('says that a bucket without Object Lock has none', async () => {
        const versioned = await makeBucket(under.client, 'versioned');
        const ref = await upload(under.client, versioned, 'x');

        expect(await under.store.readLock(ref, 'retention')).toStrictEqual({ kind: 'no-lock-on-bucket' });
        expect(await under.store.write(ref, { kind: 'hold-on' })).toStrictEqual({
          kind: 'no-lock-on-bucket',
        });
        expect(await under.store.write(ref, retention('GOVERNANCE', inMinutes(1)))).toStrictEqual({
          kind: 'no-lock-on-bucket',
        });
      });

      it('says of a bucket without versions that it has no lock', async () => {
        const plain = await makeBucket(under.client, 'plain');
        await upload(under.client, plain, 'x');

        expect(await under.store.read({ bucket: plain, key: 'x' })).toStrictEqual({
          kind: 'no-lock-on-bucket',
        });
      });
    });

    describe('writing', () => {
      const rows: [string, Write | undefined, Write, 'accepted' | 'denied'][] = [
        ['a first lock', undefined, retention('GOVERNANCE', inMinutes(5)), 'accepted'],
        ['a first COMPLIANCE lock', undefined, retention('COMPLIANCE', inMinutes(5)), 'accepted'],
        [
          'a later date',
          retention('GOVERNANCE', inMinutes(5)),
          retention('GOVERNANCE', inMinutes(6)),
          'accepted',
        ],
        [
          'a later COMPLIANCE date',
          retention('COMPLIANCE', inMinutes(5)),
          retention('COMPLIANCE', inMinutes(6)),
          'accepted',
        ],
        [
          'an earlier date',
          retention('GOVERNANCE', inMinutes(5)),
          retention('GOVERNANCE', inMinutes(4)),
          'denied',
        ],
        [
          'an earlier COMPLIANCE date',
          retention('COMPLIANCE', inMinutes(5)),
          retention('COMPLIANCE', inMinutes(4)),
          'denied',
        ],
        [
          'a weaker mode',
          retention('COMPLIANCE', inMinutes(5)),
          retention('GOVERNANCE', inMinutes(6)),
          'denied',
        ],
        [
          'a stricter mode',
          retention('GOVERNANCE', inMinutes(5)),
          retention('COMPLIANCE', inMinutes(6)),
          'denied',
        ],
      ];

      it.each(rows)('%s is taken or refused as S3 does', async (title, stored, write, expected) => {
        const ref = await put(`write/${title}`);
        if (stored !== undefined) await under.store.write(ref, stored);

        const answer = await under.store.write(ref, write);

        expect(answer.kind).toBe(expected);
        const kept = expected === 'accepted' ? write : stored;
        const lock = kept?.kind === 'retention' && {
          retention: { state: 'locked', mode: kept.mode, until: kept.until },
        };
        expect(await under.store.readLock(ref, 'retention')).toMatchObject({ kind: 'seen', lock });
      });

      it('places a hold beside a retention, and neither disturbs the other', async () => {
        const ref = await put('write/both');
        const until = inMinutes(2);

        await under.store.write(ref, { kind: 'hold-on' });
        await under.store.write(ref, retention('GOVERNANCE', until));

        expect(await under.store.readLock(ref, 'hold')).toMatchObject({ lock: { hold: 'on' } });
        expect(await under.store.readLock(ref, 'retention')).toMatchObject({
          lock: { retention: { until } },
        });
      });

      it('places an event hold with its duration, keeps it over a later date, and fixes a date on release', async () => {
        const ref = await put('write/event-hold');
        const { store } = under;
        const duration = { days: 1 };
        const on = { kind: 'event-hold-on', mode: 'GOVERNANCE', duration } as const;
        const stored = async (): Promise<LockedRetention | undefined> => {
          const answer = await store.readLock(ref, 'retention');
          const retention = answer.kind === 'seen' ? answer.lock.retention : undefined;
          return retention?.state === 'locked' ? retention : undefined;
        };
        // A store without event holds is never sent one: it would drop what it does not know.
        if (store.capabilities.eventHolds === 'none') {
          expect(await store.write(ref, on)).toMatchObject({ kind: 'rejected' });
          expect(await stored()).toBeUndefined();
          return;
        }

        expect(await store.write(ref, on)).toMatchObject({ kind: 'accepted' });
        const held = await stored();
        expect(held).toMatchObject({ mode: 'GOVERNANCE', eventHeld: true, eventHold: duration });
        expect(held?.until).toBeGreaterThan(inMinutes(1_439));
        expect(await store.read(ref)).toMatchObject({
          version: { lock: { retention: { eventHeld: true, eventHold: duration } } },
        });

        const later = inMinutes(1_500);
        expect(await store.write(ref, { ...on, until: later })).toMatchObject({ kind: 'accepted' });
        expect(await stored()).toMatchObject({ until: later, eventHeld: true, eventHold: duration });
        // A date before the end of the hold is no date for it.
        expect((await store.write(ref, { ...on, until: inMinutes(5) })).kind).not.toBe('accepted');

        const off = { kind: 'event-hold-off', mode: 'GOVERNANCE' } as const;
        expect(await store.write(ref, off)).toMatchObject({ kind: 'accepted' });
        expect(await stored()).toStrictEqual({
          ...{ state: 'locked', mode: 'GOVERNANCE', until: later },
          eventReleased: true,
        });
      });

      it('refuses an event hold in another mode than is stored', async () => {
        const ref = await put('write/event-mode');
        if (under.store.capabilities.eventHolds === 'none') return;
        await under.store.write(ref, retention('COMPLIANCE', inMinutes(5)));
        const duration = { days: 1 };

        expect(
          await under.store.write(ref, { kind: 'event-hold-on', mode: 'GOVERNANCE', duration }),
        ).toMatchObject({ kind: 'denied' });
        expect(await under.store.readLock(ref, 'retention')).toMatchObject({
          lock: { retention: { mode: 'COMPLIANCE' } },
        });
      });

      it('locks the version that was named, not the current one', async () => {
        const older = await put('write/pinned');
        const newer = await put('write/pinned');

        await under.store.write(older, retention('GOVERNANCE', inMinutes(2)));

        expect(await under.store.readLock(older, 'retention')).toMatchObject({
          lock: { retention: { state: 'locked' } },
        });
        expect(await under.store.readLock(newer, 'retention')).toMatchObject({
          lock: { retention: { state: 'none' } },
        });
      });

      it('reports a date that the store finds fault with', async () => {
        const ref = await put('write/past');

        expect(await under.store.write(ref, retention('GOVERNANCE', inMinutes(-5)))).toMatchObject({
          kind: 'rejected',
          code: 'InvalidArgument',
        });
      });

      it('says that the version is gone', async () => {
        expect(
          await under.store.write({ ...(await put('write/x')), key: 'write/never' }, { kind: 'hold-on' }),
        ).toStrictEqual({ kind: 'gone' });
      });
    });
  });
}
