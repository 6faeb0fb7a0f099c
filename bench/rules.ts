/** The policies that are raced: a hundred nested rules, the same among nine hundred others, and rules by tag. */
import { parsePolicy } from '../lib/policy/parse.ts';
import { type Policy } from '../lib/policy/compile.ts';
import { type RuleFile } from '../lib/policy/schema.ts';

/** Buckets and what their keys begin with; each folder has a part `final/` with stricter rules. */
export const FOLDERS: readonly (readonly [bucket: string, folders: readonly string[]])[] = [
  ['acme-finance', ['invoices/', 'payroll/', 'ledgers/', 'tax/', 'loans/']],
  ['acme-legal', ['contracts/', 'litigation/', 'patents/', 'board/', 'mail/']],
  ['acme-health', ['records/', 'imaging/', 'trials/', 'consent/', 'devices/']],
  ['acme-media', ['masters/', 'edits/', 'licences/', 'rushes/', 'captions/']],
  ['acme-backup', ['daily/', 'weekly/', 'monthly/', 'yearly/', 'logs/']],
];

const UNITS = ['month', 'quarter', 'year'] as const;

/** The values of the tag `class`: the folder numbered 3 asks for `k03`, its final part for `k03` or `k28`. */
export function classOf(number: number): string {
  return `k${String(number).padStart(2, '0')}`;
}

/** Four rules per folder, nested by bucket and prefix; half of them ask for a tag. */
export function nestedRules(): RuleFile[] {
  return FOLDERS.flatMap(([bucket, folders], b) =>
    folders.flatMap((prefix, f) => folderRules(bucket, prefix, b, f)),
  );
}

function folderRules(bucket: string, prefix: string, b: number, f: number): RuleFile[] {
  const number = b * 5 + f;
  const name = `${bucket}-${prefix.slice(0, -1)}`;
  const final = `${prefix}final/`;
  const classes = [classOf(number), classOf(number + 25)];
  const tagged = { bucket, prefix: final, tags: { class: classes } };
  return [
    { name, match: { bucket, prefix }, lock: { mode: 'GOVERNANCE', for: `P${f + 1}Y` } },
    {
      name: `${name}-class`,
      match: { bucket, prefix, tags: { class: classOf(number) } },
      lock: { mode: 'GOVERNANCE', for: `P${b + f + 2}Y` },
    },
    {
      name: `${name}-final`,
      match: { bucket, prefix: final },
      lock: { mode: 'COMPLIANCE', for: `P${b + 1}Y`, from: { endOf: UNITS[f % 3] ?? 'year' } },
    },
    f % 2 === 0
      ? {
          name: `${name}-final-class`,
          settle: 'PT10M',
          match: tagged,
          lock: { mode: 'COMPLIANCE', until: `${2030 + b}-12-31` },
        }
      : { name: `${name}-final-class`, match: tagged, lock: { mode: 'GOVERNANCE', for: `P${b + f + 3}Y` } },
  ];
}

/** Rules that no generated version can match: a third by other buckets, by patterns of them, by other prefixes. */
export function idleRules(count: number): RuleFile[] {
  const lock = { mode: 'GOVERNANCE', for: 'P5Y' } as const;
  return Array.from({ length: count }, (_, at): RuleFile => {
    const name = `idle-${at}`;
    const number = Math.floor(at / 3);
    const [bucket, folders] = FOLDERS[number % FOLDERS.length] ?? ['none', []];
    const folder = folders[Math.floor(number / FOLDERS.length) % folders.length] ?? '';
    switch (at % 3) {
      case 0:
        return { name, match: { bucket: `other-${number}`, prefix: folder }, lock };
      case 1:
        return { name, match: { bucket: `*-other-${number}`, tags: { class: classOf(number % 100) } }, lock };
      default:
        return { name, match: { bucket, prefix: `${folder}final/no-${number}/` }, lock };
    }
  });
}

/** A hundred rules that ask for nothing but a value of one tag, as a list of values or as a pattern. */
export function taggedRules(by: 'value' | 'pattern'): RuleFile[] {
  return Array.from({ length: 100 }, (_, at) => {
    const wanted = by === 'value' ? classOf(at) : { glob: `${classOf(at)}*` };
    return {
      name: `class-${at}`,
      match: { tags: { class: wanted } },
      lock: { mode: 'GOVERNANCE', for: `P${(at % 10) + 1}Y` },
    };
  });
}

/** Reads the rules as a user's file would be read: written out as text, parsed, checked and compiled. */
export function policyOf(rules: readonly RuleFile[]): Policy {
  const settings = { maximum: 'P12Y', buffer: 'P6D', roundUp: 'day' };
  const parsed = parsePolicy(JSON.stringify({ version: 1, settings, rules }), { hash: '0'.repeat(64) });
  if (parsed.ok) return parsed.policy;
  throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
}
