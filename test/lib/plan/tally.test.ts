import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { formatInstant, type Instant, instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { type Difference, type PlannedChange } from '../../../lib/plan/difference.ts';
import { type PlanRow } from '../../../lib/plan/row.ts';
import { slotLength, slotOf } from '../../../lib/plan/slot.ts';
import { Tally } from '../../../lib/plan/tally.ts';
import { tallyFromJson, tallyToJson } from '../../../lib/plan/tally-json.ts';
import { changeTo, DAY, differenceWith, inDays, rowWith } from '../../helpers/plan.ts';

const HOUR = DAY / 24;
const SECOND = 1_000;

interface Counted {
  readonly row: PlanRow;
  readonly difference: Difference;
}

const moment = fc.integer({ min: 1, max: 40 * 24 }).map((hours) => instantOf(inDays(0) + hours * HOUR));
const planned: fc.Arbitrary<PlannedChange> = fc.oneof(
  fc
    .record({
      until: moment,
      room: fc.integer({ min: 0, max: 60 }),
      mode: fc.constantFrom('GOVERNANCE' as const, 'COMPLIANCE' as const),
      kind: fc.constantFrom('set' as const, 'extend' as const),
      from: fc.constantFrom('none' as const, 'GOVERNANCE' as const),
      route: fc.constantFrom('plain' as const, 'urgent' as const, 'recheck' as const),
      rule: fc.constantFrom('one', 'two'),
      observed: fc.boolean(),
    })
    .map(({ until, room, ...more }) =>
      changeTo(until, { ...more, notAfter: instantOf(until + room * HOUR) }),
    ),
  fc.constant(changeTo(inDays(0), { kind: 'hold-on', write: { kind: 'hold-on' } })),
);
const difference: fc.Arbitrary<Difference> = fc.record({
  state: fc.constantFrom('differs', 'satisfied', 'unmatched', 'term-over'),
  changes: fc.array(planned, { maxLength: 2 }),
  wrong: fc.array(
    fc.record(
      {
        reason: fc.constantFrom('mode-weaker', 'outranked', 'undecided'),
        rule: fc.constantFrom('one', 'two'),
        from: moment,
        fact: fc.constant('tags'),
      },
      { requiredKeys: ['reason', 'rule'] },
    ),
    { maxLength: 2 },
  ),
  reports: fc.array(
    fc.record({
      rule: fc.constant('one'),
      code: fc.constantFrom('tag-missing', 'over-cap'),
      detail: fc.string(),
    }),
    { maxLength: 1 },
  ),
});
const counted: fc.Arbitrary<Counted> = fc.record({
  row: fc
    .record({
      bucket: fc.constantFrom('b1', 'b2'),
      key: fc.stringMatching(/^[a-d]{1,3}$/),
      versionId: fc.constantFrom('v1', 'v2', 'null'),
      size: fc.oneof(fc.nat({ max: 1_000_000 }), fc.constant('unknown' as const)),
    })
    .map(rowWith),
  difference,
});
const tolerance = fc.constantFrom(0, HOUR, DAY, 30 * DAY);

function tallyOf(all: readonly Counted[], late: number): Tally {
  const tally = new Tally(late);
  for (const { row, difference: found } of all) tally.add(row, found);
  return tally;
}

function merged(parts: readonly Tally[], late: number): Tally {
  const whole = new Tally(late);
  for (const part of parts) whole.merge(part);
  return whole;
}

describe('tallies of the parts of a listing', () => {
  property.prop(
    [
      fc.array(fc.record({ one: counted, part: fc.nat({ max: 4 }), rank: fc.nat() }), { maxLength: 40 }),
      tolerance,
    ],
    { numRuns: 200 },
  )('merge to the tally of the whole, whatever the split and the order', (all, late) => {
    const parts = [0, 1, 2, 3, 4].map((part) =>
      tallyOf(
        all
          .filter((each) => each.part === part)
          .sort((one, other) => one.rank - other.rank)
          .map(({ one }) => one),
        late,
      ),
    );
    const whole = tallyToJson(
      tallyOf(
        all.map(({ one }) => one),
        late,
      ),
    );

    expect(tallyToJson(merged(parts, late))).toBe(whole);
    expect(tallyToJson(merged(parts.toReversed(), late))).toBe(whole);
  });

  property.prop([fc.tuple(...[1, 2, 3].map(() => fc.array(counted, { maxLength: 12 }))), tolerance])(
    'merge in any grouping: (a + b) + c = a + (b + c)',
    (parts, late) => {
      const tallies = (): Tally[] => parts.map((part) => tallyOf(part, late));
      const [a, b, c] = tallies() as [Tally, Tally, Tally];
      const [d, e, f] = tallies() as [Tally, Tally, Tally];

      a.merge(b);
      a.merge(c);
      e.merge(f);
      d.merge(e);

      expect(tallyToJson(a)).toBe(tallyToJson(d));
    },
  );

  property.prop([fc.array(counted, { maxLength: 20 }), tolerance])(
    'are the same after a way through JSON, and go on counting',
    (all, late) => {
      const first = tallyOf(all, late);
      const second = tallyFromJson(tallyToJson(first));

      expect(tallyToJson(second)).toBe(tallyToJson(first));
      expect(second.tolerance).toBe(late);
      for (const { row, difference: found } of all) {
        first.add(row, found);
        second.add(row, found);
      }
      expect(tallyToJson(second)).toBe(tallyToJson(first));
    },
  );

  it('leave those alone from which they are merged', () => {
    const part = tallyOf([{ row: rowWith(), difference: differenceWith(changeTo(inDays(1))) }], DAY);
    const before = tallyToJson(part);

    const whole = merged([part, part], DAY);
    whole.merge(part);

    expect(tallyToJson(part)).toBe(before);
    expect(whole.totals.rows).toBe(3);
  });

  it('hold as many bytes as the largest stores have', () => {
    const tally = tallyOf([], 0);
    const row = rowWith({ size: 5 * 2 ** 40 });
    const found = differenceWith(changeTo(inDays(1)));
    for (let versions = 0; versions < 4_096; versions += 1) tally.add(row, found);

    expect(tallyFromJson(tallyToJson(tally)).totals.bytes).toBe(5 * 2 ** 52);
  });

  it.each(['{}', '[]', '{"tolerance":0,"totals":{"rows":-1},"perBucket":[],"series":[],"wrong":[]}', 'x'])(
    'are not read from %s',
    (text) => {
      expect(() => tallyFromJson(text)).toThrow();
    },
  );
});

describe('what a tally counts', () => {
  it.each([
    ['satisfied', 'satisfied', 1],
    ['unmatched', 'unmatched', 1],
    ['term-over', 'termOver', 1],
    ['differs', 'satisfied', 0],
  ] as const)('a version that is %s', (state, total, expected) => {
    const tally = new Tally(0);
    tally.add(rowWith(), { state, changes: [], wrong: [], reports: [] });

    expect(tally.totals[total]).toBe(expected);
    expect(tally.totals.rows).toBe(1);
  });

  it('weighs versions of unknown size as nothing, and says how many there are', () => {
    const tally = new Tally(0);
    tally.add(rowWith({ size: 'unknown' }), differenceWith());
    tally.add(rowWith({ size: 7 }), differenceWith());

    expect(tally.totals).toMatchObject({ rows: 2, bytes: 7, sizeless: 1 });
  });

  it('keeps as samples the first by name, in whatever order they come', () => {
    const wrong: Difference = {
      state: 'differs',
      changes: [],
      wrong: [{ reason: 'mode-weaker', rule: 'r', from: inDays(3) }],
      reports: [],
    };
    const tally = new Tally(0);
    for (const key of ['h', 'c', 'a', 'g', 'f', 'b', 'e', 'd']) tally.add(rowWith({ key }), wrong);

    const [count] = [...tally.wrong.values()];
    expect(count).toMatchObject({ versions: 8, bytes: 80, firstGap: inDays(3) });
    expect(count?.samples).toStrictEqual(
      ['a', 'b', 'c', 'd', 'e'].map((key) => `["acme-docs","${key}","v1"]`),
    );
  });

  it('names the first gap of several', () => {
    const tally = new Tally(0);
    for (const days of [5, 2, 9]) {
      tally.add(rowWith(), {
        state: 'differs',
        changes: [],
        wrong: [{ reason: 'mode-stricter', rule: 'r', from: inDays(days) }],
        reports: [],
      });
    }

    expect([...tally.wrong.values()].map(({ firstGap }) => firstGap)).toStrictEqual([inDays(2)]);
  });

  it('counts a report once, although the rule says it twice', () => {
    const tally = new Tally(0);
    tally.add(rowWith(), {
      state: 'differs',
      changes: [],
      wrong: [{ reason: 'over-cap', rule: 'r' }],
      reports: [
        { rule: 'r', code: 'over-cap', detail: '' },
        { rule: 'r', code: 'tag-missing', detail: '' },
      ],
    });

    expect([...tally.wrong.values()].map(({ reason, detail }) => [reason, detail])).toStrictEqual([
      ['over-cap', ''],
      ['reported', 'tag-missing'],
    ]);
  });
});

describe('the place of a change', () => {
  it('leaves room for dates up to the tolerance later', () => {
    const until = inDays(3);

    expect(new Tally(8 * DAY).place(changeTo(until))).toMatchObject({
      route: 'plain',
      date: until,
      limit: until + 8 * DAY,
    });
  });

  it('leaves no more room than the cap does', () => {
    const until = inDays(3);
    const place = new Tally(80 * DAY).place(changeTo(until, { notAfter: instantOf(until + 2 * DAY) }));

    expect(place).toMatchObject({ route: 'plain', limit: until + 2 * DAY });
  });

  it.each([
    ['the cap lies within its slot', 1 * HOUR, 'own-date'],
    ['the cap is the end of its slot', 23 * HOUR, 'plain'],
    ['the cap is just before the end of its slot', 23 * HOUR - 1, 'own-date'],
    ['the cap is its own date', 0, 'own-date'],
  ])('has a date of its own where %s', (_, room, route) => {
    // 01:00, so that its day ends 23 hours later.
    const until = inDays(3);
    const place = new Tally(8 * DAY).place(changeTo(until, { notAfter: instantOf(until + room) }));

    expect(place.route).toBe(route);
    expect(place.date).toBe(until);
  });

  it('has a slot for each second where there is no tolerance, and never a date of its own', () => {
    const tally = new Tally(0);
    const until = inDays(3);
    const places = [0, 1, 2].map((seconds) => {
      const date = instantOf(until + seconds * SECOND);
      return tally.place(changeTo(date, { notAfter: date }));
    });

    expect(places.map(({ route }) => route)).toStrictEqual(['plain', 'plain', 'plain']);
    expect(new Set(places.map(({ slot }) => slot)).size).toBe(3);
    expect(places.map(({ date, limit }) => limit - date)).toStrictEqual([0, 0, 0]);
  });

  it('has no date for a hold', () => {
    const hold = changeTo(inDays(1), { kind: 'hold-on', write: { kind: 'hold-on' } });

    expect(new Tally(DAY).place(hold)).toStrictEqual({
      to: 'hold',
      route: 'plain',
      slot: 0,
      date: 0,
      limit: 0,
    });
  });
});

describe('slots', () => {
  it.each([
    [0, SECOND],
    [SECOND, SECOND],
    [HOUR, HOUR / 60],
    [DAY, 3 * HOUR],
    [7 * DAY, 12 * HOUR],
    [8 * DAY, DAY],
    [365 * DAY, DAY],
  ])('under a tolerance of %d ms are %d ms long', (late, length) => {
    expect(slotLength(late)).toBe(length);
  });

  property.prop([fc.integer({ min: 0, max: 400 * DAY })])(
    'are an eighth of the tolerance at most, and divide a day',
    (late) => {
      const length = slotLength(late);

      if (late >= 8 * SECOND) expect(length * 8).toBeLessThanOrEqual(late);
      expect(DAY % length).toBe(0);
    },
  );

  it.each([
    ['2026-11-18T00:00:00Z', '2026-11-18T00:00:00Z'],
    ['2026-11-18T00:00:01Z', '2026-11-19T00:00:00Z'],
    ['2026-11-18T23:59:59Z', '2026-11-19T00:00:00Z'],
  ])('of a day: %s lies in the one that ends at %s', (date, end) => {
    const slot = slotOf(parseInstant(date), DAY);

    expect(formatInstant((slot * DAY) as Instant)).toBe(end);
  });
});
