/** The conditions of a rule, compiled once into tests that answer yes, no, or "a fact is missing". */
import { formatInstant, instantOf, parseEndOfDay } from '../lock/instant.ts';
import { compileGlob } from './glob.ts';
import { type CostlyFact, type VersionFacts } from './facts.ts';
import { type ConditionsFile, type RuleFile, type TagConditionFile } from './schema.ts';

/** The facts an answer still needs; an empty verdict never occurs. */
export type Verdict = 'yes' | 'no' | CostlyFact;

export interface Condition {
  /** The condition as the policy states it, such as `prefix: invoices/`. */
  readonly text: string;
  test(version: VersionFacts): Verdict;
  /** What the version has instead, for the reader of an explanation. */
  seen(version: VersionFacts): string;
}

type Name = keyof ConditionsFile;

// Cheap conditions come first; those on facts that may cost a request come last.
const COMPILERS: { readonly [K in Name]: (wanted: NonNullable<ConditionsFile[K]>) => Condition[] } = {
  bucket: (pattern) => [onText('bucket', pattern, compileGlob(pattern), (version) => version.bucket)],
  prefix: (head) => [
    onText(
      'prefix',
      head,
      (key) => key.startsWith(head),
      (version) => version.key,
    ),
  ],
  suffix: (tail) => [
    onText(
      'suffix',
      tail,
      (key) => key.endsWith(tail),
      (version) => version.key,
    ),
  ],
  key: (pattern) => [onText('key', pattern, compileGlob(pattern), (version) => version.key)],
  created: ({ from, to }) => {
    const start = from === undefined ? instantOf(0) : parseEndOfDay(from) - 86_400_000;
    const end = to === undefined ? Number.POSITIVE_INFINITY : parseEndOfDay(to);
    return [
      {
        text: `created: ${from ?? '…'} to ${to ?? '…'}`,
        test: ({ created }) => answer(created >= start && created < end),
        seen: ({ created }) => `it was created ${formatInstant(created)}`,
      },
    ];
  },
  size: ({ atLeast = 0, atMost = Number.POSITIVE_INFINITY }) => [
    {
      text: `size: ${atLeast} to ${atMost === Number.POSITIVE_INFINITY ? '…' : atMost} bytes`,
      test: ({ size }) => (size === 'unknown' ? 'size' : answer(size >= atLeast && size <= atMost)),
      seen: ({ size }) => `its size is ${size}`,
    },
  ],
  tags: (wanted) => Object.entries(wanted).map(([key, condition]) => onTag(key, condition)),
};

const ORDER = ['bucket', 'prefix', 'suffix', 'key', 'created', 'size', 'tags'] as const;

/** Compiles the conditions of one rule, in the order in which they are tested. */
export function compileMatch(match: NonNullable<RuleFile['match']>): Condition[] {
  const { except, ...conditions } = match;
  const compiled = compileConditions(conditions);
  if (except !== undefined) compiled.push(exceptAny(except.map(compileConditions)));
  return compiled;
}

/** Whether all conditions hold: `no` as soon as one fails, even where another could not be tested. */
export function testAll(conditions: readonly Condition[], version: VersionFacts): Verdict {
  let missing: CostlyFact | undefined;
  for (const condition of conditions) {
    const verdict = condition.test(version);
    if (verdict === 'no') return 'no';
    if (verdict !== 'yes') missing ??= verdict;
  }
  return missing ?? 'yes';
}

function compileConditions(conditions: ConditionsFile): Condition[] {
  const compile = <K extends Name>(name: K, wanted: ConditionsFile[K]): Condition[] =>
    wanted === undefined ? [] : COMPILERS[name](wanted);
  return ORDER.flatMap((name) => compile(name, conditions[name]));
}

function exceptAny(blocks: readonly Condition[][]): Condition {
  const text = blocks.map((block) => block.map((condition) => condition.text).join(' and ')).join(', or ');
  return {
    text: `except: ${text}`,
    test(version) {
      let missing: CostlyFact | undefined;
      for (const block of blocks) {
        const verdict = testAll(block, version);
        if (verdict === 'yes') return 'no';
        if (verdict !== 'no') missing ??= verdict;
      }
      return missing ?? 'yes';
    },
    seen: () => 'it is one of the exceptions',
  };
}

function onText(
  name: string,
  wanted: string,
  holds: (text: string) => boolean,
  read: (version: VersionFacts) => string,
): Condition {
  return {
    text: `${name}: ${wanted}`,
    test: (version) => answer(holds(read(version))),
    seen: (version) => `its ${name === 'bucket' ? 'bucket' : 'key'} is ${JSON.stringify(read(version))}`,
  };
}

function onTag(key: string, wanted: TagConditionFile): Condition {
  const holds = tagTest(wanted);
  return {
    text: `tag ${key}: ${typeof wanted === 'string' ? wanted : JSON.stringify(wanted)}`,
    test: ({ tags }) => (tags === 'unknown' ? 'tags' : answer(holds(tags.get(key)))),
    seen: ({ tags }) => {
      const value = tags === 'unknown' ? undefined : tags.get(key);
      return value === undefined ? `it has no tag ${key}` : `its tag ${key} is ${JSON.stringify(value)}`;
    },
  };
}

function tagTest(wanted: TagConditionFile): (value: string | undefined) => boolean {
  if (typeof wanted === 'string') return (value) => value === wanted;
  if (Array.isArray(wanted)) return (value) => value !== undefined && wanted.includes(value);
  if ('glob' in wanted) {
    const matches = compileGlob(wanted.glob);
    return (value) => value !== undefined && matches(value);
  }
  return 'present' in wanted ? (value) => value !== undefined : (value) => value === undefined;
}

function answer(holds: boolean): Verdict {
  return holds ? 'yes' : 'no';
}
