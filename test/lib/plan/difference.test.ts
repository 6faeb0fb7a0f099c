import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { afterWrite } from '../../../lib/lock/change.ts';
import { type Instant, instantOf } from '../../../lib/lock/instant.ts';
import { type LockState, noWeaker, UNLOCKED } from '../../../lib/lock/state.ts';
import { type Difference, type Missing } from '../../../lib/plan/difference.ts';
import {
  AS_OF,
  DAY,
  differenceOf,
  inDays,
  locked,
  policyWith,
  rowWith,
  type RowParts,
} from '../../helpers/plan.ts';

const GOVERNED = { name: 'g', lock: { mode: 'GOVERNANCE', for: 'P30D' } };
const COMPLIANT = { name: 'c', lock: { mode: 'COMPLIANCE', for: 'P30D' } };
const ROLLING = {
  name: 'roll',
  lock: { mode: 'GOVERNANCE', remaining: { atLeast: 'P30D', extendTo: 'P44D' }, versions: 'current' },
};
const TAGGED = {
  name: 'tagged',
  settle: 'PT10M',
  match: { tags: { class: 'hr' } },
  lock: { mode: 'COMPLIANCE', for: 'P10D' },
};
const HELD_TILL_TAG = {
  name: 'till-tag',
  lock: { mode: 'GOVERNANCE', for: 'P30D', from: { tag: 'closed', untilThen: 'held' } },
};
const OBSERVING = { ...GOVERNED, name: 'o', enforce: 'observe', lock: { mode: 'GOVERNANCE', for: 'P60D' } };
const ABSENT: LockState = { retention: { state: 'absent' }, hold: 'absent' };
const NO_HOLD: LockState = { retention: { state: 'absent' }, hold: 'none' };
const TAGS: ReadonlySet<Missing> = new Set(['tags']);
const in30 = inDays(30);
const EARLIER = inDays(-1);

/** The same version, old enough for all of its tags to have settled. */
const settled = (parts: RowParts = {}): RowParts => ({ created: EARLIER, ...parts });

interface Brief {
  readonly state: Difference['state'];
  readonly changes?: readonly string[];
  readonly wrong?: readonly string[];
  readonly needs?: Missing;
}

/** A difference on a few lines: each change as `kind from to +days route`, each fault as `reason rule +days`. */
function brief({ state, changes, wrong, needs }: Difference): Brief {
  const inDaysFrom = (moment: Instant): string => `+${(moment - AS_OF) / DAY}`;
  if (needs !== undefined) return { state, needs };
  return {
    state,
    changes: changes.map(({ kind, rule, from, write, route, observed }) =>
      [
        kind,
        rule,
        from,
        ...(write.kind === 'retention' ? [write.mode, inDaysFrom(write.until)] : []),
        route,
        ...(observed ? ['observed'] : []),
      ].join(' '),
    ),
    wrong: wrong.map(({ reason, rule, from, fact }) =>
      [reason, rule, ...(from === undefined ? [] : [inDaysFrom(from)]), ...(fact === undefined ? [] : [fact])]
        .join(' ')
        .trim(),
    ),
  };
}

describe('between the lock that a version carries and the one that it ought to carry', () => {
  it.each<[string, readonly object[], RowParts, Brief]>([
    [
      'nothing, where the same is stored',
      [GOVERNED],
      { lock: locked('GOVERNANCE', in30) },
      { state: 'satisfied' },
    ],
    [
      'nothing, where more is stored',
      [GOVERNED],
      { lock: locked('COMPLIANCE', inDays(99)) },
      { state: 'satisfied' },
    ],
    [
      'nothing, where no rule matches',
      [{ ...GOVERNED, match: { prefix: 'x/' } }],
      {},
      { state: 'unmatched' },
    ],
    ['nothing, where the term is over', [GOVERNED], { created: inDays(-31) }, { state: 'term-over' }],
    [
      'the whole lock, where none is stored',
      [GOVERNED],
      {},
      { state: 'differs', changes: ['set g none GOVERNANCE +30 plain'] },
    ],
    [
      'the whole lock, where the stored one is over',
      [COMPLIANT],
      { lock: locked('GOVERNANCE', inDays(-1)) },
      { state: 'differs', changes: ['set c none COMPLIANCE +30 plain'] },
    ],
    [
      'a later date, where the stored one is early',
      [GOVERNED],
      { lock: locked('GOVERNANCE', inDays(9)) },
      { state: 'differs', changes: ['extend g GOVERNANCE GOVERNANCE +30 plain'] },
    ],
    [
      'a later date in the weaker mode, and the mode',
      [COMPLIANT],
      { lock: locked('GOVERNANCE', inDays(9)) },
      {
        state: 'differs',
        changes: ['extend c GOVERNANCE GOVERNANCE +30 recheck'],
        wrong: ['mode-weaker c +0'],
      },
    ],
    [
      'the mode alone, where the weaker lock lasts',
      [COMPLIANT],
      { lock: locked('GOVERNANCE', inDays(99)) },
      { state: 'differs', wrong: ['mode-weaker c +0'] },
    ],
    [
      'a gap from the day on which the stricter lock lapses, and no write',
      [GOVERNED],
      { lock: locked('COMPLIANCE', inDays(9)) },
      { state: 'differs', wrong: ['mode-stricter g +9'] },
    ],
    [
      'what a weaker rule asks for beyond the stricter one',
      [GOVERNED, { name: 'short', lock: { mode: 'COMPLIANCE', for: 'P9D' } }],
      {},
      { state: 'differs', changes: ['set short none COMPLIANCE +9 plain'], wrong: ['outranked g +9'] },
    ],
    [
      'the longest of the weaker rules, where the weaker mode is stored and stays',
      [GOVERNED, { name: 'short', lock: { mode: 'COMPLIANCE', for: 'P9D' } }],
      { lock: locked('GOVERNANCE', inDays(5)) },
      {
        state: 'differs',
        changes: ['extend short GOVERNANCE GOVERNANCE +30 plain'],
        wrong: ['mode-weaker short +0'],
      },
    ],
    [
      'a date that S3 itself moves on',
      [GOVERNED],
      { lock: locked('GOVERNANCE', inDays(9), { eventHeld: true }) },
      { state: 'differs', wrong: ['event-held g'] },
    ],
    [
      'nothing, where an event hold lasts long enough',
      [GOVERNED],
      { lock: locked('GOVERNANCE', in30, { eventHeld: true }) },
      { state: 'satisfied' },
    ],
    [
      'a rolling date, where the stored one would not last until the next pass has ended',
      [ROLLING],
      { lock: locked('GOVERNANCE', inDays(39)) },
      { state: 'differs', changes: ['extend roll GOVERNANCE GOVERNANCE +44 plain'] },
    ],
    [
      'nothing, where the stored one lasts until then',
      [ROLLING],
      { lock: locked('GOVERNANCE', inDays(40)) },
      { state: 'satisfied' },
    ],
    [
      'nothing for an older version, where only current ones count',
      [ROLLING],
      { current: false },
      { state: 'unmatched' },
    ],
    [
      'whether it is current, where the listing does not tell',
      [ROLLING],
      { current: 'unknown' },
      { state: 'satisfied', needs: 'current' },
    ],
    [
      'an event that is not placed yet',
      [{ name: 'e', lock: { mode: 'COMPLIANCE', for: 'P1Y', from: { event: 'left' } } }],
      {},
      { state: 'differs', wrong: ['event-hold-not-placed e'] },
    ],
    [
      'what a rule that observes would do',
      [OBSERVING],
      {},
      { state: 'satisfied', changes: ['set o none GOVERNANCE +60 plain observed'] },
    ],
    [
      'what is written, and what a rule that observes would add to it',
      [GOVERNED, OBSERVING],
      {},
      {
        state: 'differs',
        changes: ['set g none GOVERNANCE +30 plain', 'set o none GOVERNANCE +60 plain observed'],
      },
    ],
    [
      'one write, where a rule that observes wants the same',
      [GOVERNED, { ...GOVERNED, name: 'o', enforce: 'observe' }],
      {},
      { state: 'differs', changes: ['set g none GOVERNANCE +30 plain'] },
    ],
    ['its tags, where they decide', [TAGGED], settled(), { state: 'satisfied', needs: 'tags' }],
    [
      'nothing, where they are known and other ones',
      [TAGGED],
      settled({ tags: { class: 'x' } }),
      { state: 'unmatched' },
    ],
    [
      'a lock of its tags, which an engine checks once more',
      [TAGGED],
      settled({ tags: { class: 'hr' } }),
      { state: 'differs', changes: ['set tagged none COMPLIANCE +9 recheck'] },
    ],
    [
      'nothing yet, where its tags may still change',
      [TAGGED],
      { tags: { class: 'hr' } },
      { state: 'differs', wrong: [`settling tagged +${10 / 60 / 24}`] },
    ],
    [
      'its lock, where the listing tells none',
      [GOVERNED],
      { lock: ABSENT },
      { state: 'satisfied', needs: 'retention' },
    ],
    [
      'its hold, where the listing tells none',
      [HELD_TILL_TAG],
      { lock: ABSENT, tags: {} },
      { state: 'satisfied', needs: 'hold' },
    ],
    [
      'no hold to read, where none is wanted',
      [GOVERNED],
      { lock: { ...UNLOCKED, hold: 'absent' } },
      { state: 'differs', changes: ['set g none GOVERNANCE +30 plain'] },
    ],
    [
      'no lock to read, where no rule matches',
      [{ ...GOVERNED, match: { prefix: 'x/' } }],
      { lock: ABSENT },
      { state: 'unmatched' },
    ],
    [
      'a hold, until the tag comes',
      [HELD_TILL_TAG],
      { tags: {} },
      { state: 'differs', changes: ['hold-on till-tag none recheck'] },
    ],
    [
      'nothing, where it is held',
      [HELD_TILL_TAG],
      { tags: {}, lock: locked('GOVERNANCE', in30, { hold: 'on' }) },
      { state: 'satisfied' },
    ],
  ])('lies %s', (_, rules, parts, expected) => {
    const found = brief(differenceOf(policyWith(rules), rowWith(parts)));

    expect(found).toStrictEqual(
      expected.needs === undefined ? { changes: [], wrong: [], ...expected } : expected,
    );
  });

  it('may be a date and a hold, the date first', () => {
    const { changes } = differenceOf(policyWith([GOVERNED, HELD_TILL_TAG]), rowWith({ tags: {} }));

    expect(changes.map(({ kind }) => kind)).toStrictEqual(['set', 'hold-on']);
  });

  it('is a fault of the policy, where every version ought to be covered', () => {
    const policy = policyWith([{ ...GOVERNED, match: { prefix: 'x/' } }], { unmatched: 'error' });

    expect(brief(differenceOf(policy, rowWith()))).toStrictEqual({
      state: 'unmatched',
      changes: [],
      wrong: ['uncovered'],
    });
  });

  it('is never more than the cap, and what lies beyond it is named', () => {
    const policy = policyWith([{ name: 'u', lock: { mode: 'COMPLIANCE', until: '2027-12-31' } }], {
      maximum: 'P1Y',
    });

    expect(brief(differenceOf(policy, rowWith()))).toStrictEqual({
      state: 'differs',
      changes: [],
      wrong: ['over-cap u'],
    });
  });

  it('is extended in the stricter mode only where the policy says so', () => {
    const policy = policyWith([GOVERNED], { onConflict: 'combine' });

    expect(brief(differenceOf(policy, rowWith({ lock: locked('COMPLIANCE', inDays(9)) })))).toMatchObject({
      changes: ['extend g COMPLIANCE COMPLIANCE +30 recheck'],
      wrong: [],
    });
  });
});

describe('tags that may not be read', () => {
  it('are asked for once, and then the rule is named as undecided', () => {
    const policy = policyWith([TAGGED]);
    const row = rowWith(settled());

    expect(differenceOf(policy, row).needs).toBe('tags');
    expect(brief(differenceOf(policy, row, TAGS))).toStrictEqual({
      state: 'differs',
      changes: [],
      wrong: ['undecided tagged tags'],
    });
  });

  it('hold GOVERNANCE back while a COMPLIANCE rule is undecided: that mode could never become COMPLIANCE', () => {
    const found = differenceOf(policyWith([GOVERNED, TAGGED]), rowWith(settled()), TAGS);

    expect(brief(found)).toStrictEqual({ state: 'differs', changes: [], wrong: ['undecided tagged tags'] });
  });

  it.each([
    ['a COMPLIANCE rule that is decided', [COMPLIANT, TAGGED], ['set c none COMPLIANCE +29 plain']],
    [
      'GOVERNANCE, where only a GOVERNANCE rule is undecided',
      [GOVERNED, { ...TAGGED, lock: { mode: 'GOVERNANCE', for: 'P10D' } }],
      ['set g none GOVERNANCE +29 plain'],
    ],
    [
      'GOVERNANCE, where the undecided rule only observes',
      [GOVERNED, { ...TAGGED, enforce: 'observe' }],
      ['set g none GOVERNANCE +29 plain'],
    ],
  ])('do not hold back %s', (_, rules, changes) => {
    expect(brief(differenceOf(policyWith(rules), rowWith(settled()), TAGS)).changes).toStrictEqual(changes);
  });
});

describe('a lock that may not be read', () => {
  it.each<[string, readonly object[], RowParts, Missing, string]>([
    ['retention', [GOVERNED], { lock: NO_HOLD }, 'retention', 'lock-not-seen g'],
    ['hold', [HELD_TILL_TAG], { lock: ABSENT, tags: {} }, 'hold', 'lock-not-seen till-tag'],
  ])('%s: nothing is written blindly, and it counts as wrong', (_, rules, parts, part, wrong) => {
    expect(brief(differenceOf(policyWith(rules), rowWith(parts), new Set([part])))).toStrictEqual({
      state: 'differs',
      changes: [],
      wrong: [wrong],
    });
  });
});

describe('the route of a change', () => {
  const routeOf = (
    rules: readonly object[],
    parts: RowParts,
    more: { tellsEventHolds?: boolean; settings?: object } = {},
  ): string | undefined => {
    const { tellsEventHolds = true, settings } = more;
    const found = differenceOf(policyWith(rules, settings), rowWith(parts), TAGS, { tellsEventHolds });
    return found.changes[0]?.route;
  };
  const hr = { tags: { class: 'hr' } };

  it.each<[string, readonly object[], RowParts, { tellsEventHolds?: boolean; settings?: object }, string]>([
    ['plain for a new lock', [GOVERNED], {}, {}, 'plain'],
    ['plain for an extension', [GOVERNED], { lock: locked('GOVERNANCE', inDays(3)) }, {}, 'plain'],
    [
      'urgent where the lock ends within three days',
      [GOVERNED],
      { lock: locked('GOVERNANCE', instantOf(inDays(3) - 1_000)) },
      {},
      'urgent',
    ],
    [
      'plain where it ended already: there is nothing left to lose in time',
      [GOVERNED],
      { lock: locked('GOVERNANCE', inDays(-1)) },
      {},
      'plain',
    ],
    ['recheck for COMPLIANCE by tags', [TAGGED], settled(hr), {}, 'recheck'],
    [
      'plain for GOVERNANCE by tags, which can be taken back',
      [{ ...TAGGED, lock: GOVERNED.lock }],
      settled(hr),
      {},
      'plain',
    ],
    [
      'plain for COMPLIANCE that tags have no part in',
      [COMPLIANT, { ...TAGGED, match: { tags: { class: 'x' } } }],
      settled(hr),
      {},
      'plain',
    ],
    [
      'recheck where the length comes from a tag',
      [
        {
          name: 't',
          settle: 'PT1M',
          lock: { mode: 'COMPLIANCE', for: { tag: 'keep', atMost: 'P1Y', otherwise: 'P9D' } },
        },
      ],
      settled({ tags: { keep: 'P20D' } }),
      {},
      'recheck',
    ],
    [
      'recheck where tags are an exception',
      [
        {
          ...COMPLIANT,
          settle: 'PT1M',
          match: { prefix: 'a', except: [{ tags: { scratch: { present: true } } }] },
        },
      ],
      settled(hr),
      {},
      'recheck',
    ],
    [
      'recheck for an extension, where an event hold would not show',
      [GOVERNED],
      { lock: locked('GOVERNANCE', inDays(9)) },
      { tellsEventHolds: false },
      'recheck',
    ],
    [
      'plain for a new lock, where an event hold would not show: S3 shows its date',
      [GOVERNED],
      {},
      { tellsEventHolds: false },
      'plain',
    ],
    [
      'urgent before recheck: the direct engine reads once more as well',
      [TAGGED],
      settled({ ...hr, lock: locked('COMPLIANCE', inDays(1)) }),
      {},
      'urgent',
    ],
    [
      'recheck where tags ask for the mode, though a rule without tags gives the date',
      [GOVERNED, TAGGED],
      settled(hr),
      { settings: { onConflict: 'combine' } },
      'recheck',
    ],
  ])('is %s', (_, rules, parts, more, route) => {
    expect(routeOf(rules, parts, more)).toBe(route);
  });
});

const mode = fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const);
const rule = fc.record({ mode, for: fc.integer({ min: 1, max: 40 }).map((days) => `P${days}D`) });
const lock = fc.oneof(
  fc.constant(UNLOCKED),
  fc
    .record({ mode, days: fc.integer({ min: -5, max: 50 }) })
    .map((each) => locked(each.mode, inDays(each.days))),
);

describe('whatever the rules and the lock', () => {
  property.prop(
    [fc.array(rule, { minLength: 1, maxLength: 3 }), fc.constantFrom('strongest', 'combine'), lock],
    {
      numRuns: 300,
    },
  )(
    'at most one date is written, no lock is weakened by it, and then nothing is left to write',
    (locks, onConflict, before) => {
      const policy = policyWith(
        locks.map((each, at) => ({ name: `r${at}`, lock: each })),
        { onConflict },
      );
      const { changes } = differenceOf(policy, rowWith({ lock: before }));

      expect(changes.length).toBeLessThanOrEqual(1);
      const after = changes.reduce((state: LockState, { write }) => afterWrite(state, write, AS_OF), before);
      expect(noWeaker(before, after, AS_OF)).toBe(true);
      expect(differenceOf(policy, rowWith({ lock: after })).changes).toStrictEqual([]);
    },
  );
});
