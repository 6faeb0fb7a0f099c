import { describe, expect, it } from '@jest/globals';
import { change, type Wish, writeOf } from '../../../lib/lock/change.ts';
import { type Instant, parseInstant } from '../../../lib/lock/instant.ts';
import { type LockState, type Mode, UNLOCKED } from '../../../lib/lock/state.ts';

const NOW = parseInstant('2026-11-20T12:00:00Z');
const Y2027 = parseInstant('2027-01-01T00:00:00Z');
const Y2028 = parseInstant('2028-01-01T00:00:00Z');
const Y2029 = parseInstant('2029-01-01T00:00:00Z');
const CAP = parseInstant('2036-01-01T00:00:00Z');

function wish(mode: Mode, until: Instant, onConflict: 'strongest' | 'combine' = 'strongest'): Wish {
  return { kind: 'retention', mode, until, notAfter: CAP, onConflict };
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
