import { describe, expect, it } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { checkHeaders } from '../../../lib/headers/check.ts';
import { headerLines } from '../../../lib/headers/formats.ts';
import { MODE, UNTIL } from '../../../lib/headers/names.ts';
import { headersWanted, type WantedHeaders } from '../../../lib/headers/wanted.ts';
import { DAY, type Instant, instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { NOW, policyOf, versionOf, type VersionParts } from '../policy/policy-helpers.ts';

const HEAD = 'version: 1\nsettings: { maximum: P12Y }\nrules:\n';
const one = (lock: string, rest = ''): string =>
  `${HEAD}  - { name: a, match: { prefix: a/ }, lock: ${lock}${rest} }\n`;
const PERIOD = '{ mode: COMPLIANCE, for: P10Y }';

function wanted(
  policy: string,
  parts: VersionParts = {},
  rule: string | undefined = 'a',
  now = NOW,
): WantedHeaders {
  const version = { ...versionOf(parts), created: now };
  return headersWanted(policyOf(policy), version, now, rule);
}

describe('the headers that a rule wants', () => {
  it.each([
    ['a period', PERIOD, 'COMPLIANCE 2036-11-20T12:00:00Z'],
    ['a buffer', '{ mode: GOVERNANCE, for: P1Y, buffer: P6D }', 'GOVERNANCE 2027-11-26T12:00:00Z'],
    [
      'the end of the year',
      '{ mode: COMPLIANCE, for: P10Y, from: { endOf: year } }',
      'COMPLIANCE 2037-01-01T00:00:00Z',
    ],
    ['a fixed day', '{ mode: GOVERNANCE, until: 2031-12-31 }', 'GOVERNANCE 2032-01-01T00:00:00Z'],
    [
      'a rolling lock',
      '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P44D } }',
      'GOVERNANCE 2027-01-03T12:00:00Z',
    ],
    ['a tag', '{ mode: GOVERNANCE, for: { tag: keep, otherwise: P1Y } }', 'GOVERNANCE 2028-11-20T12:00:00Z'],
  ])('%s', (_, lock, expected) => {
    const { headers } = wanted(one(lock), { tags: { keep: 'P2Y' } });

    expect(`${headers[MODE] ?? ''} ${headers[UNTIL] ?? ''}`).toBe(expected);
  });

  it('are a hold alone until the tag comes that a rule waits for', () => {
    const lock = '{ mode: COMPLIANCE, for: P6Y, from: { tag: closed, untilThen: held } }';

    expect(wanted(one(lock), {}).headers).toStrictEqual({ 'x-amz-object-lock-legal-hold': 'ON' });
  });

  it('are whole seconds', () => {
    const now = instantOf(NOW + 1);

    expect(wanted(one(PERIOD), {}, 'a', now).headers[UNTIL]).toBe('2036-11-20T12:00:01Z');
  });

  it('are those of a rule under observation too, with a word on it', () => {
    const { headers, notes } = wanted(one(PERIOD, ', enforce: observe'));

    expect(headers[MODE]).toBe('COMPLIANCE');
    expect(notes.join('\n')).toContain('under observation');
  });
});

describe('the template of a rule', () => {
  it.each([
    [PERIOD, '{{ date.now | date.add_years 10 }}'],
    ['{ mode: GOVERNANCE, for: P6M, buffer: P6D }', '{{ date.now | date.add_months 6 | date.add_days 6 }}'],
    [
      '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P44D } }',
      '{{ date.now | date.add_days 44 }}',
    ],
  ])('%s', (lock, template) => {
    expect(wanted(one(lock)).template).toBe(template);
  });

  it('adds a day where dates end at midnight, since a template cannot round up', () => {
    const policy = one('{ mode: GOVERNANCE, for: P1Y }').replace('P12Y', 'P12Y, roundUp: day');

    expect(wanted(policy).template).toBe('{{ date.now | date.add_years 1 | date.add_days 1 }}');
  });

  it.each([
    [
      '{ mode: COMPLIANCE, for: P10Y, from: { endOf: year } }',
      'end of the year, which a template cannot say',
    ],
    ['{ mode: GOVERNANCE, for: { tag: keep, otherwise: P1Y } }', 'from the tag keep of each object, which'],
    ['{ mode: GOVERNANCE, until: 2031-12-31 }', 'these headers fit every upload before it'],
  ])('cannot be made of %s, and says why', (lock, why) => {
    const { template, notes } = wanted(one(lock), { tags: { keep: 'P2Y' } });

    expect(template).toBeUndefined();
    expect(notes.join('\n')).toContain(why);
  });

  it('is no matter for a date that is the same for all', () => {
    expect(wanted(one('{ mode: GOVERNANCE, until: 2031-12-31 }')).notes.join('\n')).not.toContain('ages');
  });
});

const TWO = `${HEAD}  - { name: strict, match: { prefix: a/ }, lock: { mode: COMPLIANCE, for: P1Y } }
  - { name: long, match: { prefix: a/ }, lock: { mode: GOVERNANCE, for: P5Y } }
  - { name: other, match: { prefix: b/ }, lock: { mode: GOVERNANCE, for: P2Y } }
`;

describe('all rules together', () => {
  it('say the lock of the strictest, and what it leaves unmet', () => {
    const version = versionOf();
    const { rule, headers, notes } = headersWanted(policyOf(TWO), version, NOW);

    expect(rule).toBe('strict');
    expect(headers).toStrictEqual({ [MODE]: 'COMPLIANCE', [UNTIL]: '2027-11-20T12:00:00Z' });
    expect(notes.join('\n')).toContain('rule long wants GOVERNANCE until 2031-11-20T12:00:00Z');
    expect(notes.join('\n')).toContain('several rules cover it (strict, long)');
  });

  it('may be asked for one alone', () => {
    expect(wanted(TWO, {}, 'long').headers[MODE]).toBe('GOVERNANCE');
  });
});

describe('what no header can say', () => {
  const event = '{ mode: COMPLIANCE, for: P6Y, from: { event: left } }';
  const sized = one(PERIOD).replace('prefix: a/', 'prefix: a/, size: { atLeast: 10 }');

  it.each<[string, string, VersionParts, string | undefined, string]>([
    [
      'a rule that does not cover it',
      one(PERIOD),
      { key: 'x' },
      'a',
      'rule a does not cover "s3://acme-docs/x": prefix: a/ is wanted, and its key is "x"',
    ],
    ['no rule that covers it', one(PERIOD), { key: 'x' }, undefined, 'no rule covers "s3://acme-docs/x"'],
    ['a rule that is not there', one(PERIOD), {}, 'b', 'the policy has no rule "b"; did you mean a?'],
    [
      'an event hold',
      one(event),
      {},
      'a',
      'holds until the event "left", and such a hold cannot be placed by headers yet',
    ],
    [
      'a term that is over',
      one('{ mode: GOVERNANCE, until: 2020-12-31 }'),
      {},
      'a',
      'the term of rule a ended at 2021-01-01T00:00:00Z',
    ],
    [
      'a date beyond the cap',
      one('{ mode: GOVERNANCE, until: 2200-12-31 }'),
      {},
      'a',
      'beyond the cap of P12Y',
    ],
    ['a size that is not known', sized, { size: 'unknown' }, 'a', 'without knowing its size; give --size'],
    [
      'rules that only observe',
      one(PERIOD, ', enforce: observe'),
      {},
      undefined,
      'only rules under observation cover',
    ],
    [
      'more than a store takes',
      one('{ mode: GOVERNANCE, for: P100Y, buffer: P1D }').replace('P12Y', 'P100Y'),
      {},
      'a',
      'no store locks for longer than P100Y',
    ],
  ])('%s', (_, policy, parts, rule, expected) => {
    expect(() => headersWanted(policyOf(policy), versionOf(parts), NOW, rule)).toThrow(expected);
  });
});

describe('what is printed', () => {
  const moments = fc
    .integer({ min: parseInstant('2024-01-01T00:00:00Z'), max: parseInstant('2099-12-31T00:00:00Z') })
    .map((at): Instant => instantOf(at));
  const locks = fc.record({
    mode: fc.constantFrom('GOVERNANCE', 'COMPLIANCE'),
    period: fc.constantFrom('P1D', 'P30D', 'P1M', 'P18M', 'P1Y', 'P11Y', 'PT1H'),
    buffer: fc.constantFrom('P0D', 'P6D', 'P1M', 'PT12H'),
    from: fc.constantFrom('created', '{ endOf: month }', '{ endOf: year }'),
    roundUp: fc.constantFrom('day', 'second'),
  });

  test.prop([locks, moments])(
    'passes the check at the same moment',
    ({ mode, period, buffer, from, roundUp }, now) => {
      const lock = `{ mode: ${mode}, for: ${period}, from: ${from}, buffer: ${buffer} }`;
      const policy = one(lock).replace('P12Y', `P12Y, roundUp: ${roundUp}`);
      const { headers, template } = wanted(policy, {}, 'a', now);

      const checked = checkHeaders(headerLines(headers).join('\n'), { now });

      expect(checked.faults).toStrictEqual([]);
      expect(checked.headers).toStrictEqual(headers);
      if (template === undefined) return;
      const computed = checkHeaders(`${MODE}: ${mode}\n${UNTIL}: ${template}`, { now });
      const [is, want] = [computed.headers[UNTIL], headers[UNTIL]].map((date) => parseInstant(date ?? ''));
      // Never sooner than the rule; a day later at most where the rule rounds up to one.
      expect(is).toBeGreaterThanOrEqual(want ?? 0);
      expect(is).toBeLessThanOrEqual((want ?? 0) + (roundUp === 'day' ? DAY : 0));
    },
  );
});
