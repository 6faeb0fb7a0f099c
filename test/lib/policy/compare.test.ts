import { describe, expect, it } from '@jest/globals';
import { comparePolicies, type PolicyChange } from '../../../lib/policy/compare.ts';
import { parsePolicy } from '../../../lib/policy/parse.ts';
import { type PolicyFile } from '../../../lib/policy/schema.ts';

function fileOf(text: string): PolicyFile {
  const parsed = parsePolicy(text, { hash: 'test' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.file;
}

const RULE = '  - name: invoices\n    match: { prefix: inv/ }\n    lock: { mode: GOVERNANCE, for: P1Y }\n';
const policy = (rules = RULE, settings = ''): string => `version: 1\n${settings}rules:\n${rules}`;

function changes(before: string | undefined, after: string): PolicyChange[] {
  return comparePolicies(before === undefined ? undefined : fileOf(before), fileOf(after));
}

/** A policy of one rule that matches by these conditions. */
const matching = (match: string): string =>
  policy(`  - name: r\n    match: ${match}\n    lock: { mode: GOVERNANCE, for: P1Y }\n`);
const locking = (lock: string): string => policy(`  - name: r\n    lock: ${lock}\n`);

describe('what changes from one policy to the next', () => {
  it('nothing, where nothing does: order and notation do not count', () => {
    const other = '  - name: b\n    lock: { mode: COMPLIANCE, until: 2031-12-31 }\n';

    expect(changes(policy(), policy())).toStrictEqual([]);
    expect(changes(policy(RULE + other), policy(other + RULE))).toStrictEqual([]);
    expect(
      changes(
        policy(),
        '{"version":1,"rules":[{"lock":{"for":"P1Y","mode":"GOVERNANCE"},"match":{"prefix":"inv/"},"name":"invoices"}]}',
      ),
    ).toStrictEqual([]);
  });

  it('every rule is new, where there was none before', () => {
    expect(changes(undefined, policy(RULE, 'settings: { maximum: P9Y }\n'))).toStrictEqual([
      { kind: 'setting', name: 'settings', detail: 'maximum: not set → P9Y' },
      { kind: 'added', name: 'invoices', detail: 'GOVERNANCE {for:P1Y} on {prefix:inv/}' },
    ]);
  });

  it('a rule that was added says what it locks, and when it only observes', () => {
    const added = '  - name: all\n    enforce: observe\n    lock: { mode: COMPLIANCE, until: 2031-12-31 }\n';

    expect(changes(policy(), policy(RULE + added))).toStrictEqual([
      { kind: 'added', name: 'all', detail: 'COMPLIANCE {until:2031-12-31} on every version (observe)' },
    ]);
  });

  it('a rule that was removed leaves its locks as they are', () => {
    const other = '  - name: b\n    lock: { mode: GOVERNANCE, for: P2Y }\n';

    expect(changes(policy(RULE + other), policy(other))).toStrictEqual([
      { kind: 'removed', name: 'invoices', detail: 'locks that it set stay as they are' },
    ]);
  });

  it('a rule with another name is another rule', () => {
    expect(
      changes(policy(), policy(RULE.replace('invoices', 'bills'))).map(({ kind, name }) => `${kind} ${name}`),
    ).toStrictEqual(['removed invoices', 'added bills']);
  });

  it.each([
    ['another period', 'lock.for: P1Y → P2Y', RULE, RULE.replace('P1Y', 'P2Y')],
    ['another mode', 'lock.mode: GOVERNANCE → COMPLIANCE', RULE, RULE.replace('GOVERNANCE', 'COMPLIANCE')],
    ['another prefix', 'match.prefix: inv/ → bills/', RULE, RULE.replace('inv/', 'bills/')],
    [
      'a condition more',
      'match.suffix: not set → .pdf',
      RULE,
      RULE.replace('inv/ }', 'inv/, suffix: .pdf }'),
    ],
    [
      'a condition less',
      'match.prefix: inv/ → not set',
      RULE,
      RULE.replace('    match: { prefix: inv/ }\n', ''),
    ],
    [
      'a tag more',
      'match.tags.class: not set → hr',
      RULE,
      RULE.replace('inv/ }', 'inv/, tags: { class: hr } }'),
    ],
    [
      'an exception more',
      'match.except: not set → [{suffix:.tmp}]',
      RULE,
      RULE.replace('inv/ }', 'inv/, except: [{ suffix: .tmp }] }'),
    ],
    [
      'observation',
      'enforce: not set → observe',
      RULE,
      RULE.replace('    lock', '    enforce: observe\n    lock'),
    ],
    ['a reason', 'why: not set → tax code', RULE, RULE.replace('    lock', '    why: tax code\n    lock')],
  ])('a rule with %s says what it was and what it is', (_, detail, before, after) => {
    expect(changes(policy(before), policy(after))).toStrictEqual([
      { kind: 'changed', name: 'invoices', detail },
    ]);
  });

  it('a rule in which several things differ says each', () => {
    const after = RULE.replace('P1Y', 'P2Y').replace('GOVERNANCE', 'COMPLIANCE');

    expect(changes(policy(), policy(after)).map(({ detail }) => detail)).toStrictEqual([
      'lock.mode: GOVERNANCE → COMPLIANCE',
      'lock.for: P1Y → P2Y',
    ]);
  });

  it('another form of the lock says both sides', () => {
    expect(
      changes(
        locking('{ mode: GOVERNANCE, for: P1Y }'),
        locking('{ mode: GOVERNANCE, for: { tag: keep, otherwise: P2Y } }'),
      ).map(({ detail }) => detail),
    ).toStrictEqual([
      'lock.for: P1Y → not set',
      'lock.for.tag: not set → keep',
      'lock.for.otherwise: not set → P2Y',
    ]);
  });

  it('settings that were set, changed and left out', () => {
    const before = policy(RULE, 'settings: { maximum: P9Y, buffer: P6D }\n');
    const after = policy(RULE, 'settings: { maximum: P8Y, roundUp: day, passes: { every: P1D } }\n');

    expect(changes(before, after)).toStrictEqual(
      [
        'maximum: P9Y → P8Y',
        'buffer: P6D → not set',
        'roundUp: not set → day',
        'passes.every: not set → P1D',
      ].map((detail) => ({ kind: 'setting', name: 'settings', detail })),
    );
  });
});

describe('policies that mean different things never look the same', () => {
  it.each([
    [
      'a list of two values and one value with a comma',
      '{ tags: { class: [a, b] } }',
      "{ tags: { class: ['a,b'] } }",
    ],
    ['one value and a list of it', '{ tags: { class: a } }', '{ tags: { class: [a] } }'],
    ['a value that looks like a list', "{ tags: { class: '[a]' } }", '{ tags: { class: [a] } }'],
    ['a value that looks like a pattern', '{ tags: { class: { glob: a } } }', '{ tags: { class.glob: a } }'],
    ['a value that looks unset', '{ prefix: a, suffix: not set }', '{ prefix: a }'],
    [
      'a present tag and the value true',
      '{ tags: { class: { present: true } } }',
      "{ tags: { class: 'true' } }",
    ],
    ['no conditions and a bucket', '{}', '{ bucket: acme }'],
    [
      'exceptions in two parts and in one',
      '{ except: [{ prefix: a }, { suffix: b }] }',
      '{ except: [{ prefix: a, suffix: b }] }',
    ],
  ])('%s', (_, before, after) => {
    expect(changes(matching(before), matching(after))).not.toStrictEqual([]);
  });
});
