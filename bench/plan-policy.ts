/** The policy that the benchmark of the planner plans by: twenty rules without tags, four for each prefix of the listing. */
import { parsePolicy } from '../lib/policy/parse.ts';
import { type Policy } from '../lib/policy/compile.ts';
import { type RuleFile } from '../lib/policy/schema.ts';

/** What the keys of a made-up inventory begin with; see local/inventory/synthetic.ts. */
export const PREFIXES = ['invoices/', 'contracts/', 'mail/archive/', 'logs/app/', 'scans/'] as const;
export const BUCKET = 'synthetic';

/** The policy as the text of its file. */
export function planPolicyText(): string {
  const settings = { maximum: 'P12Y', roundUp: 'day' };
  return JSON.stringify({ version: 1, settings, rules: PREFIXES.flatMap(rulesOf) });
}

export function planPolicy(): Policy {
  const parsed = parsePolicy(planPolicyText(), { hash: '0'.repeat(64) });
  if (parsed.ok) return parsed.policy;
  throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
}

function rulesOf(prefix: string, at: number): RuleFile[] {
  const name = prefix.slice(0, -1).replaceAll('/', '-');
  const place = { bucket: BUCKET, prefix };
  return [
    { name, match: place, lock: { mode: 'GOVERNANCE', for: `P${at + 1}Y` } },
    {
      name: `${name}-2024`,
      match: { bucket: BUCKET, prefix: `${prefix}2024/` },
      lock: { mode: 'COMPLIANCE', for: `P${at + 2}Y`, from: { endOf: 'year' } },
    },
    {
      name: `${name}-large`,
      match: { ...place, size: { atLeast: 40_000_000 } },
      lock: { mode: 'GOVERNANCE', for: 'P7Y' },
    },
    {
      name: `${name}-current`,
      match: { ...place, suffix: '.pdf' },
      lock: { mode: 'GOVERNANCE', remaining: { atLeast: 'P30D', extendTo: 'P70D' }, versions: 'current' },
    },
  ];
}
