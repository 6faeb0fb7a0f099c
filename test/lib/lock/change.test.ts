import { describe, expect, it } from '@jest/globals';
import { afterWrite, change, releaseOf, type Wish, writeOf } from '../../../lib/lock/change.ts';
import { type HoldDuration } from '../../../lib/lock/duration.ts';
import { type Instant, parseInstant } from '../../../lib/lock/instant.ts';
import { type LockState, type Mode, noWeaker, UNLOCKED } from '../../../lib/lock/state.ts';

const NOW = parseInstant('2026-11-20T12:00:00Z');
const Y2027 = parseInstant('2027-01-01T00:00:00Z');
const Y2028 = parseInstant('2028-01-01T00:00:00Z');
const Y2029 = parseInstant('2029-01-01T00:00:00Z');
const CAP = parseInstant('2036-01-01T00:00:00Z');

function wish(mode: Mode, until: Instant, onConflict: 'strongest' | 'combine' = 'strongest'): Wish {
  return { kind: 'retention', mode, until, notAfter: CAP, onConflict };
}

function heldUntil(mode: Mode, duration: HoldDuration): Wish {
  return { kind: 'event-hold', mode, duration };
}

/** Under an event hold whose date was told as `until`; without a duration, nobody told that. */
function held(mode: Mode, until: Instant, eventHold?: HoldDuration): LockState {
  const retention = { state: 'locked' as const, mode, until, eventHeld: true as const };
  return { retention: eventHold === undefined ? retention : { ...retention, eventHold }, hold: 'none' };
}

function locked(mode: Mode, until: Instant): LockState {
  return { retention: { state: 'locked', mode, until }, hold: 'none' };
}

describe('the law of the lock', () => {
  const past = parseInstant('2026-01-01T00:00:00Z');
  const table: { stored: LockState; wanted: Wish; kind: string; sends?: [Mode, Instant] }[] = [
    { stored: UNLOCKED, wanted: wish('GOVERNANCE', Y2028), kind: 'set', sends: ['GOVERNANCE', Y2028] },
    { stored: UNLOCKED, wanted: wish('COMPLIANCE', Y2028), kind: 'set', sends: ['COMPLIANCE', Y2028] },
    {
      stored: locked('COMPLIANCE', past),
      wanted: wish('GOVERNANCE', Y2028),
      kind: 'set',
      sends: ['GOVERNANCE', Y2028],
    },
    {
      stored: locked('GOVERNANCE', Y2027),
      wanted: wish('GOVERNANCE', Y2028),
      kind: 'extend',
      sends: ['GOVERNANCE', Y2028],
    },
    {
      stored: locked('COMPLIANCE', Y2027),
      wanted: wish('COMPLIANCE', Y2028),
      kind: 'extend',
      sends: ['COMPLIANCE', Y2028],
    },
    { stored: locked('GOVERNANCE', Y2028), wanted: wish('GOVERNANCE', Y2028), kind: 'nothing' },
    { stored: locked('GOVERNANCE', Y2029), wanted: wish('GOVERNANCE', Y2028), kind: 'nothing' },
    { stored: locked('COMPLIANCE', Y2029), wanted: wish('COMPLIANCE', Y2028), kind: 'nothing' },
    { stored: locked('COMPLIANCE', Y2029), wanted: wish('GOVERNANCE', Y2028), kind: 'nothing' },
    {
      stored: locked('GOVERNANCE', Y2027),
      wanted: wish('COMPLIANCE', Y2028),
      kind: 'mode-weaker',
      sends: ['GOVERNANCE', Y2028],
    },
    { stored: locked('GOVERNANCE', Y2029), wanted: wish('COMPLIANCE', Y2028), kind: 'mode-weaker' },
    { stored: locked('COMPLIANCE', Y2027), wanted: wish('GOVERNANCE', Y2028), kind: 'mode-stricter' },
    {
      stored: locked('COMPLIANCE', Y2027),
      wanted: wish('GOVERNANCE', Y2028, 'combine'),
      kind: 'extend',
      sends: ['COMPLIANCE', Y2028],
    },
    { stored: UNLOCKED, wanted: wish('GOVERNANCE', past), kind: 'term-over' },
    { stored: UNLOCKED, wanted: wish('GOVERNANCE', NOW), kind: 'term-over' },
    { stored: UNLOCKED, wanted: wish('COMPLIANCE', parseInstant('2036-01-01T00:00:01Z')), kind: 'refused' },
    {
      stored: { retention: { state: 'absent' }, hold: 'none' },
      wanted: wish('GOVERNANCE', Y2028),
      kind: 'cannot-tell',
      sends: ['GOVERNANCE', Y2028],
    },
  ];

  it.each(table)(
    '$stored.retention, wanted $wanted.mode $wanted.until: $kind',
    ({ stored, wanted, kind, sends }) => {
      const made = change(stored, wanted, NOW);

      expect(made.kind).toBe(kind);
      expect(writeOf(made)).toStrictEqual(sends && { kind: 'retention', mode: sends[0], until: sends[1] });
    },
  );

  it('rounds a date up to a whole second, never down', () => {
    const made = change(UNLOCKED, wish('GOVERNANCE', (Y2028 + 1) as Instant), NOW);

    expect(writeOf(made)).toMatchObject({ until: Y2028 + 1_000 });
  });

  it('names the gap where the stored mode is weaker: from now to the date that is wanted', () => {
    const made = change(locked('GOVERNANCE', Y2029), wish('COMPLIANCE', Y2028), NOW);

    expect(made).toMatchObject({ residual: { mode: 'COMPLIANCE', from: NOW, until: Y2028 } });
  });

  it('names the gap where the stored mode is stricter: from the day the lock lapses', () => {
    const made = change(locked('COMPLIANCE', Y2027), wish('GOVERNANCE', Y2028), NOW);

    expect(made).toMatchObject({ residual: { mode: 'GOVERNANCE', from: Y2027, until: Y2028 } });
  });

  it('leaves a version under an event hold to S3, which moves its date itself', () => {
    const held: LockState = {
      retention: { state: 'locked', mode: 'GOVERNANCE', until: Y2027, eventHeld: true },
      hold: 'none',
    };

    expect(change(held, wish('GOVERNANCE', Y2028), NOW)).toStrictEqual({
      kind: 'refused',
      code: 'event-held',
    });
    expect(change(held, wish('GOVERNANCE', Y2027), NOW)).toStrictEqual({ kind: 'nothing' });
  });

  it('writes no plain date over an event hold, not even where the mode is weaker', () => {
    const held: LockState = {
      retention: { state: 'locked', mode: 'GOVERNANCE', until: Y2027, eventHeld: true },
      hold: 'none',
    };

    expect(writeOf(change(held, wish('COMPLIANCE', Y2028), NOW))).toBeUndefined();
  });

  it('takes a lock that ends at this very moment for ended', () => {
    expect(change(locked('COMPLIANCE', NOW), wish('GOVERNANCE', Y2027), NOW).kind).toBe('set');
  });

  it.each([
    ['none', 'hold-on'],
    ['on', 'nothing'],
    ['absent', 'cannot-tell'],
  ] as const)('a hold that is %s, wanted on: %s', (hold, kind) => {
    expect(change({ ...UNLOCKED, hold }, { kind: 'hold' }, NOW).kind).toBe(kind);
  });
});

describe('the law of the lock, under event holds', () => {
  const year = { years: 1 };
  const days = { days: 30 };
  const gone = parseInstant('2026-01-01T00:00:00Z');
  const later = parseInstant('2030-01-01T00:00:00Z');
  const on = (mode: Mode, duration: HoldDuration, until?: Instant): object => ({
    ...{ kind: 'event-hold-on', mode, duration },
    ...(until !== undefined && { until }),
  });
  const absent: LockState = { retention: { state: 'absent' }, hold: 'none' };
  const strict = heldUntil('COMPLIANCE', year);
  const loose = heldUntil('GOVERNANCE', year);

  it.each<[string, LockState, Wish, string, object | undefined]>([
    ['no lock', UNLOCKED, strict, 'set', on('COMPLIANCE', year)],
    ['a lock that has ended', locked('COMPLIANCE', gone), loose, 'set', on('GOVERNANCE', year)],
    ['an unseen lock: a shorter duration would be taken', absent, loose, 'must-see', undefined],
    ['a date of the same mode', locked('GOVERNANCE', Y2027), loose, 'extend', on('GOVERNANCE', year)],
    ['a date that outlasts it', locked('GOVERNANCE', later), loose, 'extend', on('GOVERNANCE', year, later)],
    ['GOVERNANCE', locked('GOVERNANCE', Y2027), strict, 'mode-weaker', on('GOVERNANCE', year)],
    ['COMPLIANCE', locked('COMPLIANCE', Y2027), loose, 'mode-stricter', undefined],
    ['the same hold', held('COMPLIANCE', Y2028, year), strict, 'nothing', undefined],
    ['a longer hold', held('GOVERNANCE', Y2029, { years: 2 }), loose, 'nothing', undefined],
    ['as long a hold in COMPLIANCE', held('COMPLIANCE', Y2028, year), loose, 'nothing', undefined],
    ['a shorter hold', held('GOVERNANCE', Y2027, days), loose, 'extend', on('GOVERNANCE', year)],
    [
      'a shorter hold with a date that outlasts both',
      held('GOVERNANCE', later, days),
      loose,
      'extend',
      on('GOVERNANCE', year, later),
    ],
    ['a shorter hold in COMPLIANCE', held('COMPLIANCE', Y2027, days), loose, 'mode-stricter', undefined],
    ['the same hold in GOVERNANCE', held('GOVERNANCE', Y2028, year), strict, 'mode-weaker', undefined],
    ['a hold of which nobody told the duration', held('GOVERNANCE', Y2028), loose, 'refused', undefined],
    [
      'a hold of days that may be shorter or longer than the years',
      held('GOVERNANCE', Y2029, { days: 2_921 }),
      heldUntil('GOVERNANCE', { years: 8 }),
      'extend',
      on('GOVERNANCE', { days: 2_922 }),
    ],
  ])('over %s', (_, stored, wanted, kind, sends) => {
    const made = change(stored, wanted, NOW);

    expect(made.kind).toBe(kind);
    expect(writeOf(made)).toStrictEqual(sends);
  });

  it.each<[string, LockState, Wish, string, object | undefined]>([
    [
      'is sent with the hold and its duration',
      held('GOVERNANCE', Y2028, year),
      wish('GOVERNANCE', Y2029),
      'extend',
      on('GOVERNANCE', year, Y2029),
    ],
    [
      'that S3 keeps anyway needs nothing',
      held('GOVERNANCE', Y2028, year),
      wish('GOVERNANCE', Y2028),
      'nothing',
      undefined,
    ],
    [
      'is refused where nobody told the duration',
      held('GOVERNANCE', Y2028),
      wish('GOVERNANCE', Y2029),
      'refused',
      undefined,
    ],
    [
      'of COMPLIANCE grows in GOVERNANCE',
      held('GOVERNANCE', Y2028, year),
      wish('COMPLIANCE', Y2029),
      'mode-weaker',
      on('GOVERNANCE', year, Y2029),
    ],
    [
      'of COMPLIANCE is not sent bare',
      held('GOVERNANCE', Y2028),
      wish('COMPLIANCE', Y2029),
      'mode-weaker',
      undefined,
    ],
    [
      'of GOVERNANCE is not sent over COMPLIANCE',
      held('COMPLIANCE', Y2028, year),
      wish('GOVERNANCE', Y2029),
      'mode-stricter',
      undefined,
    ],
    [
      'beyond the cap is refused',
      held('GOVERNANCE', Y2028, year),
      wish('GOVERNANCE', parseInstant('2037-01-01T00:00:00Z')),
      'refused',
      undefined,
    ],
  ])('a later date %s', (_, stored, wanted, kind, sends) => {
    const made = change(stored, wanted, NOW);

    expect(made.kind).toBe(kind);
    expect(writeOf(made)).toStrictEqual(sends);
  });

  it('a hold whose told date has passed still binds', () => {
    expect(change(held('COMPLIANCE', gone, year), strict, NOW)).toStrictEqual({ kind: 'nothing' });
  });

  it('only what holds is released, in its mode, and its date does not go back', () => {
    const stored = held('COMPLIANCE', Y2028, year);
    const write = releaseOf(stored);

    expect(write).toStrictEqual({ kind: 'event-hold-off', mode: 'COMPLIANCE' });
    expect(write && afterWrite(stored, write, NOW).retention).toStrictEqual({
      ...{ state: 'locked', mode: 'COMPLIANCE', until: Y2028 },
      eventReleased: true,
    });
    expect(releaseOf(locked('COMPLIANCE', Y2028))).toBeUndefined();
    expect(releaseOf(UNLOCKED)).toBeUndefined();
  });

  it('a version that is held no more, or for less after its release, is weaker', () => {
    const stored = held('GOVERNANCE', Y2028, year);

    expect(noWeaker(stored, locked('COMPLIANCE', Y2029), NOW)).toBe(false);
    expect(noWeaker(stored, held('GOVERNANCE', Y2029, days), NOW)).toBe(false);
    expect(noWeaker(stored, held('GOVERNANCE', Y2029), NOW)).toBe(false);
    expect(noWeaker(stored, held('GOVERNANCE', Y2028, year), NOW)).toBe(true);
  });
});
