import { PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reholdEvent, releaseEvent } from '../../../lib/app/matters/event-holds.ts';
import { lockVersion } from '../../../lib/app/lock-version.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { placeHold } from '../../../lib/app/matters/place-hold.ts';
import { changeDocket } from '../../../lib/app/matters/ledger-items.ts';
import { withOpen } from '../../../lib/matters/docket.ts';
import { upload } from '../../helpers/bucket.ts';
import {
  claimOf,
  eventPolicy,
  type EventWorld,
  isDestroyable,
  startEventWorld,
} from '../../helpers/event-holds.ts';

const DAY = 86_400_000;
const LEFT = '{ mode: COMPLIANCE, for: P30D, from: { event: left } }';
const LEFT_GOVERNANCE = LEFT.replace('COMPLIANCE', 'GOVERNANCE');
const HR = eventPolicy({ hr: LEFT });

describe.each([
  ['with event holds', undefined, 'aws'],
  ['that refuses event holds', { eventHolds: 'refused' as const }, 'generic'],
  ['that ignores event holds', { eventHolds: 'ignored' as const }, 'generic'],
])('on a store %s, a version that waits for an event', (_, dialect, provider) => {
  let world: EventWorld;
  let at = 0;
  const isNative = dialect === undefined;
  const uploaded = async (): Promise<VersionRef> => upload(world.client, world.bucket, `v-${(at += 1)}`);
  const until = async (ref: VersionRef): Promise<number> =>
    (await world.retentionOf(ref))?.RetainUntilDate?.getTime() ?? 0;

  beforeAll(async () => {
    world = await startEventWorld(dialect);
  });
  beforeEach(() => {
    world.calls.length = 0;
    for (const left of Object.values(world.faults)) left.length = 0;
  });
  afterAll(async () => {
    await world.close();
  });

  it('is held from its upload on, however long that takes', async () => {
    const ref = await uploaded();

    const { records } = await lockVersion(ref, 'e', world.with(HR, provider));

    expect(records).toMatchObject([
      { outcome: isNative ? 'event-hold-placed' : 'held', rules: ['hr'], decidedBy: 'hr' },
    ]);
    expect(await world.retentionOf(ref)).toEqual(
      isNative
        ? {
            ...{ Mode: 'COMPLIANCE', EventHold: 'ON', EventHoldDuration: { Days: 30 } },
            RetainUntilDate: new Date(world.now() + 30 * DAY),
          }
        : undefined,
    );
    expect(await world.isOn(ref)).toBe(!isNative);
    world.pass(400 * DAY);
    expect(await isDestroyable(world.client, ref)).toBe(false);
  });

  it('is found in place when it is looked at again', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);
    await lockVersion(ref, 'e', deps);
    world.calls.length = 0;

    expect((await lockVersion(ref, 'e', deps)).records).toMatchObject([{ outcome: 'found-in-place' }]);
    expect(world.calls.filter((name) => /^PutObject(Retention|LegalHold)/.test(name))).toStrictEqual([]);
  });

  it('gets its date when the event is reported, once', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);
    await lockVersion(ref, 'e', deps);
    world.pass(100 * DAY);
    const reported = Math.ceil(world.now() / 1_000) * 1_000;

    const result = await releaseEvent(ref, { event: 'left' }, deps);

    expect(result).toMatchObject({ ...ref, outcome: 'event-released' });
    const fixed = await until(ref);
    expect(fixed).toBeGreaterThanOrEqual(world.now() + 30 * DAY - 1_000);
    expect(fixed).toBeLessThanOrEqual(reported + 30 * DAY);
    expect(result.until).toBe(new Date(fixed).toISOString().replace('.000Z', 'Z'));
    expect((await world.retentionOf(ref))?.EventHold ?? 'OFF').toBe('OFF');
    expect(await world.isOn(ref)).toBe(false);
    expect(await isDestroyable(world.client, ref)).toBe(false);
    world.calls.length = 0;
    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'found-in-place' });
    expect((await lockVersion(ref, 'later', deps)).records).toMatchObject([{ outcome: 'found-in-place' }]);
    expect(world.calls.filter((name) => /^PutObject(Retention|LegalHold)/.test(name))).toStrictEqual([]);
    expect(await until(ref)).toBe(fixed);
    world.pass(31 * DAY);
    expect(await isDestroyable(world.client, ref)).toBe(true);
  });

  it('has a record before and after it is released', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);
    await lockVersion(ref, 'e', deps);
    const before = deps.records.length;

    await releaseEvent(ref, { event: 'left', cause: 'report-1' }, deps);

    const records = deps.records.slice(before).filter((record) => record.phase !== 'deed');
    expect(records[0]).toMatchObject({
      phase: 'intent',
      wanted: [{ kind: isNative ? 'no-event-hold' : 'retention', mode: 'COMPLIANCE' }],
    });
    expect(records.at(-1)).toMatchObject({ phase: 'outcome', outcome: 'event-released', cause: 'report-1' });
  });

  it('is held again when the event is undone, and released once more', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);
    await lockVersion(ref, 'e', deps);
    await releaseEvent(ref, { event: 'left' }, deps);
    const first = await until(ref);

    const again = await reholdEvent(ref, { event: 'left' }, deps);

    expect(again).toMatchObject({ outcome: isNative ? 'event-hold-placed' : 'held' });
    expect(await reholdEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'found-in-place' });
    expect((await lockVersion(ref, 'later', deps)).records).toMatchObject([{ outcome: 'found-in-place' }]);
    world.pass(60 * DAY);
    expect(await isDestroyable(world.client, ref)).toBe(false);
    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'event-released' });
    expect(await until(ref)).toBeGreaterThanOrEqual(first + 59 * DAY);
  });

  it('stays ON where a matter needs it too, with its date set', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);
    await lockVersion(ref, 'e', deps);
    await changeDocket((docket) => withOpen(docket, 'm-1'), 'epoch', deps);
    const claiming = { claimant: 'm-1', page: 'p', again: false, isWritten: async () => false };
    await placeHold({ ref }, claiming, deps);

    const result = await releaseEvent(ref, { event: 'left' }, deps);

    expect(result).toMatchObject({ outcome: 'event-released' });
    expect(await world.isOn(ref)).toBe(true);
    expect(await until(ref)).toBeGreaterThan(world.now() + 29 * DAY);
    expect(claimOf(await world.custodyOf(ref, deps), 'hr')).toBeUndefined();
  });

  it('follows its own event, and no other', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);
    await lockVersion(ref, 'e', deps);

    expect(await releaseEvent(ref, { event: 'other' }, deps)).toMatchObject({ outcome: 'unmatched' });
    world.pass(40 * DAY);
    expect(await isDestroyable(world.client, ref)).toBe(false);
  });

  it('that waits for two events stays held until both are reported', async () => {
    const ref = await uploaded();
    const right = '{ mode: COMPLIANCE, for: P10D, from: { event: right } }';
    const deps = world.with(eventPolicy({ hr: LEFT, other: right }), provider);
    await lockVersion(ref, 'e', deps);

    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'event-released' });
    world.pass(40 * DAY);
    expect(await isDestroyable(world.client, ref)).toBe(false);
    expect(await releaseEvent(ref, { event: 'right' }, deps)).toMatchObject({ outcome: 'event-released' });
    world.pass(11 * DAY);
    expect(await isDestroyable(world.client, ref)).toBe(true);
  });

  it('that nothing holds is not locked by a report', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);

    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'no-event-hold' });
    expect(await world.retentionOf(ref)).toBeUndefined();
  });

  it('that is gone has nothing to release', async () => {
    const ref = { ...(await uploaded()), key: 'never' };

    expect(await releaseEvent(ref, { event: 'left' }, world.with(HR, provider))).toMatchObject({
      outcome: 'gone',
    });
  });

  it('is left as it is while Holdfast is paused', async () => {
    const ref = await uploaded();
    const deps = world.with(HR, provider);
    await lockVersion(ref, 'e', deps);
    const brake = { pausedBecause: async () => 'by hand', admit: async () => undefined };

    const result = await releaseEvent(ref, { event: 'left' }, { ...deps, brake });

    expect(result).toMatchObject({ outcome: 'paused' });
    world.pass(40 * DAY);
    expect(await isDestroyable(world.client, ref)).toBe(false);
    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'event-released' });
  });

  it('under observation is recorded, and neither held nor released', async () => {
    const ref = await uploaded();
    const policy = HR.replace('    match', '    enforce: observe\n    match');
    const deps = world.with(policy, provider);

    const { records } = await lockVersion(ref, 'e', deps);

    expect(records).toMatchObject([
      { outcome: 'observed', wanted: [{ kind: 'event-hold', mode: 'COMPLIANCE', duration: 'P30D' }] },
    ]);
    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'observed' });
    expect(await isDestroyable(world.client, ref)).toBe(true);
  });
});

describe('on a store with event holds', () => {
  let world: EventWorld;
  beforeAll(async () => {
    world = await startEventWorld();
  });
  afterAll(async () => {
    await world.close();
  });
  const put = async (ref: VersionRef, Mode: 'GOVERNANCE' | 'COMPLIANCE', days: number): Promise<void> => {
    const { bucket: Bucket, key: Key, versionId: VersionId } = ref;
    const RetainUntilDate = new Date(Math.ceil(world.now() / 1_000) * 1_000 + days * DAY);
    await world.client.send(
      new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention: { Mode, RetainUntilDate } }),
    );
  };

  it('a dated rule extends a held version with the hold and its duration', async () => {
    const ref = await upload(world.client, world.bucket, 'dated');
    const deps = world.with(eventPolicy({ hr: LEFT, dated: '{ mode: COMPLIANCE, for: P1Y }' }));

    const { records } = await lockVersion(ref, 'e', deps);

    expect(records).toMatchObject([{ outcome: 'event-hold-placed' }, { outcome: 'extended' }]);
    expect(records[1]).toMatchObject({ wanted: [{ kind: 'event-hold', duration: 'P30D' }] });
    const stored = await world.retentionOf(ref);
    expect(stored).toMatchObject({ EventHold: 'ON', EventHoldDuration: { Days: 30 } });
    expect(stored?.RetainUntilDate?.getTime()).toBeGreaterThan(world.now() + 364 * DAY);
    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'event-released' });
    expect((await world.retentionOf(ref))?.RetainUntilDate).toStrictEqual(stored?.RetainUntilDate);
  });

  it('a date that is there already stays, and outlasts an early release', async () => {
    const ref = await upload(world.client, world.bucket, 'there');
    await put(ref, 'COMPLIANCE', 900);
    const deps = world.with(HR);

    expect((await lockVersion(ref, 'e', deps)).records).toMatchObject([{ outcome: 'event-hold-placed' }]);
    await releaseEvent(ref, { event: 'left' }, deps);

    expect((await world.retentionOf(ref))?.RetainUntilDate?.getTime()).toBeGreaterThan(
      world.now() + 899 * DAY,
    );
  });

  it('a hold that may be there for another event is not released, where nothing else holds for that', async () => {
    const ref = await upload(world.client, world.bucket, 'two-events');
    const right = '{ mode: COMPLIANCE, for: P10D, from: { event: right } }';
    const deps = world.with(eventPolicy({ hr: LEFT, other: right }));
    const { eventHolds: _, ...without } = deps;

    const { records } = await lockVersion(ref, 'e', without);

    expect(records).toMatchObject([{ outcome: 'event-hold-placed' }, { outcome: 'event-hold-not-placed' }]);
    for (const event of ['left', 'right'])
      expect(await releaseEvent(ref, { event }, deps)).toMatchObject({ outcome: 'still-needed' });
    expect(await world.retentionOf(ref)).toMatchObject({ EventHold: 'ON' });
    // Once the second rule has its claim, each follows its own event, in any order.
    await lockVersion(ref, 'again', deps);
    world.pass(1_000);
    expect(await releaseEvent(ref, { event: 'right' }, deps)).toMatchObject({ outcome: 'event-released' });
    expect(await world.retentionOf(ref)).toMatchObject({ EventHold: 'ON' });
    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'event-released' });
    expect(await world.retentionOf(ref)).toMatchObject({ EventHold: 'OFF' });
  });

  it('a hold that was undone and placed again is not released by the report of another event', async () => {
    const ref = await upload(world.client, world.bucket, 'undone');
    const right = '{ mode: COMPLIANCE, for: P10D, from: { event: right } }';
    const deps = world.with(eventPolicy({ hr: LEFT, other: right }));
    await lockVersion(ref, 'e', deps);
    world.pass(1_000);
    await releaseEvent(ref, { event: 'left' }, deps);
    world.pass(1_000);
    await reholdEvent(ref, { event: 'left' }, deps);
    world.pass(1_000);

    expect(await releaseEvent(ref, { event: 'right' }, deps)).toMatchObject({ outcome: 'event-released' });

    expect(await world.retentionOf(ref)).toMatchObject({ EventHold: 'ON' });
    expect(await world.isOn(ref)).toBe(false);
  });

  it('over GOVERNANCE the hold is placed in GOVERNANCE, and the gap is told', async () => {
    const ref = await upload(world.client, world.bucket, 'weaker');
    await put(ref, 'GOVERNANCE', 1);

    const { records } = await lockVersion(ref, 'e', world.with(HR));

    expect(records.at(-1)).toMatchObject({
      outcome: 'mode-weaker',
      after: { mode: 'GOVERNANCE', eventHold: 'P30D' },
      residuals: [{ mode: 'COMPLIANCE', because: 'mode-weaker' }],
    });
    expect(await world.retentionOf(ref)).toMatchObject({ Mode: 'GOVERNANCE', EventHold: 'ON' });
  });

  it('over COMPLIANCE no GOVERNANCE hold is sent', async () => {
    const ref = await upload(world.client, world.bucket, 'stricter');
    await put(ref, 'COMPLIANCE', 1);

    const { records } = await lockVersion(ref, 'e', world.with(eventPolicy({ hr: LEFT_GOVERNANCE })));

    expect(records).toMatchObject([{ outcome: 'mode-stricter' }]);
    expect((await world.retentionOf(ref))?.EventHold).toBeUndefined();
  });

  it('a GOVERNANCE event under a COMPLIANCE rule is left to a legal hold', async () => {
    const ref = await upload(world.client, world.bucket, 'outranked');
    const deps = world.with(eventPolicy({ hr: LEFT_GOVERNANCE, dated: '{ mode: COMPLIANCE, for: P1D }' }));

    const { records } = await lockVersion(ref, 'e', deps);

    expect(records.filter(({ phase }) => phase === 'outcome')).toMatchObject([
      { outcome: 'locked' },
      { outcome: 'held' },
    ]);
    expect(await world.isOn(ref)).toBe(true);
  });

  it('the store is not called right before the hold is seen on it: COMPLIANCE ones have an intent', async () => {
    const ref = await upload(world.client, world.bucket, 'intent');
    const deps = world.with(HR);

    await lockVersion(ref, 'e', deps);

    expect(deps.records).toMatchObject([
      { phase: 'intent', wanted: [{ kind: 'event-hold', mode: 'COMPLIANCE', duration: 'P30D' }] },
      { phase: 'outcome', after: { mode: 'COMPLIANCE', eventHold: 'P30D' } },
    ]);
  });

  it('the breaker counts a COMPLIANCE hold, and a pause stops it', async () => {
    const ref = await upload(world.client, world.bucket, 'braked');
    const deps = world.with(HR);
    const admitted: unknown[] = [];
    const admit = async (load: unknown): Promise<undefined> => {
      admitted.push(load);
    };
    const paused = { pausedBecause: async () => 'by hand', admit };

    const stopped = await lockVersion(ref, 'e', { ...deps, brake: paused });
    await lockVersion(ref, 'e', { ...deps, brake: { pausedBecause: async () => undefined, admit } });

    expect(stopped).toMatchObject({ paused: true, records: [{ outcome: 'paused' }] });
    expect(admitted).toStrictEqual([{ versions: 1, bytes: 4 }]);
  });

  it('a rule that asks for more by now raises the duration before the release', async () => {
    const ref = await upload(world.client, world.bucket, 'raised');
    await lockVersion(ref, 'e', world.with(HR));
    const longer = world.with(HR.replace('P30D', 'P60D'));

    expect(await releaseEvent(ref, { event: 'left' }, longer)).toMatchObject({ outcome: 'event-released' });

    expect((await world.retentionOf(ref))?.RetainUntilDate?.getTime()).toBeGreaterThan(
      world.now() + 59 * DAY,
    );
  });

  it('a release that the store denies leaves the hold ON, and says so', async () => {
    const ref = await upload(world.client, world.bucket, 'denied');
    const deps = world.with(HR);
    await lockVersion(ref, 'e', deps);
    world.faults.PutObjectRetention = [{ status: 403, code: 'AccessDenied', message: '' }];

    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'no-permission' });
    expect(await world.retentionOf(ref)).toMatchObject({ EventHold: 'ON' });
  });

  it('an uploader who says OFF at once, with a short date, is held all the same', async () => {
    const ref = await upload(world.client, world.bucket, 'sly', {
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockEventHold: 'OFF',
      ObjectLockRetainUntilDate: new Date(world.now() + DAY),
    });

    expect((await lockVersion(ref, 'e', world.with(HR))).records.at(-1)).toMatchObject({
      outcome: 'event-hold-placed',
    });
  });
});

describe('on a store without event holds', () => {
  let world: EventWorld;
  beforeAll(async () => {
    world = await startEventWorld({ eventHolds: 'ignored' });
  });
  beforeEach(() => {
    for (const left of Object.values(world.faults)) left.length = 0;
  });
  afterAll(async () => {
    await world.close();
  });

  it('that is taken for one that has them, nothing counts as held', async () => {
    const bare = await upload(world.client, world.bucket, 'bare');
    const dated = await upload(world.client, world.bucket, 'dated');
    const { bucket: Bucket, key: Key, versionId: VersionId } = dated;
    const RetainUntilDate = new Date(Math.ceil(world.now() / 1_000) * 1_000 + 900 * DAY);
    await world.client.send(
      new PutObjectRetentionCommand({
        ...{ Bucket, Key, VersionId },
        Retention: { Mode: 'COMPLIANCE', RetainUntilDate },
      }),
    );
    const deps = world.with(HR, 'aws');

    // Without a date it finds fault with what is left; with one it takes that for all that was asked.
    expect((await lockVersion(bare, 'e', deps)).records).toMatchObject([{ outcome: 'rejected' }]);
    expect((await lockVersion(dated, 'e', deps)).records).toMatchObject([{ outcome: 'not-confirmed' }]);
    expect(await world.retentionOf(dated)).toMatchObject({ RetainUntilDate });
  });

  it('and without a ledger it is reported that nothing was placed', async () => {
    const ref = await upload(world.client, world.bucket, 'no-ledger');
    const { eventHolds: _, ...deps } = world.with(HR, 'generic');

    const { records } = await lockVersion(ref, 'e', deps);

    expect(records).toMatchObject([{ outcome: 'event-hold-not-placed', rules: ['hr'] }]);
    expect(await world.isOn(ref)).toBe(false);
  });

  it('a date that cannot be set leaves the legal hold ON', async () => {
    const ref = await upload(world.client, world.bucket, 'undated');
    const deps = world.with(HR, 'generic');
    await lockVersion(ref, 'e', deps);
    world.faults.PutObjectRetention = Array.from({ length: 3 }, () => ({
      ...{ status: 403, code: 'AccessDenied', message: '' },
    }));

    const result = await releaseEvent(ref, { event: 'left' }, deps);

    expect(result).toMatchObject({ outcome: 'no-permission' });
    expect(result.detail).toContain('its legal hold stays ON');
    expect(await world.isOn(ref)).toBe(true);
    expect(claimOf(await world.custodyOf(ref, deps), 'hr')).toBeDefined();
  });

  it('a GOVERNANCE lock where COMPLIANCE is wanted leaves the legal hold ON', async () => {
    const ref = await upload(world.client, world.bucket, 'weaker');
    const deps = world.with(HR, 'generic');
    await lockVersion(ref, 'e', deps);
    const { bucket: Bucket, key: Key, versionId: VersionId } = ref;
    const RetainUntilDate = new Date(world.now() + DAY);
    await world.client.send(
      new PutObjectRetentionCommand({
        ...{ Bucket, Key, VersionId },
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate },
      }),
    );

    expect(await releaseEvent(ref, { event: 'left' }, deps)).toMatchObject({ outcome: 'mode-weaker' });
    expect(await world.isOn(ref)).toBe(true);
  });

  it('a date beyond the cap leaves the legal hold ON', async () => {
    const ref = await upload(world.client, world.bucket, 'capped');
    const deps = world.with(HR, 'generic');
    await lockVersion(ref, 'e', deps);
    const rules = deps.policy.rules.map((rule) => ({ ...rule, capAfter: () => 1 as never }));

    expect(
      await releaseEvent(ref, { event: 'left' }, { ...deps, policy: { ...deps.policy, rules } }),
    ).toMatchObject({ outcome: 'over-cap' });
    expect(await world.isOn(ref)).toBe(true);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'whatever request a release dies at, the version is never without both: %s',
    async (dies) => {
      const ref = await upload(world.client, world.bucket, `dies-${dies}`);
      const deps = world.with(HR, 'generic');
      await lockVersion(ref, 'e', deps);
      let left = dies;
      const step = <A extends unknown[], R>(work: (...args: A) => Promise<R>) => {
        return async (...args: A): Promise<R> => {
          left -= 1;
          if (left === 0) throw new Error('the machine dies');
          return work(...args);
        };
      };
      const store = Object.assign(Object.create(deps.store) as typeof deps.store, {
        write: step(deps.store.write.bind(deps.store)),
        readLock: step(deps.store.readLock.bind(deps.store)),
      });
      const ledger = {
        ...{ get: step(deps.ledger.get.bind(deps.ledger)), put: step(deps.ledger.put.bind(deps.ledger)) },
        list: deps.ledger.list.bind(deps.ledger),
      };
      const clearer = { clear: step(deps.clearer.clear.bind(deps.clearer)) };
      const dying = { ...deps, store, ledger, clearer };
      const clearing = { ...deps.clearing, store, ledger, clearer };
      // The report names its moment, so that a later delivery asks for the same date.
      const report = { event: 'left', at: deps.clock.now() };

      await releaseEvent(ref, report, { ...dying, clearing }).catch(() => undefined);

      const kept = await world.retentionOf(ref);
      expect(kept !== undefined || (await world.isOn(ref))).toBe(true);
      if (!(await world.isOn(ref))) expect(kept?.Mode).toBe('COMPLIANCE');
      // A clearing without an answer is never sent again: what is ON then may be somebody else's.
      const isUnanswered = (await world.custodyOf(ref, deps))?.clearing !== undefined;
      await releaseEvent(ref, report, deps);
      expect((await world.isOn(ref)) && !isUnanswered).toBe(false);
      const RetainUntilDate = new Date(Math.ceil((report.at + 30 * DAY) / 1_000) * 1_000);
      expect(await world.retentionOf(ref)).toStrictEqual({ Mode: 'COMPLIANCE', RetainUntilDate });
    },
  );

  it('a version whose tags no rule covers any more is still released by the claim', async () => {
    const ref = await upload(world.client, world.bucket, 'moved');
    const deps = world.with(HR, 'generic');
    await lockVersion(ref, 'e', deps);
    const elsewhere = world.with(HR.replace('"**"', 'elsewhere'), 'generic');

    expect(await releaseEvent(ref, { event: 'left' }, elsewhere)).toMatchObject({
      outcome: 'event-released',
    });
    expect(await world.isOn(ref)).toBe(false);
  });
});
