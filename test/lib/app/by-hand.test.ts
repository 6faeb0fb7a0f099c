import { DeleteObjectCommand, GetObjectRetentionCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ByHandDeps, type HandResult, lockByHand, previewByHand } from '../../../lib/app/by-hand.ts';
import { collectVersions, entriesUnder } from '../../../lib/app/by-hand-find.ts';
import { runByHand, verdictOf } from '../../../lib/app/by-hand-run.ts';
import { statusByHand, type VersionStatus } from '../../../lib/app/by-hand-status.ts';
import { type AuditRecord } from '../../../lib/audit/record.ts';
import { S3EntryListing } from '../../../lib/aws/s3-entry-listing.ts';
import { S3LockStore } from '../../../lib/aws/s3-lock-store.ts';
import { systemClock } from '../../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../../lib/errors.ts';
import { type RetentionWish } from '../../../lib/lock/change.ts';
import { DAY, type Instant, instantOf } from '../../../lib/lock/instant.ts';
import { type Mode } from '../../../lib/lock/state.ts';
import { type ObjectRef, type VersionRef, versionIdOf } from '../../../lib/ports/lock-store.ts';
import { providerNamed } from '../../../lib/providers/index.ts';
import { type Fault } from '../../../local/s3/types.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { allOf } from '../../helpers/records.ts';

const DENIED = {
  'cannot-see-locks': ['s3:GetObjectRetention', 's3:GetObjectLegalHold'],
  'cannot-lock': ['s3:PutObjectRetention', 's3:PutObjectLegalHold'],
  'cannot-read': ['s3:GetObject', 's3:GetObjectVersion'],
  'cannot-list': ['s3:ListBucketVersions'],
};
const WRITES = ['PutObjectRetention', 'PutObjectLegalHold'];
const TODAY = Math.ceil(Date.now() / 1_000) * 1_000;
const inDays = (days: number): Instant => instantOf(TODAY + days * DAY);
const wish = (mode: Mode, days: number): RetentionWish => ({
  ...{ kind: 'retention', mode, until: inDays(days) },
  ...{ notAfter: inDays(100), onConflict: 'strongest' },
});
const HOSTILE = ['docs/a+b %41?.pdf', 'docs/x\u0001\n<&>y', 'docs/ünï 😀', 'docs/ ', 'docs/%', 'docs/null'];

describe('locks by hand', () => {
  let embedded: Embedded;
  let owner: S3Client;
  let bucket: string;
  let calls: string[] = [];
  let faults: Record<string, Fault> = {};
  let records: AuditRecord[] = [];

  beforeAll(async () => {
    embedded = await startEmbedded(DENIED, {
      fault: ({ operation }) => {
        calls.push(operation);
        return faults[operation];
      },
    });
    owner = embedded.clientFor();
  });
  beforeEach(async () => {
    bucket = await makeBucket(owner);
    [calls, faults, records] = [[], {}, []];
  });
  afterAll(async () => {
    await embedded.close();
  });

  const deps = (user = 'owner', more: Partial<ByHandDeps> = {}): ByHandDeps => ({
    store: new S3LockStore({ client: embedded.clientFor(user), provider: providerNamed('aws'), budget: 500 }),
    brake: { pausedBecause: async () => undefined, admit: async () => undefined },
    audit: {
      append: async (record) => {
        records.push(record);
      },
    },
    clock: systemClock,
    actor: 'cli:somebody',
    newId: () => 'id',
    ...more,
  });
  const lock = async (ref: VersionRef, mode: Mode, days: number, user?: string): Promise<HandResult> =>
    lockByHand(ref, wish(mode, days), 'run-1', deps(user));
  const stored = async ({ bucket: Bucket, key: Key, versionId: VersionId }: VersionRef): Promise<object> => {
    const { Retention = {} } = await owner.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
    return Retention;
  };
  const hide = async (key: string): Promise<string> =>
    (await owner.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))).VersionId ?? '';
  const written = (): string[] => calls.filter((operation) => WRITES.includes(operation));

  describe('one version', () => {
    it('is locked, and no other version of its key is', async () => {
      const older = await upload(owner, bucket, 'k');
      const newer = await upload(owner, bucket, 'k');

      expect(await lock(older, 'GOVERNANCE', 30)).toMatchObject({ outcome: 'locked' });

      expect(await stored(older)).toStrictEqual({
        Mode: 'GOVERNANCE',
        RetainUntilDate: new Date(inDays(30)),
      });
      await expect(stored(newer)).rejects.toMatchObject({ name: 'NoSuchObjectLockConfiguration' });
    });

    it('is recorded, with what was there before and what is there now', async () => {
      const ref = await upload(owner, bucket, 'k');

      await lock(ref, 'GOVERNANCE', 30);

      expect(records).toMatchObject([
        {
          ...ref,
          phase: 'outcome',
          actor: 'cli:somebody',
          cause: 'run-1',
          policy: 'by-hand',
          rules: [],
          before: { mode: 'absent' },
          wanted: [{ kind: 'retention', mode: 'GOVERNANCE' }],
          after: { mode: 'GOVERNANCE' },
          outcome: 'locked',
        },
      ]);
    });

    it('comes under COMPLIANCE only after its intent was stored', async () => {
      const ref = await upload(owner, bucket, 'k');
      const broken = {
        append: async () => {
          throw new HoldfastError('partly-failed', { what: 'no record', next: 'mend it' });
        },
      };

      await expect(
        lockByHand(ref, wish('COMPLIANCE', 1), 'run-1', deps('owner', { audit: broken })),
      ).rejects.toThrow('no record');
      expect(written()).toStrictEqual([]);

      await lock(ref, 'COMPLIANCE', 1);
      expect(records.map(({ phase }) => phase)).toStrictEqual(['intent', 'outcome']);
    });

    it.each<[string, [Mode, number], [Mode, number], HandResult['outcome'], [Mode, number]]>([
      ['an earlier date', ['GOVERNANCE', 30], ['GOVERNANCE', 29], 'found-in-place', ['GOVERNANCE', 30]],
      ['the same date', ['COMPLIANCE', 2], ['COMPLIANCE', 2], 'found-in-place', ['COMPLIANCE', 2]],
      ['a later date', ['GOVERNANCE', 30], ['GOVERNANCE', 31], 'extended', ['GOVERNANCE', 31]],
      ['a weaker mode, earlier', ['COMPLIANCE', 2], ['GOVERNANCE', 1], 'found-in-place', ['COMPLIANCE', 2]],
      ['a weaker mode, later', ['COMPLIANCE', 2], ['GOVERNANCE', 3], 'mode-stricter', ['COMPLIANCE', 2]],
      ['a stricter mode, earlier', ['GOVERNANCE', 3], ['COMPLIANCE', 2], 'mode-weaker', ['GOVERNANCE', 3]],
      ['a stricter mode, later', ['GOVERNANCE', 2], ['COMPLIANCE', 3], 'mode-weaker', ['GOVERNANCE', 3]],
    ])('is never weakened: %s', async (_, before, asked, outcome, [mode, days]) => {
      const ref = await upload(owner, bucket, 'k');
      await lock(ref, ...before);

      expect(await lock(ref, ...asked)).toMatchObject({ outcome });

      expect(await stored(ref)).toStrictEqual({ Mode: mode, RetainUntilDate: new Date(inDays(days)) });
    });

    it('is not locked beyond the cap', async () => {
      const ref = await upload(owner, bucket, 'k');

      expect(await lock(ref, 'GOVERNANCE', 101)).toMatchObject({ outcome: 'over-cap' });
      expect(written()).toStrictEqual([]);
    });

    it('is held, once', async () => {
      const ref = await upload(owner, bucket, 'k');

      const [first, second] = [
        await lockByHand(ref, { kind: 'hold' }, 'run-1', deps()),
        await lockByHand(ref, { kind: 'hold' }, 'run-1', deps()),
      ];

      expect([first.outcome, second.outcome]).toStrictEqual(['held', 'found-in-place']);
      expect(written()).toStrictEqual(['PutObjectLegalHold']);
    });

    it('waits while Holdfast is paused; a hold does not', async () => {
      const ref = await upload(owner, bucket, 'k');
      const paused = deps('owner', {
        brake: { pausedBecause: async () => 'wrong tags', admit: async () => undefined },
      });

      expect(await lockByHand(ref, wish('GOVERNANCE', 1), 'run-1', paused)).toMatchObject({
        outcome: 'paused',
        detail: 'wrong tags',
      });
      expect(await lockByHand(ref, { kind: 'hold' }, 'run-1', paused)).toMatchObject({ outcome: 'held' });
    });

    it.each([
      ['cannot-lock', 'no-permission', 's3:PutObjectRetention was denied'],
      ['cannot-read', 'no-permission', 's3:GetObject or s3:GetObjectVersion was denied'],
      ['cannot-see-locks', 'not-confirmed', 's3:GetObjectRetention is needed to read the lock back'],
    ])('says what %s lacks, and records it', async (user, outcome, detail) => {
      const ref = await upload(owner, bucket, 'k');

      expect(await lock(ref, 'GOVERNANCE', 1, user)).toMatchObject({ outcome, detail });
      expect(records).toMatchObject([{ outcome, detail }]);
    });

    it('is not there, is a marker, or lies in a bucket without Object Lock', async () => {
      await upload(owner, bucket, 'k');
      const marker = { bucket, key: 'k', versionId: versionIdOf(await hide('k')) };
      const gone = { ...marker, key: 'never' };
      const unlocked = await upload(owner, await makeBucket(owner, 'versioned'), 'k');

      const results = [];
      for (const ref of [marker, gone, unlocked]) results.push(await lock(ref, 'GOVERNANCE', 1));

      expect(results.map(({ outcome }) => outcome)).toStrictEqual(['marker', 'gone', 'no-lock-on-bucket']);
    });

    it('is recorded as unknown when the store gives no verdict: the write may have landed', async () => {
      const ref = await upload(owner, bucket, 'k');
      faults = { PutObjectRetention: { status: 500, code: 'InternalError', message: '' } };

      expect(await lock(ref, 'GOVERNANCE', 1)).toMatchObject({ outcome: 'no-verdict' });
      expect(records).toMatchObject([{ phase: 'outcome', detail: expect.stringContaining('no verdict') }]);
    });
  });

  describe('a preview', () => {
    const preview = async (ref: VersionRef, mode: Mode, days: number, user?: string): Promise<HandResult> =>
      previewByHand(ref, wish(mode, days), deps(user));

    it('foresees what the lock then does, and writes and records nothing', async () => {
      const ref = await upload(owner, bucket, 'k');
      const foreseen = [await preview(ref, 'GOVERNANCE', 1)];
      const done = [await lock(ref, 'GOVERNANCE', 1)];
      [calls, records] = [[], []];
      for (const [mode, days] of [
        ['GOVERNANCE', 1],
        ['GOVERNANCE', 2],
        ['COMPLIANCE', 1],
        ['GOVERNANCE', 101],
      ] as const) {
        foreseen.push(await preview(ref, mode, days));
        expect({ written: written(), records }).toStrictEqual({ written: [], records: [] });
        done.push(await lock(ref, mode, days));
        [calls, records] = [[], []];
      }

      expect(foreseen.map(({ outcome }) => outcome)).toStrictEqual(done.map(({ outcome }) => outcome));
    });

    it('says that it cannot tell where the lock may not be seen', async () => {
      const ref = await upload(owner, bucket, 'k');

      expect(await preview(ref, 'GOVERNANCE', 1, 'cannot-see-locks')).toMatchObject({
        outcome: 'no-permission',
        detail: 's3:GetObjectRetention is needed to see the stored lock',
      });
    });
  });

  describe('what lies under a prefix', () => {
    const listing = (): S3EntryListing => new S3EntryListing(owner);

    it('is found whatever its key is, and locked under that key', async () => {
      const refs = await Promise.all(HOSTILE.map(async (key) => upload(owner, bucket, key)));
      await upload(owner, bucket, 'other');

      const { versions } = await collectVersions(listing(), { bucket, prefix: 'docs/', latest: false });
      const run = await runByHand(
        versions.map(({ ref }) => ref),
        async (ref) => lock(ref, 'GOVERNANCE', 1),
      );

      expect(versions.map(({ ref }) => ref.key).sort()).toStrictEqual([...HOSTILE].sort());
      expect(verdictOf(run)).toBe('done');
      for (const ref of refs) expect(await stored(ref)).toMatchObject({ Mode: 'GOVERNANCE' });
    });

    it('is listed newest first, markers among the versions that they hide', async () => {
      const ids = [];
      for (let round = 0; round < 2; round += 1) {
        ids.unshift((await upload(owner, bucket, 'k')).versionId);
        ids.unshift(await hide('k'));
      }
      await upload(owner, bucket, 'k2');

      const entries = await allOf(entriesUnder(listing(), bucket, 'k'));

      expect(entries.slice(0, 4).map(({ ref }) => ref.versionId)).toStrictEqual(ids);
      expect(entries.map(({ kind, latest }) => `${kind} ${latest}`)).toStrictEqual([
        'marker true',
        'version false',
        'marker false',
        'version false',
        'version true',
      ]);
    });

    it('is listed with a newer version above the marker of the same second', async () => {
      await upload(owner, bucket, 'k');
      await hide('k');
      await upload(owner, bucket, 'k');

      const entries = await allOf(entriesUnder(listing(), bucket, 'k'));

      expect(entries.map(({ kind }) => kind)).toStrictEqual(['version', 'marker', 'version']);
    });

    it('is every version, or with `latest` the current ones that no marker hides', async () => {
      await upload(owner, bucket, 'hidden');
      await hide('hidden');
      await upload(owner, bucket, 'twice');
      const current = await upload(owner, bucket, 'twice');

      const all = await collectVersions(listing(), { bucket, prefix: '', latest: false });
      const latest = await collectVersions(listing(), { bucket, prefix: '', latest: true });

      expect(all).toMatchObject({ versions: { length: 3 }, markers: 1 });
      expect(latest.versions.map(({ ref }) => ref)).toStrictEqual([current]);
    });

    it('goes on over pages', async () => {
      for (let at = 0; at < 1_002; at += 1) await upload(owner, bucket, 'k');

      expect(await allOf(entriesUnder(listing(), bucket, ''))).toHaveLength(1_002);
    });

    it('is read from stores that encode no keys, and from those that repeat a page', async () => {
      const page = {
        IsTruncated: true,
        NextKeyMarker: '100%+',
        Versions: [{ Key: '100%+', VersionId: 'v', LastModified: new Date(0) }],
      };
      const odd = { send: async () => page } as unknown as S3Client;

      const entries = await allOf(entriesUnder(new S3EntryListing(odd), 'b', ''));

      expect(entries.map(({ ref }) => ref.key)).toStrictEqual(['100%+', '100%+']);
    });

    it('is refused when there is too much of it', async () => {
      await upload(owner, bucket, 'k');
      await upload(owner, bucket, 'k');

      await expect(
        collectVersions(listing(), { bucket, prefix: '', latest: false }, 1),
      ).rejects.toMatchObject({ code: 'bad-input' });
    });
  });

  describe('a run', () => {
    const refs = Array.from({ length: 50 }, (_, at) => ({
      ...{ bucket: 'b', key: `k${at}`, versionId: versionIdOf('v') },
    }));

    it('works on 16 versions at once, and answers in the order asked', async () => {
      let [running, most] = [0, 0];

      const { results } = await runByHand(refs, async (ref) => {
        most = Math.max(most, (running += 1));
        await systemClock.wait(Math.random() * 3);
        running -= 1;
        return { ref, outcome: 'locked' };
      });

      expect(most).toBe(16);
      expect(results.map(({ ref }) => ref)).toStrictEqual(refs);
    });

    it.each<[HandResult['outcome'], string]>([
      ['no-lock-on-bucket', 'the bucket has no Object Lock'],
      ['no-verdict', 'the store gave no verdict 16 times in a row'],
    ])('ends early after %s', async (outcome, stopped) => {
      const run = await runByHand(refs, async (ref) => ({ ref, outcome }));

      expect(run.stopped).toBe(stopped);
      expect(run.results.length).toBeLessThan(34);
    });

    it('does nothing more once a record could not be stored, and still tells what was done', async () => {
      let started = 0;

      const run = await runByHand(refs, async (ref) => {
        started += 1;
        if (started > 5) throw new Error('no record');
        return { ref, outcome: 'locked' };
      });

      expect(run).toMatchObject({ results: { length: 5 }, failure: new Error('no record') });
      expect(started).toBeLessThan(22);
    });

    it.each<[readonly HandResult['outcome'][], ReturnType<typeof verdictOf>]>([
      [['locked', 'extended', 'held', 'found-in-place', 'already-right'], 'done'],
      [['refused-by-lock', 'mode-weaker', 'mode-stricter'], 'refused-by-lock'],
      [['no-permission'], 'no-permission'],
      [['no-verdict'], 'unreachable'],
      [['no-permission', 'refused-by-lock'], 'partly-failed'],
      [['locked', 'no-permission'], 'partly-failed'],
      [['locked', 'gone'], 'partly-failed'],
      [['paused'], 'partly-failed'],
    ])('that ended in %j is %s', (outcomes, verdict) => {
      const ref = { bucket: 'b', key: 'k', versionId: versionIdOf('v') };

      expect(verdictOf({ results: outcomes.map((outcome) => ({ ref, outcome })) })).toBe(verdict);
    });
  });

  describe('the status of a version', () => {
    const status = async (ref: ObjectRef, user = 'owner'): Promise<VersionStatus> =>
      statusByHand(ref, {
        store: deps(user).store,
        listing: new S3EntryListing(embedded.clientFor(user)),
        isDenied: (cause) => cause instanceof Error && cause.name === 'AccessDenied',
      });

    it('tells its lock, reading what HEAD left out', async () => {
      const ref = await upload(owner, bucket, 'k');

      expect(await status({ bucket, key: 'k' })).toMatchObject({
        place: 'current',
        version: { ref, lock: { retention: { state: 'none' }, hold: 'none' } },
      });
    });

    it('tells a hold that HEAD shows', async () => {
      const ref = await upload(owner, bucket, 'k');
      await lockByHand(ref, { kind: 'hold' }, 'run-1', deps());

      expect(await status(ref)).toMatchObject({ version: { lock: { hold: 'on' } } });
    });

    it('tells what may not be seen as absent', async () => {
      const ref = await upload(owner, bucket, 'k');
      await lock(ref, 'COMPLIANCE', 1);

      expect(await status(ref, 'cannot-see-locks')).toMatchObject({
        version: { lock: { retention: { state: 'absent' }, hold: 'absent' } },
      });
    });

    it('finds the newest version below a marker', async () => {
      await upload(owner, bucket, 'k');
      const newest = await upload(owner, bucket, 'k');
      await lock(newest, 'COMPLIANCE', 1);
      const marker = await hide('k');

      expect(await status({ bucket, key: 'k' })).toMatchObject({
        place: 'hidden',
        version: { ref: newest, lock: { retention: { mode: 'COMPLIANCE' } } },
      });
      expect(await status({ bucket, key: 'k', versionId: versionIdOf(marker) })).toMatchObject({
        kind: 'marker',
        hides: { ref: newest },
      });
    });

    it('tells an older version from the current one, and neither where listing is denied', async () => {
      const older = await upload(owner, bucket, 'k');
      const newer = await upload(owner, bucket, 'k');
      await upload(owner, bucket, 'k+longer');

      expect(await status(older)).toMatchObject({ place: 'older' });
      expect(await status(newer)).toMatchObject({ place: 'current' });
      expect(await status(older, 'cannot-list')).toMatchObject({ place: 'not-seen' });
    });

    it('finds nothing where nothing is, not even under a longer key', async () => {
      await upload(owner, bucket, 'key-longer');
      await hide('key-longer');
      await hide('lone-marker');

      expect(await status({ bucket, key: 'key' })).toStrictEqual({ kind: 'gone' });
      expect(await status({ bucket, key: 'lone-marker' })).toStrictEqual({ kind: 'gone' });
    });
  });
});
