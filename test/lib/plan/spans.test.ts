import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { type Instant, instantOf } from '../../../lib/lock/instant.ts';
import { groupSpans, type Span } from '../../../lib/plan/spans.ts';

const span = (latest: number, limit: number): Span => ({
  latest: instantOf(latest),
  limit: instantOf(limit),
});

/** Few moments, so that spans touch, nest and coincide often. */
const spans = fc.array(
  fc
    .record({ latest: fc.nat({ max: 12 }), room: fc.nat({ max: 5 }) })
    .map(({ latest, room }) => span(latest, latest + room)),
  { maxLength: 8 },
);

/** The fewest parts into which spans can be divided so that each has a date that suits all of it: every division is tried. */
function fewest(rest: readonly Span[], parts: readonly (readonly Span[])[] = []): number {
  const [next, ...others] = rest;
  if (next === undefined) return parts.length;
  const choices = [fewest(others, [...parts, [next]])];
  parts.forEach((part, at) => {
    const grown = [...part, next];
    const latest = Math.max(...grown.map((each) => each.latest));
    if (grown.every(({ limit }) => latest <= limit)) choices.push(fewest(others, parts.with(at, grown)));
  });
  return Math.min(...choices);
}

describe('groups of dates', () => {
  property.prop([spans], { numRuns: 500 })('are as few as any division of the spans', (all) => {
    expect(groupSpans(all)).toHaveLength(fewest(all));
  });

  property.prop([spans])(
    'have a date that is early for none of their members and too late for none',
    (all) => {
      for (const { date, members } of groupSpans(all)) {
        for (const { latest, limit } of members) {
          expect(date).toBeGreaterThanOrEqual(latest);
          expect(date).toBeLessThanOrEqual(limit);
        }
        expect(members.map(({ latest }) => latest)).toContain(date);
      }
    },
  );

  property.prop([spans])('hold every span once', (all) => {
    const members = groupSpans(all).flatMap((group) => group.members);

    expect(members).toHaveLength(all.length);
    expect(new Set(members)).toStrictEqual(new Set(all));
  });

  property.prop([spans, fc.infiniteStream(fc.nat())])(
    'do not depend on the order of the spans',
    (all, random) => {
      const shuffled = all
        .map((each) => ({ each, rank: random.next().value as number }))
        .sort((one, other) => one.rank - other.rank)
        .map(({ each }) => each);
      const dates = (from: readonly Span[]): Instant[] => groupSpans(from).map(({ date }) => date);

      expect(dates(shuffled)).toStrictEqual(dates(all));
    },
  );

  it.each<[string, Span[], number[]]>([
    ['nothing needs no group', [], []],
    ['a limit that is just met is met', [span(1, 3), span(3, 9)], [3]],
    ['a limit that is missed by a millisecond is not', [span(1, 2), span(3, 9)], [1, 3]],
    ['the tightest member bounds the group', [span(1, 9), span(2, 4), span(5, 9)], [2, 5]],
    ['no room at all: one group per date', [span(1, 1), span(2, 2), span(1, 1)], [1, 2]],
  ])('%s', (_, all, dates) => {
    expect(groupSpans(all).map(({ date }) => date)).toStrictEqual(dates);
  });
});
