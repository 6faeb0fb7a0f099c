import { describe, expect, it } from '@jest/globals';
import { formatInstant } from '../../../lib/lock/instant.ts';
import { decide, type Decision } from '../../../lib/policy/decide.ts';
import { lockedUntil, NOW, policyOf, versionOf, type VersionParts } from './policy-helpers.ts';

/** One rule called r, and what it decides for a version. */
function decideBy(lock: string, version: VersionParts = {}, settings = ''): Decision {
  return decide(
    policyOf(`version: 1\nsettings: {${settings}}\nrules:\n  - name: r\n    lock: ${lock}\n`),
    versionOf(version),
    NOW,
  );
}

function lockOf({ wishes }: Decision): string {
  return wishes
    .map((wish) => (wish.kind === 'hold' ? 'hold' : `${wish.mode} ${formatInstant(wish.until)}`))
    .join(' + ');
}

function rules(...lines: string[]): ReturnType<typeof policyOf> {
  return policyOf(`version: 1\nrules:\n${lines.map((line) => `  - ${line}\n`).join('')}`);
}

describe('the term of a rule', () => {
  const leap = { created: '2024-02-29T10:00:00Z' };

  it.each([
    [
      'ten years, a buffer, rounded up to a day',
      'for: P10Y',
      leap,
      'buffer: P6D, roundUp: day',
      'COMPLIANCE 2034-03-08T00:00:00Z',
    ],
    ['ten years to the second', 'for: P10Y', leap, '', 'COMPLIANCE 2034-03-01T10:00:00Z'],
    [
      'from the end of the year',
      'for: P10Y, from: { endOf: year }',
      leap,
      '',
      'COMPLIANCE 2035-01-01T00:00:00Z',
    ],
    [
      'from the end of the quarter',
      'for: P1Y, from: { endOf: quarter }',
      { created: '2026-05-01T00:00:00Z' },
      '',
      'COMPLIANCE 2027-07-01T00:00:00Z',
    ],
    [
      "a buffer of the rule's own",
      'for: P10Y, buffer: P1D',
      leap,
      'buffer: P6D',
      'COMPLIANCE 2034-03-02T10:00:00Z',
    ],
    [
      'until the end of a day, without the buffer',
      'until: 2031-12-31',
      {},
      'buffer: P6D, roundUp: day',
      'COMPLIANCE 2032-01-01T00:00:00Z',
    ],
  ])('%s', (_, lock, version, settings, expected) => {
    expect(lockOf(decideBy(`{ mode: COMPLIANCE, ${lock} }`, version, settings))).toBe(expected);
  });

  it.each([
    ['P3Y', 'GOVERNANCE 2029-11-20T12:00:00Z', undefined],
    ['90d', 'GOVERNANCE 2027-02-18T12:00:00Z', undefined],
    ['P7Y', 'GOVERNANCE 2033-11-20T12:00:00Z', undefined],
    ['P8Y', 'GOVERNANCE 2027-11-20T12:00:00Z', 'tag-over-cap'],
    ['P999Y', 'GOVERNANCE 2027-11-20T12:00:00Z', 'tag-over-cap'],
    ['P999999Y', 'GOVERNANCE 2027-11-20T12:00:00Z', 'tag-unreadable'],
    ['PT1S', 'GOVERNANCE 2027-11-20T12:00:00Z', 'tag-under-minimum'],
    ['soon', 'GOVERNANCE 2027-11-20T12:00:00Z', 'tag-unreadable'],
    ['', 'GOVERNANCE 2027-11-20T12:00:00Z', 'tag-unreadable'],
  ])('a tag that asks for "%s" gets %s', (value, expected, report) => {
    const decision = decideBy(
      '{ mode: GOVERNANCE, for: { tag: keep, atMost: P7Y, otherwise: P1Y } }',
      { tags: { keep: value } },
      'maximum: P12Y, minimum: P1D',
    );

    expect(lockOf(decision)).toBe(expected);
    expect(decision.reports.map(({ code }) => code)).toStrictEqual(report === undefined ? [] : [report]);
  });

  it('gives a version whose tag is missing the period of otherwise, and reports it', () => {
    const decision = decideBy('{ mode: GOVERNANCE, for: { tag: keep, atMost: P7Y, otherwise: P1Y } }');

    expect(lockOf(decision)).toBe('GOVERNANCE 2027-11-20T12:00:00Z');
    expect(decision.reports).toMatchObject([{ rule: 'r', code: 'tag-missing' }]);
  });

  const closing = '{ mode: COMPLIANCE, for: P5Y, from: { tag: closed-on, untilThen: held } }';

  it.each([
    ['no tag yet', {}, 'hold', undefined],
    [
      'a day: counted from its end',
      { 'closed-on': '2026-01-31' },
      'COMPLIANCE 2031-02-01T00:00:00Z',
      undefined,
    ],
    ['a moment', { 'closed-on': '2026-01-31T10:00:00Z' }, 'COMPLIANCE 2031-01-31T10:00:00Z', undefined],
    ['no date at all', { 'closed-on': 'yes' }, 'hold', 'tag-unreadable'],
    ['the end of time', { 'closed-on': '9999-12-30' }, 'hold', 'tag-unreadable'],
    ['a date beyond the cap: held, never clipped', { 'closed-on': '2090-01-01' }, 'hold', 'over-cap'],
  ])('counted from a tag with %s', (_, tags, expected, report) => {
    const decision = decideBy(closing, { tags }, 'maximum: P12Y');

    expect(lockOf(decision)).toBe(expected);
    expect(decision.reports.map(({ code }) => code)).toStrictEqual(report === undefined ? [] : [report]);
  });

  it.each([
    ['whole years stay years', 'P6Y', '', { years: 6 }],
    ['a buffer makes them days, by the longest case', 'P6Y', 'buffer: P6D', { days: 2_198 }],
    ['months become days', 'P3M', '', { days: 92 }],
  ])('an event hold is decided, and the store says how it is placed: %s', (_, period, settings, duration) => {
    const decision = decideBy(`{ mode: COMPLIANCE, for: ${period}, from: { event: left } }`, {}, settings);

    expect(decision).toMatchObject({
      wishes: [],
      eventHold: { rule: 'r', mode: 'COMPLIANCE', event: 'left', duration },
      eventHolds: [{ rule: 'r', mode: 'COMPLIANCE', event: 'left', duration }],
      reports: [],
    });
  });
});

describe('a rolling lock', () => {
  const rolling = '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P44D } }';

  it('is set to extendTo where there is none', () => {
    expect(lockOf(decideBy(rolling))).toBe('GOVERNANCE 2027-01-03T12:00:00Z');
  });

  it.each([
    ['lasts until the next pass has ended', '2026-12-30T12:00:00Z', 'GOVERNANCE 2026-12-30T12:00:00Z'],
    [
      'would fall below before the next pass has ended',
      '2026-12-30T11:59:59Z',
      'GOVERNANCE 2027-01-03T12:00:00Z',
    ],
  ])('that %s', (_, stored, expected) => {
    // 30 days promised, 7 + 2 + 1 days from one pass to the end of the next: 40 days must be left.
    expect(lockOf(decideBy(rolling, { lock: lockedUntil('GOVERNANCE', stored) }))).toBe(expected);
  });

  it('of current versions needs to know whether the version is current', () => {
    const current = '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P44D }, versions: current }';

    expect(decideBy(current, { current: 'unknown' }).undecided).toMatchObject([
      { rule: 'r', fact: 'current' },
    ]);
    expect(lockOf(decideBy(current, { current: false }))).toBe('');
    expect(lockOf(decideBy(current, { current: true }))).toBe('GOVERNANCE 2027-01-03T12:00:00Z');
  });
});

describe('when several rules match', () => {
  const long = 'name: long\n    lock: { mode: GOVERNANCE, for: P5Y }';
  const short = 'name: short\n    lock: { mode: GOVERNANCE, for: P1Y }';
  const strict = 'name: strict\n    lock: { mode: COMPLIANCE, for: P2Y }';

  it('the latest date of one mode decides', () => {
    const decision = decide(rules(short, long), versionOf(), NOW);

    expect(lockOf(decision)).toBe('GOVERNANCE 2031-11-20T12:00:00Z');
    expect(decision).toMatchObject({ decidedBy: 'long', matched: ['short', 'long'], residuals: [] });
  });

  it('the strictest mode decides first, and what it leaves unmet is a residual with its day', () => {
    const decision = decide(rules(long, strict, short), versionOf(), NOW);

    expect(lockOf(decision)).toBe('COMPLIANCE 2028-11-20T12:00:00Z');
    expect(
      decision.residuals.map(({ rule, mode, from, until }) => [
        rule,
        mode,
        formatInstant(from),
        formatInstant(until),
      ]),
    ).toStrictEqual([['long', 'GOVERNANCE', '2028-11-20T12:00:00Z', '2031-11-20T12:00:00Z']]);
  });

  it('onConflict: combine keeps the strictest mode up to the latest date', () => {
    const policy = policyOf(
      `version: 1\nsettings: { onConflict: combine }\nrules:\n  - ${long}\n  - ${strict}\n`,
    );
    const decision = decide(policy, versionOf(), NOW);

    expect(lockOf(decision)).toBe('COMPLIANCE 2031-11-20T12:00:00Z');
    expect(decision.residuals).toStrictEqual([]);
  });

  it('a stricter rule whose term is over does not stand in the way of one that lives', () => {
    const decision = decide(rules(long, strict), versionOf({ created: '2024-01-01T00:00:00Z' }), NOW);

    expect(lockOf(decision)).toBe('GOVERNANCE 2029-01-01T00:00:00Z');
  });

  it('a rule under observation changes nothing, and shows what it would', () => {
    const watched = 'name: watched\n    enforce: observe\n    lock: { mode: COMPLIANCE, for: P9Y }';
    const decision = decide(rules(short, watched), versionOf(), NOW);

    expect(lockOf(decision)).toBe('GOVERNANCE 2027-11-20T12:00:00Z');
    expect(decision.observed?.wishes).toMatchObject([{ mode: 'COMPLIANCE' }]);
  });

  it('nothing is wanted where no rule matches', () => {
    const decision = decide(
      rules('name: other\n    match: { prefix: z/ }\n    lock: { mode: GOVERNANCE, for: P1D }'),
      versionOf(),
      NOW,
    );

    expect(decision).toStrictEqual({ wishes: [], residuals: [], matched: [], reports: [], undecided: [] });
  });
});

describe('the cap', () => {
  it('lets no date pass it, and reports the rule', () => {
    const decision = decideBy('{ mode: COMPLIANCE, until: 2045-12-31 }', {}, 'maximum: P12Y');

    expect(decision.wishes).toStrictEqual([]);
    expect(decision.reports).toMatchObject([{ code: 'over-cap', rule: 'r' }]);
  });

  it('leaves room for the buffer and one step of rounding', () => {
    const decision = decideBy(
      '{ mode: COMPLIANCE, for: P12Y }',
      {},
      'maximum: P12Y, buffer: P6D, roundUp: day',
    );

    expect(lockOf(decision)).toBe('COMPLIANCE 2038-11-27T00:00:00Z');
    expect(decision.reports).toStrictEqual([]);
  });

  it('counts from the creation of a version whose clock is ahead', () => {
    expect(
      lockOf(decideBy('{ mode: GOVERNANCE, for: P1Y }', { created: '2026-11-21T00:00:00Z' }, 'maximum: P1Y')),
    ).toBe('GOVERNANCE 2027-11-21T00:00:00Z');
  });
});

describe('no tag takes a lock away, no lock looks like a gap', () => {
  it.each([
    ['P0D', 'GOVERNANCE 2027-11-20T12:00:00Z'],
    ['PT1S', 'GOVERNANCE 2027-11-20T12:00:00Z'],
    ['P1D', 'GOVERNANCE 2026-11-21T12:00:00Z'],
  ])('a tag that asks for %s gets %s, even where no minimum is set', (value, expected) => {
    const decision = decideBy('{ mode: GOVERNANCE, for: { tag: keep, otherwise: P1Y } }', {
      tags: { keep: value },
    });

    expect(lockOf(decision)).toBe(expected);
  });

  it('a tag that reaches beyond the maximum from the end of the year gets otherwise, not nothing', () => {
    const decision = decideBy(
      '{ mode: GOVERNANCE, for: { tag: keep, otherwise: P1Y }, from: { endOf: year } }',
      { tags: { keep: 'P10Y' }, created: '2026-02-01T00:00:00Z' },
      'maximum: P10Y',
    );

    expect(lockOf(decision)).toBe('GOVERNANCE 2028-01-01T00:00:00Z');
    expect(decision.reports).toMatchObject([{ code: 'tag-over-cap' }]);
  });

  it('a rolling rule is content with a stored lock that is longer than the cap', () => {
    const decision = decideBy(
      '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P44D } }',
      { lock: lockedUntil('GOVERNANCE', '2035-01-01T00:00:00Z') },
      'maximum: P1Y',
    );

    expect(lockOf(decision)).toBe('GOVERNANCE 2027-01-03T12:00:00Z');
    expect(decision.reports).toStrictEqual([]);
  });

  const two = [
    'name: strict\n    lock: { mode: COMPLIANCE, for: P2Y }',
    'name: long\n    lock: { mode: GOVERNANCE, for: P5Y }',
  ];

  it.each([
    ['2040-01-01T00:00:00Z', []],
    ['2030-01-01T00:00:00Z', [['2030-01-01T00:00:00Z', '2031-11-20T12:00:00Z']]],
  ])('a lock stored until %s is one more voice in what stays unmet', (stored, gaps) => {
    const decision = decide(rules(...two), versionOf({ lock: lockedUntil('COMPLIANCE', stored) }), NOW);

    expect(
      decision.residuals.map(({ from, until }) => [formatInstant(from), formatInstant(until)]),
    ).toStrictEqual(gaps);
  });

  it('combine names the rule that the date comes from', () => {
    const policy = policyOf(
      `version: 1\nsettings: { onConflict: combine }\nrules:\n${two.map((line) => `  - ${line}\n`).join('')}`,
    );

    expect(decide(policy, versionOf(), NOW).decidedBy).toBe('long');
  });
});

describe('facts that are not known yet', () => {
  const tagged =
    'name: tagged\n    match: { prefix: a/, tags: { class: x } }\n    lock: { mode: GOVERNANCE, for: P1D }';

  it('are asked for only where a rule could match', () => {
    const unknown = { tags: 'unknown' as const };

    expect(decide(rules(tagged), versionOf(unknown), NOW).undecided).toMatchObject([
      { rule: 'tagged', fact: 'tags' },
    ]);
    expect(decide(rules(tagged), versionOf({ ...unknown, key: 'b/x' }), NOW).undecided).toStrictEqual([]);
  });

  it('are asked for by a term that reads a tag', () => {
    const decision = decideBy('{ mode: GOVERNANCE, for: { tag: keep, otherwise: P1Y } }', {
      tags: 'unknown',
    });

    expect(decision.undecided).toMatchObject([{ rule: 'r', fact: 'tags' }]);
  });

  it('do not hold up the other rules', () => {
    const plain = 'name: plain\n    lock: { mode: GOVERNANCE, for: P1D }';
    const decision = decide(rules(tagged, plain), versionOf({ tags: 'unknown' }), NOW);

    expect(lockOf(decision)).toBe('GOVERNANCE 2026-11-21T12:00:00Z');
    expect(decision.undecided).toHaveLength(1);
  });
});

describe('settling', () => {
  const policy = rules(
    'name: s\n    settle: PT10M\n    match: { tags: { a: b } }\n    lock: { mode: COMPLIANCE, for: P1Y }',
  );

  it('waits for the tags of a young version', () => {
    const decision = decide(policy, versionOf({ created: '2026-11-20T11:55:00Z', tags: { a: 'b' } }), NOW);

    expect(decision.settleUntil === undefined ? '' : formatInstant(decision.settleUntil)).toBe(
      '2026-11-20T12:05:00Z',
    );
  });

  it.each([
    ['an older version', { created: '2026-11-20T11:50:00Z', tags: { a: 'b' } }],
    ['a version that the rule does not match', { tags: { a: 'c' } }],
  ])('does not wait for %s', (_, version) => {
    expect(decide(policy, versionOf(version), NOW).settleUntil).toBeUndefined();
  });
});
