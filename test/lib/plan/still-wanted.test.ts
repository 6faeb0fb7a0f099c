import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { afterWrite, change, writeOf } from '../../../lib/lock/change.ts';
import { ceilToSecond, instantOf } from '../../../lib/lock/instant.ts';
import { type LockState, type Mode, noWeaker, UNLOCKED } from '../../../lib/lock/state.ts';
import { type Planned, stillWanted } from '../../../lib/plan/still-wanted.ts';
import { decide, type Decision } from '../../../lib/policy/decide.ts';
import { AS_OF, DAY, inDays, locked, policyWith, rowWith } from '../../helpers/plan.ts';

const GOVERNED = { name: 'g', lock: { mode: 'GOVERNANCE', for: 'P30D' } };
const COMPLIANT = { name: 'c', lock: { mode: 'COMPLIANCE', for: 'P30D' } };
const HELD = {
  name: 'h',
  lock: { mode: 'GOVERNANCE', for: 'P30D', from: { tag: 'closed', untilThen: 'held' } },
};
const NO_RULE = { ...GOVERNED, match: { prefix: 'x/' } };
const HOLD: Planned = { to: 'hold' };
const plannedFor = (to: Mode, days: number, tolerance = 0): Planned => ({
  to,
  until: inDays(days),
  tolerance: tolerance * DAY,
});
const decided = (rules: readonly object[], lock: LockState, settings?: object): Decision =>
  decide(policyWith(rules, settings), rowWith({ lock, tags: {} }), AS_OF);

describe('a planned write, when the version is read once more', () => {
  it.each<[string, readonly object[], LockState, Planned, string]>([
    [
      'is written, where nothing has changed',
      [GOVERNED],
      UNLOCKED,
      plannedFor('GOVERNANCE', 30),
      'apply +30',
    ],
    ['is written late by the tolerance', [GOVERNED], UNLOCKED, plannedFor('GOVERNANCE', 31, 1), 'apply +31'],
    ['is not written any later', [GOVERNED], UNLOCKED, plannedFor('GOVERNANCE', 31.01, 1), 'moved'],
    [
      'is written where the policy wants more by now: it is a step on the way',
      [GOVERNED],
      UNLOCKED,
      plannedFor('GOVERNANCE', 20),
      'apply +20',
    ],
    [
      'is not written in a stricter mode than the policy wants',
      [GOVERNED],
      UNLOCKED,
      plannedFor('COMPLIANCE', 30),
      'moved',
    ],
    [
      'is not written in a weaker mode: it could not be raised again',
      [COMPLIANT],
      UNLOCKED,
      plannedFor('GOVERNANCE', 30),
      'moved',
    ],
    [
      'is not written where no rule matches any more',
      [NO_RULE],
      UNLOCKED,
      plannedFor('COMPLIANCE', 30),
      'moved',
    ],
    ['is not written where only a hold is wanted', [HELD], UNLOCKED, plannedFor('GOVERNANCE', 30), 'moved'],
    [
      'is in place, where it is stored',
      [GOVERNED],
      locked('GOVERNANCE', inDays(30)),
      plannedFor('GOVERNANCE', 30),
      'in-place',
    ],
    [
      'is in place, where more is stored',
      [GOVERNED],
      locked('COMPLIANCE', inDays(99)),
      plannedFor('GOVERNANCE', 30),
      'in-place',
    ],
    [
      'is in place, where no rule wants it any more',
      [NO_RULE],
      locked('GOVERNANCE', inDays(30)),
      plannedFor('GOVERNANCE', 30),
      'in-place',
    ],
    [
      'is not in place in a weaker mode',
      [COMPLIANT],
      locked('GOVERNANCE', inDays(99)),
      plannedFor('COMPLIANCE', 30),
      'apply mode-weaker',
    ],
    [
      'extends what is stored',
      [GOVERNED],
      locked('GOVERNANCE', inDays(9)),
      plannedFor('GOVERNANCE', 30),
      'apply +30',
    ],
    [
      'extends a weaker lock in its mode',
      [COMPLIANT],
      locked('GOVERNANCE', inDays(9)),
      plannedFor('GOVERNANCE', 30),
      'apply +30',
    ],
    [
      'is not written over a weaker lock that came meanwhile',
      [COMPLIANT],
      locked('GOVERNANCE', inDays(9)),
      plannedFor('COMPLIANCE', 30),
      'moved',
    ],
    [
      'is not written over a stricter lock: the law names the gap',
      [GOVERNED],
      locked('COMPLIANCE', inDays(9)),
      plannedFor('GOVERNANCE', 30),
      'apply mode-stricter',
    ],
    [
      'is not written over an event hold',
      [GOVERNED],
      locked('GOVERNANCE', inDays(9), { eventHeld: true }),
      plannedFor('GOVERNANCE', 30),
      'apply refused',
    ],
    ['is a hold that is still wanted', [HELD], UNLOCKED, HOLD, 'apply hold-on'],
    ['is a hold that is there', [HELD], locked('GOVERNANCE', inDays(1), { hold: 'on' }), HOLD, 'in-place'],
    ['is a hold that nobody wants any more', [GOVERNED], UNLOCKED, HOLD, 'moved'],
  ])('%s', (_, rules, lock, planned, expected) => {
    const found = stillWanted(decided(rules, lock), lock, planned, AS_OF);

    const made = found.kind === 'apply' ? change(lock, found.wish, AS_OF) : undefined;
    const write = made && writeOf(made);
    const what =
      write === undefined
        ? made?.kind
        : write.kind === 'retention'
          ? `+${(write.until - AS_OF) / DAY}`
          : write.kind;
    expect([found.kind, what].filter(Boolean).join(' ')).toBe(expected);
  });

  it('says what is wanted by now, and what was planned', () => {
    const found = stillWanted(decided([GOVERNED], UNLOCKED), UNLOCKED, plannedFor('GOVERNANCE', 99), AS_OF);

    expect(found).toMatchObject({
      kind: 'moved',
      detail: expect.stringMatching(/2026-12-18T01:00:00Z is wanted now.*2027-02-25T01:00:00Z was planned/),
    });
  });

  it('is not written beyond a cap that was lowered meanwhile', () => {
    const decision = decided([{ name: 'g', lock: { mode: 'GOVERNANCE', for: 'P30D' } }], UNLOCKED, {
      maximum: 'P30D',
    });

    expect(stillWanted(decision, UNLOCKED, plannedFor('GOVERNANCE', 60, 40), AS_OF).kind).toBe('moved');
  });
});

const mode = fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const);
const anyRule = fc.oneof(
  fc.record({ mode, for: fc.integer({ min: 1, max: 40 }).map((days) => `P${days}D`) }),
  fc.record({ mode, remaining: fc.constant({ atLeast: 'P5D', extendTo: 'P20D' }) }),
  fc.constant(HELD.lock),
);
const lock: fc.Arbitrary<LockState> = fc.record({
  retention: fc.oneof(
    fc.constant({ state: 'none' as const }),
    fc.record({
      state: fc.constant('locked' as const),
      mode,
      until: fc.integer({ min: -5, max: 50 }).map((days) => inDays(days)),
    }),
  ),
  hold: fc.constantFrom('none' as const, 'on' as const),
});
const planned: fc.Arbitrary<Planned> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(HOLD) },
  {
    weight: 6,
    arbitrary: fc.record({
      to: mode,
      until: fc.integer({ min: -2, max: 80 }).map((days) => inDays(days)),
      tolerance: fc.constantFrom(0, DAY, 30 * DAY),
    }),
  },
);

describe('whatever has moved since the plan', () => {
  property.prop(
    [
      fc.array(anyRule, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('strongest', 'combine'),
      fc.constantFrom('P45D', 'P1Y'),
      lock,
      planned,
    ],
    { numRuns: 1_000 },
  )(
    'what is written weakens nothing, and is no more than was planned, nor than is wanted now and the tolerance, nor than the cap',
    (locks, onConflict, maximum, before, was) => {
      const rules = locks.map((each, at) => ({ name: `r${at}`, lock: each }));
      const decision = decided(rules, before, { onConflict, maximum });

      const found = stillWanted(decision, before, was, AS_OF);

      const write = found.kind === 'apply' ? writeOf(change(before, found.wish, AS_OF)) : undefined;
      if (write === undefined) return;
      expect(noWeaker(before, afterWrite(before, write, AS_OF), AS_OF)).toBe(true);
      expect(write.kind === 'hold-on').toBe(was.to === 'hold');
      if (write.kind !== 'retention' || was.to === 'hold') return;
      expect(write.mode).toBe(was.to);
      expect(write.until).toBeLessThanOrEqual(ceilToSecond(was.until));
      const now = decision.wishes.flatMap((wish) => {
        const wanted = writeOf(change(before, wish, AS_OF));
        return wish.kind === 'retention' && wanted?.kind === 'retention' ? [{ wish, wanted }] : [];
      });
      expect(
        now.some(
          ({ wish, wanted }) =>
            wanted.mode === write.mode &&
            write.until <= wanted.until + was.tolerance &&
            write.until <= instantOf(wish.notAfter),
        ),
      ).toBe(true);
    },
  );

  property.prop([fc.array(anyRule, { minLength: 1, maxLength: 3 }), lock, planned])(
    'in place means that the lock does what was planned',
    (locks, before, was) => {
      const rules = locks.map((each, at) => ({ name: `r${at}`, lock: each }));

      const found = stillWanted(decided(rules, before), before, was, AS_OF);

      if (found.kind !== 'in-place') return;
      expect(noWeaker(afterWrite(UNLOCKED, found.write, AS_OF), before, AS_OF)).toBe(true);
    },
  );
});
