import { describe, expect, it } from '@jest/globals';
import { instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { clockOffset, type Greeting, judgeGreeting } from '../../../lib/probe/clocks.ts';

const SENT = parseInstant('2026-11-20T10:00:00Z');

const greeting = (more: Partial<Greeting> = {}, ahead = 0): Greeting => ({
  sent: SENT,
  received: instantOf(SENT + 100),
  storeDate: instantOf(SENT + ahead * 1_000),
  answer: { took: true },
  ...more,
});

const check = (id: string, of: Greeting): unknown => judgeGreeting(of).find((each) => each.id === id);

describe('the clocks', () => {
  it.each([
    [0, true, 'they agree'],
    [-1, true, 'they agree'],
    [30, true, '30 s apart'],
    [59, true, '59 s apart'],
    [-840, false, 's apart'],
    [901, false, '901 s apart'],
    [-3_600, false, 's apart'],
  ])('%i s ahead', (ahead, ok, seen) => {
    expect(check('clock-store', greeting({}, ahead))).toStrictEqual({
      id: 'clock-store',
      expected: expect.any(String),
      ok,
      tried: true,
      seen: expect.stringContaining(seen),
      ...(!ok && { mend: expect.stringContaining('set the clock') }),
    });
  });

  it('a store that tells no date leaves it open', () => {
    expect(check('clock-store', greeting({ storeDate: undefined }))).toMatchObject({
      tried: false,
      ok: true,
    });
    expect(clockOffset(greeting({ storeDate: undefined }))).toBe(0);
  });

  it('dates are computed by the clock of the store', () => {
    expect(clockOffset(greeting({}, 3_600))).toBe(3_600_450);
  });

  it('a signature out of time is the finding, and leaves the credentials open', () => {
    const late = greeting({ answer: { took: false, status: 403, code: 'RequestTimeTooSkewed' } });

    expect(check('clock-signature', late)).toMatchObject({ ok: false });
    expect(check('credentials', late)).toMatchObject({ ok: true, tried: false });
  });
});

describe('the credentials', () => {
  it.each([
    ['InvalidAccessKeyId', false, undefined],
    ['SignatureDoesNotMatch', false, undefined],
    ['AccessDenied', true, true],
  ])('%s', (code, ok, warning) => {
    const refused = greeting({ answer: { took: false, status: 403, code } });

    expect(check('credentials', refused)).toMatchObject({ ok, ...(warning && { warning }) });
  });
});
