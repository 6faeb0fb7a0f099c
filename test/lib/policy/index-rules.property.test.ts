import { describe, expect } from '@jest/globals';
import { fc, it } from '@fast-check/jest';
import { decide } from '../../../lib/policy/decide.ts';
import { explain } from '../../../lib/policy/explain.ts';
import { NOW, policyOf, versionOf } from './policy-helpers.ts';

const piece = fc.constantFrom('a', 'b', 'a/', 'ab', '/', 'é', '😀', '\uffff');
const text = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
const tagCondition = fc.oneof(
  fc.constantFrom('x', 'y'),
  fc.constant(['x', 'y']),
  fc.constantFrom({ present: true }, { absent: true }, { glob: '*x*' }),
);
const conditions = fc.record(
  {
    bucket: fc.constantFrom('one', 'two', 'o*', '*'),
    prefix: text,
    suffix: piece,
    key: text.map((head) => `${head}**`),
    tags: fc.dictionary(fc.constantFrom('k', 'l'), tagCondition, { minKeys: 1, maxKeys: 2 }),
  },
  { requiredKeys: [] },
);
const rule = fc.record({
  match: conditions,
  days: fc.integer({ min: 1, max: 9 }),
  mode: fc.constantFrom('GOVERNANCE', 'COMPLIANCE'),
});
const version = fc.record({
  bucket: fc.constantFrom('one', 'two', 'three'),
  key: text,
  tags: fc.oneof(
    fc.constant('unknown' as const),
    fc.dictionary(fc.constantFrom('k', 'l', 'm'), fc.constantFrom('x', 'y', 'z'), { maxKeys: 3 }),
  ),
});

describe('the index of rules', () => {
  it.prop([fc.array(rule, { minLength: 1, maxLength: 12 }), version], { numRuns: 400 })(
    'finds every rule that testing all of them finds, and no other',
    (rules, parts) => {
      const policy = policyOf(
        JSON.stringify({
          version: 1,
          rules: rules.map(({ match, days, mode }, at) => ({
            name: `r${at}`,
            settle: 'PT1M',
            match,
            lock: { mode, for: `P${days}D` },
          })),
        }),
      );
      const facts = versionOf({ ...parts, created: '2026-11-20T11:00:00Z' });

      const found = decide(policy, facts, NOW);
      const all = explain(policy, facts, NOW).rules;

      expect(found.matched).toStrictEqual(
        all.filter(({ verdict }) => verdict === 'matched').map(({ rule: name }) => name),
      );
      expect(found.undecided.map(({ rule: name }) => name)).toStrictEqual(
        all.filter(({ verdict }) => verdict === 'undecided').map(({ rule: name }) => name),
      );
    },
  );
});
