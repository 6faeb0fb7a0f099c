import { describe, expect } from '@jest/globals';
import { fc, it } from '@fast-check/jest';
import { afterWrite, change, type Change, type Wish, writeOf } from '../../../lib/lock/change.ts';
import { type HoldDuration } from '../../../lib/lock/duration.ts';
import { instantOf } from '../../../lib/lock/instant.ts';
import { type LockState, noWeaker } from '../../../lib/lock/state.ts';

const NOW = instantOf(Date.UTC(2026, 10, 20));
const DAY = 86_400_000;

const mode = fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const);
/** Few distinct days, some of them past, so that equal dates and expired locks come up often. */
const moment = fc.integer({ min: -3, max: 12 }).map((days) => instantOf(NOW + days * DAY));
const anyMoment = fc.integer({ min: -3 * DAY, max: 12 * DAY }).map((ms) => instantOf(NOW + ms));

/** Days and years that lie close together: neither is surely the longer one. */
const duration: fc.Arbitrary<HoldDuration> = fc.oneof(
  fc.constantFrom(1, 3, 365, 366, 730, 731, 732).map((days) => ({ days })),
  fc.constantFrom(1, 2).map((years) => ({ years })),
);

const state: fc.Arbitrary<LockState> = fc.record({
  retention: fc.oneof(
    fc.constant({ state: 'none' as const }),
    fc.record({ state: fc.constant('locked' as const), mode, until: fc.oneof(moment, anyMoment) }),
    fc.record({
      state: fc.constant('locked' as const),
      mode,
      until: fc.integer({ min: 800, max: 812 }).map((days) => instantOf(NOW + days * DAY)),
      eventHeld: fc.constant(true as const),
      eventHold: duration,
    }),
  ),
  hold: fc.constantFrom('none' as const, 'on' as const),
});

const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'hold' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('retention' as const),
      mode,
      until: fc.oneof(moment, anyMoment),
      notAfter: fc.constantFrom(instantOf(NOW + 10 * DAY), instantOf(NOW + 20 * DAY)),
      onConflict: fc.constantFrom('strongest' as const, 'combine' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('event-hold' as const), mode, duration }),
  },
);

interface Run {
  readonly end: LockState;
  readonly steps: readonly LockState[];
  readonly changes: readonly Change[];
}

/** Plays wishes, one after the other, on a store that does what it is told. */
function play(start: LockState, wishes: readonly Wish[]): Run {
  const steps: LockState[] = [];
  const changes: Change[] = [];
  let end = start;
  for (const next of wishes) {
    const made = change(end, next, NOW);
    const write = writeOf(made);
    if (write !== undefined) end = afterWrite(end, write, NOW);
    changes.push(made);
    steps.push(end);
  }
  return { end, steps, changes };
}

function inConflict({ changes }: Run): boolean {
  return changes.some(({ kind }) => kind === 'mode-weaker' || kind === 'mode-stricter');
}

describe('whatever is wished, in whatever order', () => {
  it.prop([state, fc.array(wish, { maxLength: 12 })])('no lock is ever weakened', (start, wishes) => {
    const { steps } = play(start, wishes);

    [start, ...steps].reduce((before, next) => {
      expect(noWeaker(before, next, NOW)).toBe(true);
      return next;
    });
  });

  it.prop([state, wish])('the same wish twice writes once', (start, wished) => {
    const { end } = play(start, [wished]);

    expect(writeOf(change(end, wished, NOW))).toBeUndefined();
  });

  it.prop([state, wish])('no write goes beyond the cap, nor into the past', (start, wished) => {
    const write = writeOf(change(start, wished, NOW));

    if (write?.kind === 'retention' && wished.kind === 'retention') {
      expect(write.until).toBeLessThanOrEqual(wished.notAfter);
      expect(write.until).toBeGreaterThan(NOW);
    }
  });

  it.prop([state, fc.array(wish, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat())])(
    'any order and any repetition of the same wishes ends no weaker than after any of them, and ends differ only with a conflict reported',
    (start, wishes, random) => {
      const shuffled = [...wishes, ...wishes]
        .map((wished) => ({ wished, rank: random.next().value as number }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ wished }) => wished);
      // Wishes that disagree about conflicts are two policies, not two orders of one.
      const agreed = (list: readonly Wish[]): Wish[] =>
        list.map((next) =>
          next.kind === 'retention' ? { ...next, onConflict: 'strongest', notAfter: far } : next,
        );
      const far = instantOf(NOW + 20 * DAY);

      const [one, other] = [play(start, agreed(wishes)), play(start, agreed(shuffled))];

      for (const run of [one, other]) {
        for (const step of run.steps) expect(noWeaker(step, run.end, NOW)).toBe(true);
      }
      if (JSON.stringify(one.end) !== JSON.stringify(other.end)) {
        expect(inConflict(one) || inConflict(other)).toBe(true);
      }
    },
  );

  it.prop([fc.array(wish, { maxLength: 6 }), moment])(
    'an unseen lock is only ever tried, never called covered',
    (wishes) => {
      const unseen: LockState = { retention: { state: 'absent' }, hold: 'absent' };

      for (const wished of wishes) {
        const made = change(unseen, wished, NOW);
        expect(['cannot-tell', 'must-see', 'term-over', 'refused']).toContain(made.kind);
      }
    },
  );

  it.prop([state, fc.boolean(), fc.boolean(), fc.array(wish, { maxLength: 8 })])(
    'a lock that is not seen, or half seen, is not weakened in a store that refuses it',
    (start, hidesRetention, hidesHold, wishes) => {
      let truth = start;
      for (const wished of wishes) {
        const seen: LockState = {
          retention: hidesRetention ? { state: 'absent' } : truth.retention,
          hold: hidesHold ? 'absent' : truth.hold,
        };
        const write = writeOf(change(seen, wished, NOW));
        if (write === undefined) continue;
        const next = afterWrite(truth, write, NOW);
        const isTaken = noWeaker(truth, next, NOW);
        // What was seen needs no refusal: the law itself wrote nothing weaker.
        if (write.kind === 'hold-on' ? !hidesHold : !hidesRetention) expect(isTaken).toBe(true);
        if (isTaken) truth = next;
      }

      expect(noWeaker(start, truth, NOW)).toBe(true);
    },
  );

  it.prop([mode, fc.oneof(moment, anyMoment), fc.constantFrom('none' as const, 'on' as const), wish])(
    'an event hold whose duration nobody told is never written over',
    (heldMode, until, hold, wished) => {
      const start: LockState = {
        retention: { state: 'locked', mode: heldMode, until, eventHeld: true },
        hold,
      };

      expect(['hold-on', undefined]).toContain(writeOf(change(start, wished, NOW))?.kind);
    },
  );

  it.prop([state, fc.array(wish, { maxLength: 12 })])(
    'no date is ever sent bare over an event hold',
    (start, wishes) => {
      let now = start;
      for (const wished of wishes) {
        const isHeld = now.retention.state === 'locked' && now.retention.eventHeld === true;
        const write = writeOf(change(now, wished, NOW));
        if (write === undefined) continue;
        if (isHeld) expect(write.kind).not.toBe('retention');
        expect(write.kind).not.toBe('event-hold-off');
        now = afterWrite(now, write, NOW);
      }
    },
  );
});
