import { describe, expect, it } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { computeTemplate, templateOf } from '../../../lib/headers/template.ts';
import { formatInstant, type Instant, instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { addPeriod, parsePeriod, type Period } from '../../../lib/policy/period.ts';

function computed(template: string, now: Instant): Instant {
  const answer = computeTemplate(template, now);
  if (!answer.ok) throw new Error(answer.fault.message);
  return answer.until;
}

describe('a computed date', () => {
  it.each([
    ['{{ date.now | date.add_days 30 }}', '2026-12-20T12:00:00Z'],
    ['{{ date.now | date.add_months 1 }}', '2026-12-20T12:00:00Z'],
    ['{{ date.now | date.add_years 10 }}', '2036-11-20T12:00:00Z'],
    ['{{date.now|date.add_years 1|date.add_months 2|date.add_days 3}}', '2028-01-23T12:00:00Z'],
    ['{{ date.now | date.add_hours 36 }}', '2026-11-22T00:00:00Z'],
    ['{{ date.now | date.add_years 1 | date.add_days (-1) }}', '2027-11-19T12:00:00Z'],
  ])('%s is %s', (template, until) => {
    expect(formatInstant(computed(template, parseInstant('2026-11-20T12:00:00Z')))).toBe(until);
  });

  it('is computed one step after the other, as the tool does it', () => {
    const now = parseInstant('2027-01-31T00:00:00Z');

    expect(formatInstant(computed('{{ date.now | date.add_months 1 | date.add_months 1 }}', now))).toBe(
      '2027-04-01T00:00:00Z',
    );
  });
});

describe('a template for a period', () => {
  it.each([
    [['P10Y'], '{{ date.now | date.add_years 10 }}'],
    [['P1Y6M'], '{{ date.now | date.add_months 18 }}'],
    [['P10Y', 'P6D'], '{{ date.now | date.add_years 10 | date.add_days 6 }}'],
    [['P44D', 'P6D', 'P1D'], '{{ date.now | date.add_days 51 }}'],
    [['P1M', 'P1M'], '{{ date.now | date.add_months 1 | date.add_months 1 }}'],
    [['P1DT12H'], '{{ date.now | date.add_days 1 | date.add_seconds 43200 }}'],
    [['P7D', 'P0D'], '{{ date.now | date.add_days 7 }}'],
  ])('%j is %s', (periods, template) => {
    expect(templateOf(periods.map(parsePeriod))).toBe(template);
  });
});

const moments = fc
  .date({
    min: new Date('2000-01-01T00:00:00Z'),
    max: new Date('2099-12-31T00:00:00Z'),
    noInvalidDate: true,
  })
  .map((date) => instantOf(date.getTime()));

const periods: fc.Arbitrary<Period> = fc
  .record({ months: fc.nat(600), days: fc.nat(4_000), seconds: fc.nat(100_000) })
  .map((parts) => ({ text: 'P', ...parts }));

describe('templates and periods', () => {
  test.prop([fc.array(periods, { minLength: 1, maxLength: 3 }), moments])(
    'a template ends where its periods end, by the calendar',
    (parts, now) => {
      const ends = parts.reduce<Instant>((from, period) => addPeriod(from, period), now);

      expect(computed(templateOf(parts), now)).toBe(ends);
    },
  );

  test.prop([fc.nat(600), moments])('one that ends sooner on .NET does so by a day', (months, now) => {
    const answer = computeTemplate(`{{ date.now | date.add_months ${months} }}`, now);
    const until = addPeriod(now, { text: '', months, days: 0, seconds: 0 });
    // What .NET does: the day of the month, or the last one that the month has.
    const [year, month] = [new Date(now).getUTCFullYear(), new Date(now).getUTCMonth() + months];
    const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
    const day = Math.min(new Date(now).getUTCDate(), last);
    const net = instantOf(Date.UTC(year, month, day) + (now % 86_400_000));

    expect(answer).toStrictEqual(net === until ? { ok: true, until } : { ok: true, until, sooner: net });
  });
});
