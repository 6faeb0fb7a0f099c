import { it as property } from '@fast-check/jest';
import { fc } from '@fast-check/jest';
import { describe, expect, it } from '@jest/globals';
import { type Instant, instantOf } from '../../../lib/lock/instant.ts';
import {
  claim,
  type Custody,
  LANDING,
  landsBefore,
  markClearing as mark,
  markSetting,
  mayBeOurClearing,
  needersOf,
  release,
  type Saw,
  sawOf,
  seenOn,
  settled,
  withdraw,
} from '../../../lib/matters/custody.ts';
import { newDocket, withoutOpen, withOpen } from '../../../lib/matters/docket.ts';
import {
  approveRelease,
  askRelease,
  isOpen,
  type Matter,
  type MatterState,
  newWork,
  type Scope,
  type ScopeState,
  selectorSchema,
  stateOf,
} from '../../../lib/matters/matter.ts';
import {
  arrivalName,
  beatOfPage,
  checkedName,
  countsOf,
  mergedEnds,
  namedName,
  placedName,
  placedPrefix,
  plusCounts,
  releasedCountsOf,
  releasedName,
  type RollEnd,
  type RollEntry,
} from '../../../lib/matters/roll.ts';

const NOW = instantOf(Date.UTC(2026, 10, 20, 9));
const AT = '2026-11-20T09:00:00.000Z';
const REF = { bucket: 'b', key: 'k', versionId: 'v' };
const later = (milliseconds: number): Instant => instantOf(NOW + milliseconds);
const markClearing = (custody: Custody, by: string, now: Instant): Custody =>
  mark(custody, by, `mark-of-${by}-${now}`, now);
const claimed = (before: Custody | undefined, claimant: string, saw: Saw): Custody =>
  claim(before, REF, { claimant, saw, page: `page-of-${claimant}`, at: NOW });

describe('custody', () => {
  it.each([
    ['none', 'off'],
    ['on', 'on'],
    ['absent', 'unclear'],
  ] as const)('takes a bit that is %s for %s', (hold, saw) => {
    expect(sawOf(hold)).toBe(saw);
  });

  it.each<[string, Custody | undefined, Saw, Custody['origin']]>([
    ['a bit that was OFF', undefined, 'off', 'ours'],
    ['a bit that was ON', undefined, 'on', 'found-on'],
    ['a bit that nobody could see', undefined, 'unclear', 'unclear'],
    ['a bit of ours, for a second claimant', claimed(undefined, 'm-1', 'off'), 'on', 'ours'],
    ['a bit of somebody else, for a second claimant', claimed(undefined, 'm-1', 'on'), 'on', 'found-on'],
    ['one that somebody else took off meanwhile', claimed(undefined, 'm-1', 'on'), 'off', 'ours'],
    [
      'one that nobody claims any more, ON',
      withdraw(claimed(undefined, 'm-1', 'off'), 'm-1'),
      'on',
      'found-on',
    ],
    [
      'one that we may just be clearing',
      markClearing(claimed(undefined, 'm-1', 'off'), 'm-1', NOW),
      'on',
      'unclear',
    ],
    ['one that nobody can see now', claimed(undefined, 'm-1', 'off'), 'unclear', 'ours'],
  ])('%s: whose the bit is', (_, before, saw, origin) => {
    expect(claimed(before, 'm-2', saw).origin).toBe(origin);
  });

  it('notes a claim once, as it was first', () => {
    const once = claimed(undefined, 'm-1', 'off');
    const again = claim(once, REF, { claimant: 'm-1', saw: 'on', page: 'another', at: later(5) });

    expect(again.claims).toStrictEqual(once.claims);
  });

  it.each<[string, Custody, string[], ReturnType<typeof release>]>([
    ['ours and needed by nobody', claimed(undefined, 'm-1', 'off'), [], { kind: 'clear' }],
    ['found ON', claimed(undefined, 'm-1', 'on'), [], { kind: 'stays', because: 'found-on' }],
    ['not to be told', claimed(undefined, 'm-1', 'unclear'), [], { kind: 'stays', because: 'unclear' }],
    [
      'needed by an open matter',
      claimed(claimed(undefined, 'm-1', 'off'), 'm-2', 'on'),
      ['m-2'],
      { kind: 'stays', because: 'needed' },
    ],
    [
      'claimed by a closed matter',
      claimed(claimed(undefined, 'm-1', 'off'), 'm-2', 'on'),
      [],
      { kind: 'clear' },
    ],
    [
      'needed by an event hold',
      claimed(claimed(undefined, 'm-1', 'off'), 'event:e', 'on'),
      [],
      { kind: 'stays', because: 'needed' },
    ],
    ['not claimed by it', claimed(undefined, 'm-2', 'off'), [], { kind: 'done' }],
    [
      'cleared by it, without an answer',
      markClearing(claimed(undefined, 'm-1', 'off'), 'm-1', NOW),
      [],
      { kind: 'unanswered' },
    ],
    [
      'cleared by somebody else, without an answer',
      markClearing(claimed(undefined, 'm-2', 'off'), 'm-2', NOW),
      [],
      { kind: 'done' },
    ],
  ])('a version that is %s', (_, custody, open, wanted) => {
    expect(release(custody, 'm-1', new Set(open))).toStrictEqual(wanted);
  });

  it('keeps the later of two marks, and the earlier one when only the later was answered', () => {
    const first = markClearing(claimed(undefined, 'm-1', 'off'), 'm-1', NOW);
    const second = markClearing(claimed(first, 'm-2', 'on'), 'm-2', later(5));

    expect(landsBefore(first, NOW)).toBe(NOW + LANDING);
    expect(landsBefore(first, later(LANDING))).toBeUndefined();
    expect(landsBefore(second, NOW)).toBe(NOW + 5 + LANDING);
    expect(settled(second, first.clearing, later(10)).clearing).toStrictEqual(first.clearing);
    expect(settled(second, first.clearing, later(LANDING))).not.toHaveProperty('clearing');
    expect(settled(second, undefined, NOW)).not.toHaveProperty('clearing');
  });

  it('waits for the later of two marks, also where the clock of the second was behind', () => {
    const first = markClearing(claimed(undefined, 'm-1', 'off'), 'm-1', later(100));
    const second = markClearing(claimed(first, 'm-2', 'on'), 'm-2', NOW);

    expect(landsBefore(second, NOW)).toBe(NOW + 100 + LANDING);
    expect(second.clearing?.by).toBe('m-2');
  });

  it('remembers for whom a clearing that was answered may have taken the bit off, until it is seen ON', () => {
    const marked = markClearing(claimed(undefined, 'm-1', 'off'), 'm-1', NOW);
    const during = claimed(marked, 'm-2', 'on');
    const after = claimed(settled(during, undefined, NOW), 'm-3', 'off');

    expect(after.cleared).toStrictEqual(['m-2']);
    expect(['m-2', 'm-3'].map((one) => mayBeOurClearing(after, one))).toStrictEqual([true, false]);
    expect(mayBeOurClearing(during, 'm-2')).toBe(true);
    expect(mayBeOurClearing(claimed(undefined, 'm-2', 'off'), 'm-2')).toBe(false);
    expect(settled(marked, undefined, NOW)).not.toHaveProperty('cleared');
    expect(seenOn(after, NOW)).not.toHaveProperty('cleared');
    expect(seenOn(during, NOW).clearing).toStrictEqual(during.clearing);
    expect(seenOn(during, later(LANDING))).not.toHaveProperty('clearing');
  });

  it.each<[Saw, Saw, Custody['origin']]>([
    ['off', 'off', 'ours'],
    ['on', 'off', 'ours'],
    ['unclear', 'off', 'ours'],
    // Nobody saw that somebody else's hold went.
    ['on', 'unclear', 'found-on'],
    ['unclear', 'unclear', 'unclear'],
    ['off', 'unclear', 'ours'],
  ])('claimed over %s and about to be set over %s, the bit is %s', (first, saw, origin) => {
    const custody = claimed(undefined, 'm-1', first);

    expect(markSetting(custody, saw, NOW)).toStrictEqual({
      ...custody,
      origin,
      setting: new Date(NOW + LANDING).toISOString().replace('.000Z', 'Z'),
    });
  });

  it('forgets who may have been cleared when what was found OFF is set again', () => {
    const marked = markClearing(claimed(undefined, 'm-1', 'off'), 'm-1', NOW);
    const cleared = settled(claimed(marked, 'm-2', 'on'), undefined, NOW);

    expect(markSetting(cleared, 'off', NOW)).not.toHaveProperty('cleared');
    expect(markSetting(cleared, 'unclear', NOW).cleared).toStrictEqual(['m-2']);
  });

  it('is needed by everybody else who claims it, open matters and events, and not by whoever asks', () => {
    const both = claimed(claimed(claimed(undefined, 'm-1', 'off'), 'm-2', 'on'), 'event:e', 'on');

    expect(needersOf(both, 'm-1', new Set(['m-1', 'm-2']))).toStrictEqual(['m-2', 'event:e']);
    expect(needersOf(both, 'event:e', new Set())).toStrictEqual([]);
  });

  const names = fc.constantFrom('m-1', 'm-2', 'm-3', 'm-4', 'event:e');
  const saws = fc.constantFrom<Saw[]>('off', 'on', 'unclear');
  /** What claimants did, one after the other; the bit follows what they saw. */
  const histories = fc.array(
    fc.record({ name: names, saw: saws, act: fc.constantFrom('claim', 'claim', 'withdraw', 'mark') }),
    { minLength: 1, maxLength: 12 },
  );
  const played = (history: { name: string; saw: Saw; act: string }[]): Custody | undefined => {
    let custody: Custody | undefined;
    for (const { name, saw, act } of history) {
      if (act === 'claim') custody = claimed(custody, name, saw);
      else if (custody !== undefined)
        custody = act === 'mark' ? markClearing(custody, name, NOW) : withdraw(custody, name);
    }
    return custody;
  };

  property.prop([histories, fc.subarray(['m-1', 'm-2', 'm-3', 'm-4']), names])(
    'is cleared only where no open claim exists and the bit is ours',
    (history, openIds, claimant) => {
      const custody = played(history);
      if (custody === undefined) return;
      const open = new Set(openIds.filter((id) => id !== claimant));
      const answer = release(custody, claimant, open);
      const others = Object.keys(custody.claims).filter(
        (name) => name !== claimant && (name.startsWith('event:') || open.has(name)),
      );

      const mustStay = others.length > 0 || custody.origin !== 'ours';
      if (mustStay) expect(answer.kind).not.toBe('clear');
      // A clearing of its own that had no answer is not sent once more, whoever's the bit is by now.
      const isUnanswered = custody.claims[claimant] === undefined && custody.clearing?.by === claimant;
      if (custody.claims[claimant] !== undefined) expect(answer.kind).toBe(mustStay ? 'stays' : 'clear');
      else if (isUnanswered) expect(answer.kind).toBe(others.length > 0 ? 'stays' : 'unanswered');
      else expect(answer.kind).toBe('done');
      expect(needersOf(custody, claimant, open).sort()).toStrictEqual(others.sort());
    },
  );

  property.prop([histories, names, saws])(
    'loses nobody else’s claim, whatever one does',
    (history, claimant, saw) => {
      const custody = played(history);
      const before = Object.keys(custody?.claims ?? {}).filter((name) => name !== claimant);
      const after = claimed(custody, claimant, saw);

      for (const one of [after, withdraw(after, claimant), markClearing(after, claimant, NOW)])
        expect(Object.keys(one.claims).filter((name) => name !== claimant)).toStrictEqual(before);
      expect(withdraw(after, claimant).claims).not.toHaveProperty(claimant);
    },
  );

  property.prop([histories, names, saws, fc.nat(2 * LANDING)])(
    'knows of a mark until nothing of it can land',
    (history, claimant, saw, passed) => {
      const marked = markClearing(claimed(played(history), claimant, saw), claimant, NOW);
      const now = later(passed);
      const claimedAfter = claimed(marked, 'm-9', 'on');

      expect(landsBefore(claimedAfter, now) !== undefined).toBe(passed < LANDING);
      expect(claimedAfter.claims).toHaveProperty('m-9');
    },
  );
});

describe('the docket', () => {
  it('changes its generation whenever what is open does', () => {
    const empty = newDocket('e');
    const one = withOpen(empty, 'm-1');
    const two = withOpen(one, 'm-2');

    expect(two).toStrictEqual({ generation: 2, epoch: 'e', open: ['m-1', 'm-2'] });
    expect(withoutOpen(two, 'm-1')).toStrictEqual({ generation: 3, epoch: 'e', open: ['m-2'] });
    expect(withoutOpen(two, 'm-3')).toBe(two);
    expect(withOpen(two, 'm-1').open).toStrictEqual(two.open);
  });
});

const PERSON = { issuer: 'https://i', subject: 'anna' };
const BEN = { ...PERSON, subject: 'ben' };
const scope = (state: ScopeState, id = 's1'): Scope => ({
  ...{ id, state, addedBy: PERSON, addedAt: AT, what: { kind: 'list', versions: 1 } },
  counts: { versions: 0, bytes: 0, on: 0, exceptions: 0 },
});
const matter = (states: readonly ScopeState[], release?: Matter['release']): Matter => ({
  ...{ id: 'm-1', ledger: 'l', revision: 1, request: 'h', group: 'legal', openedBy: PERSON, openedAt: AT },
  ...{ scopes: states.map((state, at) => scope(state, `s${at}`)), history: [], ...(release && { release }) },
});
const ASKED = { askedBy: PERSON, askedAt: AT };
const APPROVED = { ...ASKED, approvedBy: BEN, approvedAt: AT };

describe('a matter', () => {
  it.each<[readonly ScopeState[], Matter['release'], MatterState]>([
    [['in force'], undefined, 'in force'],
    [['in force', 'opening'], undefined, 'opening'],
    [['in force', 'in force with exceptions'], undefined, 'in force with exceptions'],
    [['in force', 'opening'], ASKED, 'release asked'],
    [['releasing', 'released'], APPROVED, 'releasing'],
    [['released', 'released with exceptions'], APPROVED, 'released with exceptions'],
    [['released', 'released'], APPROVED, 'released'],
  ])('with scopes %j is, with a release %j, %s', (states, release, wanted) => {
    expect(stateOf(matter(states, release))).toBe(wanted);
    expect(isOpen(matter(states, release))).toBe(release !== APPROVED);
  });

  it('is released by two people, one after the other, and by nobody alone', () => {
    const open = matter(['in force']);
    const asked = askRelease(open, PERSON, AT) as Matter;

    expect(approveRelease(open, BEN, AT)).toBe('not-asked');
    expect(askRelease(asked, BEN, AT)).toBe('already-asked');
    expect(approveRelease(asked, { ...PERSON }, AT)).toBe('self-approval');
    const approved = approveRelease(asked, BEN, AT) as Matter;
    expect(approved).toMatchObject({
      revision: 3,
      release: { askedBy: PERSON, approvedBy: BEN, approvedAt: AT },
      scopes: [{ state: 'releasing', work: { kind: 'release', phase: 'list' } }],
      history: [{ what: 'release asked' }, { what: 'release approved' }],
    });
    for (const again of [approveRelease(approved, BEN, AT), askRelease(approved, BEN, AT)])
      expect(again).toBe('already-released');
    // The same name at another issuer is another person.
    expect(typeof approveRelease(asked, { ...PERSON, issuer: 'https://other' }, AT)).toBe('object');
  });

  it('takes no beat twice when its release comes into the midst of other work', () => {
    const work = { ...newWork('open', AT, 6), beat: 9 };
    const busy = { ...matter(['opening']), scopes: [{ ...scope('opening'), work }], release: ASKED };

    expect(approveRelease(busy, BEN, AT)).toMatchObject({ scopes: [{ work: { beat: 10, from: 10 } }] });
  });

  it.each([
    [{ bucket: 'case-files' }, true],
    [{ bucket: 'case-files', prefix: 'a/' }, true],
    [{ bucket: 'case-*' }, false],
    [{ bucket: '**' }, false],
    [{ prefix: 'a/' }, false],
    [{ bucket: 'UPPER' }, false],
  ])('covers by a selector %j: %s', (selector, isFine) => {
    expect(selectorSchema.safeParse(selector).success).toBe(isFine);
  });
});

describe('the roll', () => {
  const page = placedName('m-1', 's1', 2, 7, 3);

  it('has names that sort by pass, beat and piece, and tell where they belong', () => {
    expect(page).toBe('rolls/m-1/placed/s1/000002-000007-00000003.ndjson');
    expect(page.startsWith(placedPrefix('m-1', 's1', 2))).toBe(true);
    expect(beatOfPage(page)).toBe(7);
    expect(releasedName(page)).toBe('rolls/m-1/released/s1/000002-000007-00000003.ndjson');
    expect(checkedName(page, 12)).toBe('rolls/m-1/checked/s1/000002-000007-00000003.000012.ndjson');
    const arrival = arrivalName('m-1', AT, 'hash');
    expect(arrival.startsWith(placedPrefix('m-1', 'arrivals'))).toBe(true);
    expect(beatOfPage(arrival)).toBe(0);
  });

  property.prop([fc.nat(99), fc.nat(9_999), fc.nat(9_999), fc.nat(99), fc.nat(9_999), fc.nat(9_999)])(
    'sorts its names as their numbers',
    (...numbers) => {
      const [a, b, c, d, e, f] = numbers;
      const order = a - d || b - e || c - f;

      expect(Math.sign(order)).toBe(
        Math.sign(
          Number(placedName('m', 's', a, b, c) > placedName('m', 's', d, e, f)) -
            Number(placedName('m', 's', a, b, c) < placedName('m', 's', d, e, f)),
        ),
      );
    },
  );

  it('counts what is held, and what should be', () => {
    const entry = (outcome: RollEntry['outcome'], size?: number): RollEntry => ({
      ...{ bucket: 'b', key: 'k', versionId: 'v', saw: 'off', at: AT, outcome },
      ...(size !== undefined && { size }),
    });
    const entries = [
      entry('on', 5),
      entry('on'),
      entry('gone', 3),
      entry('marker', 100),
      entry('no-permission', 2),
      entry('not-confirmed'),
      entry('no-verdict'),
    ];

    expect(countsOf(entries)).toStrictEqual({ versions: 6, bytes: 10, on: 2, exceptions: 3 });
  });

  it('counts how versions ended', () => {
    const outcomes = [
      ...(['off', 'off', 'needed', 'gone', 'found-on', 'unclear'] as const),
      ...(['no-permission', 'rejected', 'not-confirmed', 'no-verdict'] as const),
    ];
    const ends = outcomes.map((outcome): RollEnd => ({ ...REF, outcome, at: AT }));

    expect(releasedCountsOf(ends)).toStrictEqual({ off: 2, needed: 1, notOurs: 2, gone: 1, failed: 4 });
  });
});

describe('what several said of a page', () => {
  const end = (
    key: string,
    outcome: RollEnd['outcome'],
    minute: number,
    more: Partial<RollEnd> = {},
  ): RollEnd => ({
    ...{ bucket: 'b', key, versionId: 'v', outcome },
    at: `2026-11-20T09:0${minute}:00Z`,
    ...more,
  });

  it('is put together version by version: the last word counts', () => {
    const merged = mergedEnds(
      [end('a', 'off', 1), end('b', 'unclear', 3)],
      [end('a', 'unclear', 2), end('b', 'off', 2)],
    );

    expect(merged).toStrictEqual([end('a', 'unclear', 2), end('b', 'unclear', 3)]);
  });

  it('is in doubt the worse of two at the same moment, and keeps what only one said', () => {
    expect(mergedEnds([end('a', 'off', 1)], [end('a', 'unclear', 1)])).toStrictEqual([
      end('a', 'unclear', 1),
    ]);
    expect(mergedEnds([end('a', 'unclear', 1)], [end('a', 'off', 1)])).toStrictEqual([
      end('a', 'unclear', 1),
    ]);
    expect(mergedEnds([end('a', 'off', 1)], [end('b', 'gone', 1)])).toHaveLength(2);
    expect(mergedEnds([end('a', 'off', 1)], [])).toStrictEqual([end('a', 'off', 1)]);
  });

  it('counts a version once, where it stands on the page of somebody else too', () => {
    const twin = { claimedOn: 'rolls/m/placed/arrivals/p.ndjson' };
    const entry: RollEntry = { ...REF, saw: 'off', outcome: 'on', at: AT, size: 5 };

    expect(countsOf([entry, { ...entry, ...twin }])).toStrictEqual({
      versions: 1,
      bytes: 5,
      on: 1,
      exceptions: 0,
    });
    expect(releasedCountsOf([end('a', 'off', 1), end('a', 'off', 1, twin)]).off).toBe(1);
  });

  it('adds up', () => {
    const one = { versions: 1, bytes: 20, on: 3, exceptions: 4 };

    expect(plusCounts(one, { versions: 10, bytes: 2, on: 30, exceptions: 40 })).toStrictEqual({
      ...{ versions: 11, bytes: 22, on: 33, exceptions: 44 },
    });
  });

  it('lies where its name says', () => {
    expect(placedPrefix('m')).toBe('rolls/m/placed/');
    expect(placedPrefix('m', 's1')).toBe('rolls/m/placed/s1/');
    expect(placedPrefix('m', 's1', 2)).toBe('rolls/m/placed/s1/000002-');
    expect(namedName('m', 's1')).toBe('rolls/m/named/s1.ndjson');
    expect(arrivalName('m', '2026-11-20T09:05:00Z', 'id')).toBe(
      'rolls/m/placed/arrivals/2026-11-20T09/id.ndjson',
    );
  });
});
