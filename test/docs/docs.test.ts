/** The documentation is true: its policies validate, its cases pass, its commands print what it says. */
import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { formatInstant, parseInstant } from '../../lib/lock/instant.ts';
import { casesSchema, type CaseResult, runCase } from '../../lib/policy/cases.ts';
import { type Policy } from '../../lib/policy/compile.ts';
import { parsePolicy } from '../../lib/policy/parse.ts';
import { addPeriod, parsePeriod } from '../../lib/policy/period.ts';
import { keysAt } from '../../lib/policy/schema.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'docs/examples');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const POLICY_MD = read('docs/POLICY.md');
const README_MD = read('README.md');

interface Block {
  /** The name after the language, such as `policy.yaml`. */
  readonly name: string | undefined;
  readonly text: string;
}

function blocksOf(markdown: string, language: string): Block[] {
  const fences = markdown.matchAll(new RegExp(`^\`\`\`${language}(?: (\\S+))?\\n([^]*?)^\`\`\``, 'gm'));
  return Array.from(fences, ([, name, text = '']) => ({ name, text }));
}

const serverless = parse(read('serverless.yml'), { logLevel: 'error' }) as {
  readonly params: { readonly default: { readonly maximum: string } };
  readonly resources: { readonly Resources: Readonly<Record<string, Resource>> };
};

interface Resource {
  readonly Type: string;
  readonly Properties: { readonly Policies?: readonly { readonly PolicyDocument: PolicyDocument }[] };
}

interface PolicyDocument {
  readonly Statement: readonly {
    readonly Action: string | readonly string[];
    readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  }[];
}

/** The faults of a policy under the deployment's cap; warnings are none. */
function faultsOf(text: string): string[] {
  const parsed = parsePolicy(text, { hash: '', maximum: serverless.params.default.maximum });
  return parsed.ok ? [] : parsed.problems.map(({ line, message }) => `${line}: ${message}`);
}

function policyOf(text: string): Policy {
  const parsed = parsePolicy(text, { hash: '', maximum: serverless.params.default.maximum });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  return parsed.policy;
}

describe('policies in the pages', () => {
  const policies = [
    ['docs/POLICY.md', POLICY_MD],
    ['README.md', README_MD],
  ].flatMap(([page = '', markdown = '']) =>
    blocksOf(markdown, 'ya?ml')
      .filter(({ text }) => text.startsWith('version: 1\n'))
      .map(({ text }, at) => [`${page}, policy ${at + 1}`, text] as const),
  );

  it('are found', () => {
    expect(policies.length).toBeGreaterThan(1);
  });

  it.each(policies)('%s is valid', (_, text) => {
    expect(faultsOf(text)).toStrictEqual([]);
  });
});

describe('the examples', () => {
  const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml'));
  const policies = files.filter((file) => !file.endsWith('.cases.yaml'));
  const cases = files.filter((file) => file.endsWith('.cases.yaml'));
  const run = (file: string): CaseResult[] => {
    const parsed = casesSchema.parse(parse(read(`docs/examples/${file}`)));
    const policy = policyOf(read(`docs/examples/${parsed.policy ?? ''}`));
    return parsed.cases.map((one) => runCase(policy, one, parseInstant(parsed.now ?? '')));
  };

  it.each(policies)('%s is valid', (file) => {
    expect(faultsOf(read(`docs/examples/${file}`))).toStrictEqual([]);
  });

  it.each(policies.filter((file) => file !== 'starter.yaml'))('%s has a file of cases', (file) => {
    expect(cases).toContain(file.replace('.yaml', '.cases.yaml'));
  });

  it.each(cases)('%s passes', (file) => {
    expect(
      run(file).flatMap(({ name, differences }) => differences.map((line) => `${name}: ${line}`)),
    ).toStrictEqual([]);
  });

  it.each(cases)('%s covers every rule and every exception', (file) => {
    const seen = run(file).flatMap(({ explanation }) => explanation.rules);
    const { rules } = policyOf(read(`docs/examples/${file.replace('.cases', '')}`));
    const uncovered = rules.flatMap(({ name, match }) => {
      const verdicts = seen.filter(({ rule }) => rule === name);
      const excepted = verdicts.some(
        (one) => one.verdict === 'not-matched' && one.failed.startsWith('except'),
      );
      return [
        ...(verdicts.some(({ verdict }) => verdict === 'matched') ? [] : [name]),
        ...(match.except === undefined || excepted ? [] : [`${name}: except`]),
      ];
    });

    expect(uncovered).toStrictEqual([]);
  });
});

describe('docs/POLICY.md', () => {
  it.each([
    ['settings', ['settings']],
    ['settings.passes', ['settings', 'passes']],
    ['a rule', ['rules', 0]],
    ['match', ['rules', 0, 'match']],
    ['lock', ['rules', 0, 'lock']],
    ['for', ['rules', 0, 'lock', 'for']],
    ['from', ['rules', 0, 'lock', 'from']],
    ['remaining', ['rules', 0, 'lock', 'remaining']],
  ])('names every key of %s', (_, path) => {
    const keys = keysAt(path);

    expect(keys).not.toStrictEqual([]);
    expect(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(POLICY_MD))).toStrictEqual([]);
  });

  const sums = Array.from(POLICY_MD.matchAll(/^\| (\S+Z) \| (P\w+) \| (\S+Z) \|$/gm), ([, ...row]) => row);

  it.each(sums)('%s + %s = %s', (start = '', period = '', end) => {
    expect(formatInstant(addPeriod(parseInstant(start), parsePeriod(period)))).toBe(end);
  });

  it('shows how the calendar is counted', () => {
    expect(sums.length).toBeGreaterThan(3);
  });
});

describe.each([
  ['docs/POLICY.md', POLICY_MD],
  ['docs/RULES-BY-LAW.md', read('docs/RULES-BY-LAW.md')],
])('the commands in %s', (_page, markdown) => {
  // `explain` needs a store, and a redirection a shell.
  const commands = blocksOf(markdown, 'console')
    .flatMap(({ text }) => text.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = '', ...lines] = text.trimEnd().split('\n');
      return [command, lines.join('\n')] as const;
    })
    .filter(([command]) => !/ explain | > /.test(command));

  it('are found', () => {
    expect(commands.length).toBeGreaterThan(2);
  });

  it.each(commands)('$ %s', async (command, shown) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-docs-'));
    cpSync(EXAMPLES, join(folder, 'docs/examples'), { recursive: true });
    for (const { name, text } of blocksOf(markdown, 'yaml')) {
      if (name !== undefined) writeFileSync(join(folder, name), text);
    }

    expect(await outputOf(command.split(' ').slice(1), folder)).toBe(shown);
  });
});

describe('docs/RULES-BY-LAW.md', () => {
  const page = read('docs/RULES-BY-LAW.md');
  const counts = Array.from(page.matchAll(/\[(\d+) cases\]\(examples\/(\S+)\)/g), ([, count, file = '']) => ({
    file,
    count: Number(count),
  }));

  it('says first that it is no legal advice', () => {
    expect(page.split('\n')[2]).toMatch(/engineering, not legal advice/);
  });

  it('counts its cases right', () => {
    const counted = counts.map(({ file }) => ({
      file,
      count: casesSchema.parse(parse(read(`docs/examples/${file}`))).cases.length,
    }));

    expect(counts.length).toBeGreaterThan(3);
    expect(counts).toStrictEqual(counted);
  });
});

/** What a command prints, its errors included. */
async function outputOf(args: readonly string[], cwd: string): Promise<string> {
  const env = { PATH: process.env.PATH ?? '' };
  return new Promise((done) => {
    execFile(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], { cwd, env }, (_, out, err) => {
      done(`${out}${err}`.trimEnd());
    });
  });
}

describe('docs/IAM.md', () => {
  const statements = Object.values(serverless.resources.Resources)
    .filter(({ Type }) => Type === 'AWS::IAM::Role')
    .flatMap(({ Properties }) => Properties.Policies ?? [])
    .flatMap(({ PolicyDocument: { Statement } }) => Statement);
  const granted = new Set(statements.flatMap(({ Action }) => Action));
  const conditionKeys = new Set(
    statements.flatMap(({ Condition = {} }) => Object.values(Condition).flatMap((keys) => Object.keys(keys))),
  );
  const sections = read('docs/IAM.md').split(/^(?=## )/m);
  const namedIn = (sectionTexts: readonly string[]): string[] => [
    ...new Set(sectionTexts.join('').match(/\b[a-z0-9]+:[A-Za-z][A-Za-z-]+\b/g) ?? []),
  ];
  const isAbsence = (section: string): boolean => section.startsWith('## What is deliberately absent');

  it('is compared with a role', () => {
    expect(granted.size).toBeGreaterThan(5);
    expect(sections.filter(isAbsence)).toHaveLength(1);
  });

  it('names every permission and every condition of the role where it says what the role may do', () => {
    const named = namedIn(
      sections.filter((section) => /^## (What the deployed|The conditions)/.test(section)),
    );

    expect([...granted, ...conditionKeys].filter((key) => !named.includes(key))).toStrictEqual([]);
  });

  it('names no other permission outside of the section on what is absent', () => {
    const named = namedIn(sections.filter((section) => !isAbsence(section)));

    expect(named.filter((key) => !granted.has(key) && !conditionKeys.has(key))).toStrictEqual([]);
  });

  it('calls nothing absent that the role has', () => {
    expect(namedIn(sections.filter(isAbsence)).filter((key) => granted.has(key))).toStrictEqual([]);
  });
});
