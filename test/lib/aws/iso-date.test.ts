import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { isoDate } from '../../../lib/aws/iso-date.ts';

const within = (text: string): number => isoDate(`,"${text}","`, 2, 2 + text.length);

const date = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });

describe('a date of an inventory', () => {
  property.prop([date], { numRuns: 2_000 })(
    'is read as the clock reads it, with and without milliseconds',
    (moment) => {
      const text = moment.toISOString();
      const short = `${text.slice(0, 19)}Z`;

      expect(within(text)).toBe(Date.parse(text));
      expect(within(short)).toBe(Date.parse(short));
    },
  );

  property.prop([
    fc.integer({ min: 1970, max: 2110 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 27, max: 31 }),
  ])('at the end of a month is the day that the calendar has, or none', (year, month, day) => {
    const two = (value: number): string => String(value).padStart(2, '0');
    const text = `${year}-${two(month)}-${two(day)}T12:00:00Z`;
    const exists = new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;

    expect(within(text)).toBe(exists ? Date.UTC(year, month - 1, day, 12) : Number.NaN);
  });

  property.prop(
    [date, fc.nat({ max: 23 }), fc.constantFrom('x', ' ', '0', '9', ':', '-', 'T', 'Z', '.', '"', '+')],
    {
      numRuns: 3_000,
    },
  )('with a letter changed is what the clock makes of it, or none', (moment, at, letter) => {
    const text = moment.toISOString();
    const changed = text.slice(0, at) + letter + text.slice(at + 1);
    const isDate = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(changed);
    const parsed = isDate ? Date.parse(changed) : Number.NaN;
    const roundTrip = Number.isNaN(parsed) ? '' : new Date(parsed).toISOString();

    const found = within(changed);

    // 24:00 and leap seconds aside, a date that says itself again is a date, and no other is.
    if (parsed >= 0 && roundTrip === changed) expect(found).toBe(parsed);
    else if (!changed.includes('T24')) expect(found).toBeNaN();
  });

  it.each([
    ['', Number.NaN],
    ['2026-11-18', Number.NaN],
    ['2026-11-18T01x02x03Z', Number.NaN],
    ['2026-11-18T01:02:03.00xZ', Number.NaN],
    ['2026-11-18T01:02:03x000Z', Number.NaN],
    ['2026-13-18T01:02:03Z', Number.NaN],
    ['2026-11-18T25:02:03Z', Number.NaN],
    ['2026-02-30T01:02:03Z', Number.NaN],
    ['2027-02-29T01:02:03.000Z', Number.NaN],
    ['1969-12-31T23:59:59Z', Number.NaN],
    ['1969-12-20T23:59:59.000Z', Number.NaN],
    // Without its zone it would be another moment on another machine.
    ['2026-11-18T01:02:03', Number.NaN],
    ['Wed, 18 Nov 2026 01:02:03 GMT', Number.NaN],
    ['2026-11-18T01:02:03Z (about)', Number.NaN],
    ['1970-01-01T00:00:00Z', 0],
    ['2028-02-29T01:02:03.456Z', Date.UTC(2028, 1, 29, 1, 2, 3, 456)],
    ['2026-11-18T01:02Z', Date.UTC(2026, 10, 18, 1, 2)],
    ['2026-11-18T01:02:03+02:00', Date.UTC(2026, 10, 17, 23, 2, 3)],
    ['2026-11-18T01:02:03.123456Z', Date.UTC(2026, 10, 18, 1, 2, 3, 123)],
  ])('%j is %d', (text, moment) => {
    expect(within(text)).toBe(moment);
  });
});
