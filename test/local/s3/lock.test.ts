import { describe, expect, it } from '@jest/globals';
import { defaultOf, mayDestroy, mayRetain, type Retention } from '../../../local/s3/lock.ts';
import { isTooFar } from '../../../local/s3/term.ts';

const NOW = Date.parse('2026-11-20T00:00:00Z');
const DAY = 86_400_000;
const governance = (days: number): Retention => ({ mode: 'GOVERNANCE', until: NOW + days * DAY });
const compliance = (days: number): Retention => ({ mode: 'COMPLIANCE', until: NOW + days * DAY });

describe('changing retention', () => {
  const table: readonly [string, Retention | undefined, Retention | undefined, boolean, boolean][] = [
    ['nothing stored takes anything', undefined, compliance(1), true, true],
    ['an expired lock is no lock', compliance(-1), governance(1), true, true],
    ['a lock ends at its very instant', compliance(0), undefined, true, true],
    ['removing what is not there', undefined, undefined, true, true],
    ['GOVERNANCE extends', governance(10), governance(11), true, true],
    ['GOVERNANCE takes the same date again', governance(10), governance(10), true, true],
    ['GOVERNANCE shortens with bypass alone', governance(10), governance(9), false, true],
    ['GOVERNANCE is removed with bypass alone', governance(10), undefined, false, true],
    ['GOVERNANCE hardens with bypass alone', governance(10), compliance(10), false, true],
    ['GOVERNANCE hardens later with bypass alone', governance(10), compliance(20), false, true],
    ['COMPLIANCE extends', compliance(10), compliance(11), true, true],
    ['COMPLIANCE takes the same date again', compliance(10), compliance(10), true, true],
    ['COMPLIANCE never shortens', compliance(10), compliance(9), false, false],
    ['COMPLIANCE never softens', compliance(10), governance(20), false, false],
    ['COMPLIANCE is never removed', compliance(10), undefined, false, false],
  ];

  it.each(table)('%s', (_what, stored, wanted, plain, bypassed) => {
    expect([mayRetain(stored, wanted, NOW, false), mayRetain(stored, wanted, NOW, true)]).toStrictEqual([
      plain,
      bypassed,
    ]);
  });
});

describe('destroying a version', () => {
  it.each([
    ['no lock', {}, true, true],
    ['a cleared hold', { legalHold: 'OFF' }, true, true],
    ['a hold, which bypass does not open', { legalHold: 'ON' }, false, false],
    ['an expired retention', { retention: governance(-1) }, true, true],
    ['an expired retention under a hold', { retention: governance(-1), legalHold: 'ON' }, false, false],
    ['GOVERNANCE, which bypass opens', { retention: governance(1) }, false, true],
    ['GOVERNANCE under a hold', { retention: governance(1), legalHold: 'ON' }, false, false],
    ['COMPLIANCE', { retention: compliance(1) }, false, false],
  ] as const)('%s', (_what, lock, plain, bypassed) => {
    expect([mayDestroy(lock, NOW, false), mayDestroy(lock, NOW, true)]).toStrictEqual([plain, bypassed]);
  });
});

describe('default retention', () => {
  it.each([
    ['days are counted from the instant of creation', 'Days', 2, '2026-11-22T00:00:00.000Z'],
    ['years follow the calendar over a leap day', 'Years', 2, '2028-11-20T00:00:00.000Z'],
  ] as const)('%s', (_what, unit, length, expected) => {
    const { until } = defaultOf({ mode: 'GOVERNANCE', period: { unit, length } }, NOW);

    expect(new Date(until).toISOString()).toBe(expected);
  });

  it('gives a version of 29 February the first of March', () => {
    const leapDay = Date.parse('2028-02-29T12:00:00Z');

    const { until } = defaultOf({ mode: 'GOVERNANCE', period: { unit: 'Years', length: 1 } }, leapDay);

    expect(new Date(until).toISOString()).toBe('2029-03-01T12:00:00.000Z');
  });
});

it('grants one hundred years and not a moment more', () => {
  const limit = Date.parse('2126-11-20T00:00:00Z');

  expect([isTooFar(limit, NOW), isTooFar(limit + 1, NOW)]).toStrictEqual([false, true]);
});
