import { describe, expect, it } from '@jest/globals';
import {
  ceilToDay,
  ceilToSecond,
  formatInstant,
  instantOf,
  parseDayOrInstant,
  parseEndOfDay,
  parseInstant,
} from '../../../lib/lock/instant.ts';

describe('moments in time', () => {
  it.each([
    ['2024-02-29T10:00:00Z', '2024-02-29T10:00:00Z'],
    ['2024-02-29T10:00:00.250Z', '2024-02-29T10:00:00.250Z'],
    ['2024-02-29T10:00Z', '2024-02-29T10:00:00Z'],
    ['2024-02-29T10:00:00+02:00', '2024-02-29T08:00:00Z'],
  ])('%s is read as %s', (text, expected) => {
    expect(formatInstant(parseInstant(text))).toBe(expected);
  });

  it.each([
    '2023-02-29T10:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-02-29',
    '10:00',
    'tomorrow',
    '',
    '2024-02-29T10:00:00',
  ])('"%s" is refused: it is no date with time and offset', (text) => {
    expect(() => parseInstant(text)).toThrow('is not a date and time');
  });

  it('takes a day as its end in UTC', () => {
    expect(formatInstant(parseEndOfDay('2031-12-31'))).toBe('2032-01-01T00:00:00Z');
    expect(formatInstant(parseDayOrInstant('2031-12-31'))).toBe('2032-01-01T00:00:00Z');
    expect(formatInstant(parseDayOrInstant('2031-12-31T10:00:00Z'))).toBe('2031-12-31T10:00:00Z');
  });

  it('refuses a day that the calendar does not have', () => {
    expect(() => parseEndOfDay('2023-02-29')).toThrow('is not a day of the calendar');
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, Date.UTC(10_000, 0, 1)])(
    'refuses %s as a moment',
    (epochMs) => {
      expect(() => instantOf(epochMs)).toThrow('is not a date');
    },
  );

  it('rounds up, and leaves alone what is whole', () => {
    const whole = parseInstant('2024-03-01T00:00:00Z');

    expect([ceilToSecond(whole), ceilToDay(whole)]).toStrictEqual([whole, whole]);
    expect(formatInstant(ceilToSecond(instantOf(whole + 1)))).toBe('2024-03-01T00:00:01Z');
    expect(formatInstant(ceilToDay(instantOf(whole + 1)))).toBe('2024-03-02T00:00:00Z');
  });
});
