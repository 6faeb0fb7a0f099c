import { describe, expect, it } from '@jest/globals';
import { isOutcomeCode, type OutcomeCode, OUTCOMES } from '../../lib/audit/outcome.ts';
import { type FailureCode, HoldfastError } from '../../lib/errors.ts';

/** Every failure with its exit code; the compiler minds that none is missing. */
const EXITS: Readonly<Record<FailureCode, number>> = {
  'bad-input': 2,
  'bad-policy': 2,
  'bad-event': 2,
  'no-such-version': 2,
  'delete-marker': 2,
  'no-lock-on-bucket': 2,
  'no-permission': 4,
  'clock-apart': 2,
  throttled: 5,
  unreachable: 5,
  'partly-failed': 6,
  'needs-approval': 8,
  moved: 9,
  'not-signed-in': 4,
  'not-allowed': 4,
  'self-approval': 4,
  'no-such-route': 2,
  'no-such-matter': 2,
  'no-such-run': 2,
  'bad-request': 2,
  'too-large': 2,
  'empty-scope': 2,
  'not-managed': 2,
  'key-reused': 2,
  'other-holdfast': 2,
  'already-asked': 2,
  'not-asked': 2,
  'already-released': 2,
  'run-over': 9,
  unexpected: 1,
};

const outcomes = Object.entries(OUTCOMES) as [OutcomeCode, (typeof OUTCOMES)[OutcomeCode]][];

/** Several words from a small letter on, without a full stop: it goes on after a semicolon, or before one. */
const SENTENCE = /^[a-z]+[ ,].*[A-Za-z]$/;

describe('every failure', () => {
  it.each(Object.entries(EXITS) as [FailureCode, number][])('%s ends the command with %i', (code, exit) => {
    const error = new HoldfastError(code, { what: 'a/b was not locked', next: 'run it again' });

    expect(error).toMatchObject({ code, exitCode: exit });
  });

  it('says what happened and what to do next, in one line that can be searched for', () => {
    const error = new HoldfastError('throttled', { what: 'a/b was not locked', next: 'run it again' });

    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'HoldfastError',
      message: 'a/b was not locked; run it again',
      next: 'run it again',
    });
  });

  it('keeps its cause, and has none where there was none', () => {
    const cause = new Error('socket hang up');

    expect(new HoldfastError('unreachable', { what: 'w', next: 'n', cause }).cause).toBe(cause);
    expect(new HoldfastError('unreachable', { what: 'w', next: 'n' })).not.toHaveProperty('cause');
  });

  it('uses no exit code that means something else', () => {
    expect(new Set(Object.values(EXITS))).toStrictEqual(new Set([1, 2, 4, 5, 6, 8, 9]));
  });
});

describe('every outcome', () => {
  it.each(outcomes)('%s says what it means', (_, { meaning }) => {
    expect(meaning).toMatch(/^[a-z].*[A-Za-z]$/);
    expect(meaning).not.toMatch(/ {2}|\n/);
  });

  it.each(outcomes)('%s says what to do next, or that nothing is', (_, ending) => {
    const { covered, retry, next } = ending;

    if (next === '') {
      // Only what is as it should be may leave its reader without advice.
      expect({ covered, retry }).toStrictEqual({ covered: true, retry: false });
      return;
    }
    expect(next).toMatch(SENTENCE);
    expect(next).not.toMatch(/ {2}|\n/);
    expect(next).not.toBe(ending.meaning);
  });

  it.each(outcomes)('%s is a stable code', (code) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(isOutcomeCode(code)).toBe(true);
  });

  it('what covers a version is not tried again', () => {
    expect(outcomes.filter(([, { covered, retry }]) => covered && retry)).toStrictEqual([]);
  });

  it('only what may end better is tried again', () => {
    expect(outcomes.filter(([, { retry }]) => retry).map(([code]) => code)).toStrictEqual([
      'over-breaker',
      'undecided',
      'no-permission',
      'not-confirmed',
      'rejected',
    ]);
  });

  it('no two mean the same in words', () => {
    expect(new Set(outcomes.map(([, { meaning }]) => meaning)).size).toBe(outcomes.length);
  });

  it.each(['', 'toString', '__proto__', 'Locked', undefined, 7, null])('%p is none', (code) => {
    expect(isOutcomeCode(code)).toBe(false);
  });

  it('that goes by the name of a failure is no cover', () => {
    const shared = outcomes.filter(([code]) => Object.hasOwn(EXITS, code));

    expect(shared.map(([code]) => code).sort()).toStrictEqual([
      'moved',
      'no-lock-on-bucket',
      'no-permission',
    ]);
    expect(shared.filter(([, { covered }]) => covered)).toStrictEqual([]);
  });
});
