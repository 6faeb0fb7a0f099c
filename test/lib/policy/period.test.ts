import { describe, expect, it } from '@jest/globals';
import { formatInstant, parseInstant } from '../../../lib/lock/instant.ts';
import { addPeriod, endOf, longestDays, parsePeriod } from '../../../lib/policy/period.ts';

describe('reading a period', () => {
  it.each([
    ['P10Y', 120, 0, 0],
    ['P1Y6M', 18, 0, 0],
    ['P2W', 0, 14, 0],
    ['P1M3D', 1, 3, 0],
    ['PT10M', 0, 0, 600],
    ['P1DT12H30S', 0, 1, 43_230],
    ['90d', 0, 90, 0],
    ['12w', 0, 84, 0],
    ['6mo', 6, 0, 0],
    ['7y', 84, 0, 0],
    ['P0D', 0, 0, 0],
  ])('%s', (text, months, days, seconds) => {
    expect(parsePeriod(text)).toStrictEqual({ text, months, days, seconds });
  });

  it.each([
    '6m',
    '',
    'P',
    'PT',
    'P1DT',
    '-P1D',
    'P1.5D',
    '1y6mo',
    'P1D ',
    'p1d',
    '7 y',
    'forever',
    '99999999d',
  ])('"%s" is refused', (text) => {
    expect(() => parsePeriod(text)).toThrow('is not a period');
  });

  it('says what 6m should be', () => {
    expect(() => parsePeriod('6m')).toThrow('write 6mo for months');
  });
});

describe('adding a period by the calendar', () => {
  it.each([
    [
      '2024-02-29T10:00:00Z',
      'P10Y',
      '2034-03-01T10:00:00Z',
      'a day that does not exist becomes the next day',
    ],
    ['2024-02-29T00:00:00Z', 'P1Y', '2025-03-01T00:00:00Z', 'no 29 February'],
    ['2024-02-29T00:00:00Z', 'P4Y', '2028-02-29T00:00:00Z', 'a leap year again'],
    ['2023-01-31T08:00:00Z', 'P1M', '2023-03-01T08:00:00Z', 'no 31 February'],
    ['2023-10-31T08:00:00Z', 'P1M', '2023-12-01T08:00:00Z', 'no 31 November'],
    ['2023-12-31T23:59:59Z', 'P2M', '2024-03-01T23:59:59Z', 'across the year'],
    ['2023-01-31T08:00:00Z', 'P1M1D', '2023-03-02T08:00:00Z', 'months first, then days'],
    ['2026-03-28T23:30:00Z', 'P1D', '2026-03-29T23:30:00Z', 'no daylight saving in UTC'],
    ['2026-11-20T00:00:00Z', 'PT10M', '2026-11-20T00:10:00Z', 'minutes'],
  ])('%s + %s = %s (%s)', (start, period, end) => {
    expect(formatInstant(addPeriod(parseInstant(start), parsePeriod(period)))).toBe(end);
  });

  it.each([
    ['month', '2024-03-01T00:00:00Z'],
    ['quarter', '2024-04-01T00:00:00Z'],
    ['year', '2025-01-01T00:00:00Z'],
  ] as const)('the end of the %s of 29 February 2024 is %s', (unit, end) => {
    expect(formatInstant(endOf(parseInstant('2024-02-29T10:00:00Z'), unit))).toBe(end);
  });

  it.each([
    ['P1M', 31],
    ['P2M', 62],
    ['P3M', 92],
    ['P1Y', 366],
    ['P6Y', 2_192],
    ['P100Y', 36_525],
    ['PT1H', 1],
  ])('%s lasts %i days at most', (period, days) => {
    expect(longestDays(parsePeriod(period))).toBe(days);
  });
});
