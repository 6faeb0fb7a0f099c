import { describe, expect, it } from '@jest/globals';
import { defaultRuleChecks } from '../../../lib/doctor/default-rule.ts';
import { type Patient } from '../../../lib/doctor/patient.ts';
import { toolNamed } from '../../../lib/doctor/tools.ts';
import { type DefaultRule } from '../../../lib/lock/default-rule.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { type Policy } from '../../../lib/policy/compile.ts';
import { parsePolicy } from '../../../lib/policy/parse.ts';
import { type Check } from '../../../lib/probe/check.ts';

const policyOf = (locks: string, settings = '', more = ''): Policy => {
  const text = `version: 1\n${settings}rules:\n${locks
    .split(' | ')
    .map((lock, at) => `  - name: r${at}\n    match: { bucket: acme-* }\n    lock: ${lock}\n${more}`)
    .join('')}`;
  const parsed = parsePolicy(text, { hash: '' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
};
const patient = (more: Partial<Patient> = {}): Patient => ({
  bucket: 'acme-docs',
  // No moment is a whole second.
  now: parseInstant('2026-11-20T12:00:00.123Z'),
  isAmazon: true,
  connection: '',
  ...more,
});
const days = (mode: DefaultRule['mode'], length: number): DefaultRule => ({ mode, unit: 'days', length });
const seen = (rule?: DefaultRule) =>
  ({ kind: 'seen', value: { enabled: true, ...(rule && { rule }) } }) as const;
const resultOf = ({ ok, tried, warning }: Check): string =>
  !tried ? 'not tried' : !ok ? 'failing' : warning === true ? 'warning' : 'ok';
const rowOf = (id: string, checks: readonly Check[]): Check => {
  const found = checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(id);
  return found;
};

describe('the birth lock', () => {
  it.each<[string, DefaultRule | undefined, Partial<Patient>, string, string | undefined]>([
    ['a default', days('GOVERNANCE', 1), {}, 'ok', undefined],
    [
      'none, where nobody said what the rules are',
      undefined,
      {},
      'warning',
      'holdfast bucket default acme-docs --mode GOVERNANCE --days 1 --audit-folder records',
    ],
    [
      'none, under rules in COMPLIANCE',
      undefined,
      { policy: policyOf('{ mode: COMPLIANCE, for: P1Y }') },
      'warning',
      'holdfast bucket default acme-docs --mode COMPLIANCE --days 1 --audit-folder records',
    ],
    [
      'none, for Portworx',
      undefined,
      { tool: toolNamed('portworx') },
      'failing',
      'holdfast bucket default acme-docs --mode GOVERNANCE --days 30 --audit-folder records',
    ],
    [
      'six days, for Portworx',
      days('COMPLIANCE', 6),
      { tool: toolNamed('portworx') },
      'failing',
      'holdfast bucket default acme-docs --mode COMPLIANCE --days 7 --audit-folder records',
    ],
    ['seven days, for Portworx', days('GOVERNANCE', 7), { tool: toolNamed('portworx') }, 'ok', undefined],
    ['none, for kopia', undefined, { tool: toolNamed('kopia') }, 'ok', undefined],
    [
      'a default, for kopia',
      days('GOVERNANCE', 30),
      { tool: toolNamed('kopia') },
      'warning',
      'holdfast bucket default acme-docs --none --yes --audit-folder records',
    ],
    ['none, for Cloudback', undefined, { tool: toolNamed('cloudback') }, 'ok', undefined],
    [
      'none, for restic, and no rules',
      undefined,
      { tool: toolNamed('restic') },
      'failing',
      'holdfast bucket default acme-docs --mode GOVERNANCE --days 30 --audit-folder records',
    ],
    [
      'none, for restic under rules',
      undefined,
      { tool: toolNamed('restic'), policy: policyOf('{ mode: GOVERNANCE, for: P30D }') },
      'warning',
      'holdfast bucket default acme-docs --mode GOVERNANCE --days 1 --audit-folder records',
    ],
  ])('%s', (_, rule, more, result, mend) => {
    const row = rowOf('default-rule', defaultRuleChecks(seen(rule), patient(more)));

    expect({ result: resultOf(row), mend: row.mend }).toStrictEqual({ result, mend });
  });

  it('names the endpoint in what can be typed', () => {
    const [row] = defaultRuleChecks(seen(), patient({ connection: ' --endpoint http://s' }));

    expect(row?.mend).toContain('--days 1 --endpoint http://s --audit-folder');
  });
});

describe('the default against the rules', () => {
  it.each<[string, DefaultRule | undefined, Policy | undefined, string, RegExp]>([
    ['no rules were named', days('GOVERNANCE', 1), undefined, 'not tried', /--policy/],
    ['no default', undefined, policyOf('{ mode: COMPLIANCE, for: P1Y }'), 'ok', /no default/],
    [
      'a short default in the mode of the rule',
      days('COMPLIANCE', 1),
      policyOf('{ mode: COMPLIANCE, for: P1Y }'),
      'ok',
      /one rule/,
    ],
    [
      'born in GOVERNANCE, wanted in COMPLIANCE',
      days('GOVERNANCE', 1),
      policyOf('{ mode: COMPLIANCE, for: P1Y }'),
      'failing',
      /rule r0 wants COMPLIANCE.*mode-weaker/,
    ],
    [
      'born in COMPLIANCE, wanted in GOVERNANCE for longer',
      days('COMPLIANCE', 1),
      policyOf('{ mode: GOVERNANCE, for: P1Y }'),
      'failing',
      /after 1 day they are free \(mode-stricter\)/,
    ],
    [
      'the same under onConflict: combine',
      days('COMPLIANCE', 1),
      policyOf('{ mode: GOVERNANCE, for: P1Y }', 'settings: { onConflict: combine }\n'),
      'ok',
      /one rule/,
    ],
    [
      'born in COMPLIANCE for longer than the rule asks',
      days('COMPLIANCE', 60),
      policyOf('{ mode: GOVERNANCE, for: P30D }'),
      'warning',
      /longer than rule r0 asks for/,
    ],
    [
      'a default longer than one of two rules: the other asks for more',
      days('GOVERNANCE', 30),
      policyOf('{ mode: GOVERNANCE, for: P25D } | { mode: GOVERNANCE, for: P2Y }'),
      'ok',
      /2 rules/,
    ],
    [
      'a default as long as the rule',
      days('GOVERNANCE', 30),
      policyOf('{ mode: GOVERNANCE, for: P30D }'),
      'ok',
      /one rule/,
    ],
    [
      'a rolling lock and a tag in the mode of the default',
      days('GOVERNANCE', 1),
      policyOf(
        '{ mode: GOVERNANCE, remaining: { atLeast: P30D, extendTo: P60D } } | { mode: GOVERNANCE, for: { tag: t, atMost: P7Y, otherwise: P1Y } } | { mode: GOVERNANCE, until: 2050-01-01 }',
      ),
      'ok',
      /3 rules/,
    ],
    [
      'born in COMPLIANCE for as long as the rule, and not for its buffer',
      days('COMPLIANCE', 30),
      policyOf('{ mode: GOVERNANCE, for: P30D }', 'settings: { buffer: P6D }\n'),
      'failing',
      /mode-stricter/,
    ],
    [
      'a rule that counts from the end of the year outlasts the default',
      days('COMPLIANCE', 400),
      policyOf('{ mode: GOVERNANCE, for: P1Y, from: { endOf: year } }'),
      'failing',
      /mode-stricter/,
    ],
    [
      'a rolling lock that the default outlasts, in the other mode',
      days('GOVERNANCE', 50),
      policyOf('{ mode: COMPLIANCE, remaining: { atLeast: P5D, extendTo: P60D } }'),
      'failing',
      /mode-weaker/,
    ],
    [
      'a rule under observation, which writes nothing',
      days('GOVERNANCE', 1),
      policyOf('{ mode: COMPLIANCE, for: P1Y }', '', '    enforce: observe\n'),
      'warning',
      /r0 \(under observation\)/,
    ],
    [
      'rules of both modes: no default can be right',
      days('GOVERNANCE', 1),
      policyOf('{ mode: GOVERNANCE, for: P1Y } | { mode: COMPLIANCE, for: P1Y }'),
      'failing',
      /rule r1 wants COMPLIANCE/,
    ],
  ])('%s', (_, rule, policy, result, words) => {
    const row = rowOf('default-policy', defaultRuleChecks(seen(rule), patient(policy && { policy })));

    expect(resultOf(row)).toBe(result);
    expect(row.seen).toMatch(words);
  });

  it('says how a conflict is mended: the mode of the rules, or a bucket for each mode', () => {
    const one = policyOf('{ mode: COMPLIANCE, for: P1Y }');
    const both = policyOf('{ mode: COMPLIANCE, for: P1Y } | { mode: GOVERNANCE, for: P1Y }');
    const mendOf = (policy: Policy): string | undefined =>
      rowOf('default-policy', defaultRuleChecks(seen(days('GOVERNANCE', 1)), patient({ policy }))).mend;

    expect(mendOf(one)).toContain('--mode COMPLIANCE --days 1 --yes');
    expect(mendOf(both)).toContain('in different buckets');
  });

  it('does not shorten the default that a tool requires, for a rule that is a net', () => {
    const policy = policyOf('{ mode: GOVERNANCE, for: P29D }');
    const tool = toolNamed('portworx');
    const checks = defaultRuleChecks(seen(days('GOVERNANCE', 30)), patient({ policy, tool }));

    expect(resultOf(rowOf('default-policy', checks))).toBe('ok');
  });

  it('leaves out rules whose exceptions name the bucket', () => {
    const parsed = parsePolicy(
      'version: 1\nrules: [{ name: r, match: { except: [{ bucket: acme-docs }] }, lock: { mode: COMPLIANCE, for: P1Y } }]\n',
      { hash: '' },
    );
    if (!parsed.ok) throw new Error('not valid');
    const checks = defaultRuleChecks(seen(days('GOVERNANCE', 30)), patient({ policy: parsed.policy }));

    expect(rowOf('default-policy', checks).seen).toBe('no rule of the policy is about this bucket');
  });

  it('warns of rules that are about other buckets', () => {
    const policy = policyOf('{ mode: COMPLIANCE, for: P1Y }');
    const row = rowOf('default-policy', defaultRuleChecks(seen(), patient({ bucket: 'else', policy })));

    expect([resultOf(row), row.seen]).toStrictEqual([
      'warning',
      'no rule of the policy is about this bucket',
    ]);
  });

  it.each([
    [{ kind: 'denied', action: 's3:GetBucketObjectLockConfiguration' } as const, 'it needs s3:GetBucket'],
    [{ kind: 'seen', value: { enabled: false } } as const, 'the bucket has no Object Lock'],
  ])('says why it was not tried', (answer, words) => {
    for (const row of defaultRuleChecks(answer, patient())) {
      expect(resultOf(row)).toBe('not tried');
      expect(row.seen).toContain(words);
    }
  });
});
