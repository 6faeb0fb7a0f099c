import { describe, expect, it } from '@jest/globals';
import { type Wish } from '../../../lib/lock/change.ts';
import { decide } from '../../../lib/policy/decide.ts';
import { type Placing, placingOf } from '../../../lib/policy/place-events.ts';
import { lockedUntil, NOW, policyOf, type VersionParts, versionOf } from './policy-helpers.ts';

const LEFT = '{ mode: COMPLIANCE, for: P30D, from: { event: left } }';
const LONGER = '{ mode: COMPLIANCE, for: P60D, from: { event: left } }';
const SOLD = '{ mode: COMPLIANCE, for: P1Y, from: { event: sold } }';
const LOOSE = '{ mode: GOVERNANCE, for: P30D, from: { event: left } }';

function place(locks: readonly string[], knows: boolean, parts: VersionParts = {}): Placing {
  const rules = locks.map((lock, at) => `  - name: r${at}\n    lock: ${lock}\n`).join('');
  const version = versionOf(parts);
  const decision = decide(policyOf(`version: 1\nrules:\n${rules}`), version, NOW);
  return placingOf(decision, version.lock, knows, NOW);
}

function textOf({ wishes, native, claims, residuals }: Placing): string {
  const wanted = wishes.map((wish: Wish) =>
    wish.kind === 'event-hold' ? `${wish.mode} ${JSON.stringify(wish.duration)}` : wish.kind,
  );
  const gaps = residuals.map(({ mode, rule }) => `gap ${mode} ${rule ?? ''}`);
  return [...wanted, native && `by ${native.rule}`, ...claims.map(({ rule }) => `claim ${rule}`), ...gaps]
    .filter(Boolean)
    .join(', ');
}

describe('event holds', () => {
  it.each<[string, readonly string[], string, string]>([
    ['one', [LEFT], 'COMPLIANCE {"days":30}, by r0', 'claim r0'],
    [
      'two of one event share it, for the longer',
      [LEFT, LONGER],
      'COMPLIANCE {"days":60}, by r0',
      'claim r0, claim r1',
    ],
    [
      'two events: a store has one hold',
      [LEFT, SOLD],
      'COMPLIANCE {"days":30}, by r0, claim r1',
      'claim r0, claim r1',
    ],
    [
      'the strictest mode decides',
      [LOOSE, SOLD],
      'COMPLIANCE {"years":1}, by r1, claim r0',
      'claim r0, claim r1',
    ],
    [
      'a date of the same mode comes after',
      ['{ mode: COMPLIANCE, for: P1Y }', LEFT],
      'COMPLIANCE {"days":30}, retention, by r1',
      'retention, claim r1',
    ],
    [
      'a stricter date leaves it to a legal hold',
      ['{ mode: COMPLIANCE, for: P1Y }', LOOSE],
      'retention, claim r1',
      'retention, claim r1',
    ],
    [
      'a weaker date is a gap, when the hold is released at once',
      ['{ mode: GOVERNANCE, for: P1Y }', LEFT],
      'COMPLIANCE {"days":30}, by r1, gap GOVERNANCE r0',
      'retention, claim r1',
    ],
    [
      'a weaker date that ends first is none',
      ['{ mode: GOVERNANCE, for: P1D }', LEFT],
      'COMPLIANCE {"days":30}, by r1',
      'retention, claim r1',
    ],
    ['none', ['{ mode: GOVERNANCE, for: P1D }'], 'retention', 'retention'],
  ])('%s', (_, locks, known, unknown) => {
    expect(textOf(place(locks, true))).toBe(known);
    expect(textOf(place(locks, false))).toBe(unknown);
  });

  it('over a stored GOVERNANCE lock its dates can be met all the same', () => {
    const lock = lockedUntil('GOVERNANCE', '2027-01-01T00:00:00Z');

    expect(textOf(place(['{ mode: GOVERNANCE, for: P1Y }', LEFT], true, { lock }))).toBe(
      'COMPLIANCE {"days":30}, retention, by r1',
    );
  });
});
