/** Values that a JSON schema allows, more or less, and ways to break them. */
import { type Random } from './random.ts';

export type Schema = Readonly<Record<string, unknown>>;
type Schemas = Readonly<Record<string, Schema>>;

/** Where a schema has a pattern, one of these probably matches it. */
const WORDS = [
  'case-files',
  'bucket-a',
  'a',
  'm-1',
  'run-0123456789abcdef',
  'customers/4711/letter.pdf',
  'One line of text',
  'P1Y',
  '2026-11-20T09:00:00Z',
  '2031-12-31',
  'aaa',
  'key-1',
  '0',
  '\u00e4\u00f6\u00fc',
  'null',
];

/** Characters that break what does not expect them. */
const CHARACTERS = [
  'a',
  'b',
  '/',
  '.',
  '..',
  '*',
  '**',
  '"',
  "'",
  '\\',
  '<',
  '>',
  '&',
  '%',
  '%00',
  '\u0000',
  '\u0007',
  '\n',
  '\r\n',
  '\t',
  ',',
  '\u00e9',
  '\u0301',
  '\u200b',
  '\u202e',
  '\ufeff',
  '\ufffd',
  '\uffff',
  '\ud800',
  '\udc00',
  '\u{1f4a5}',
  '${x}',
  '{{x}}',
  ' ',
];

export function textOf(random: Random, most: number): string {
  const plain = random.chance(0.5);
  return Array.from({ length: random.below(most + 1) }, () =>
    plain ? 'abc/-'.charAt(random.below(5)) : random.pick(CHARACTERS),
  ).join('');
}

export function sample(schema: Schema, schemas: Schemas, random: Random): unknown {
  const { $ref, anyOf, oneOf, type } = schema;
  if (typeof $ref === 'string')
    return sample(schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {}, schemas, random);
  const branches = anyOf ?? oneOf;
  if (Array.isArray(branches)) return sample(random.pick(branches as Schema[]), schemas, random);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return random.pick(schema.enum as unknown[]);
  switch (Array.isArray(type) ? random.pick(type as unknown[]) : type) {
    case 'object':
      return objectOf(schema, schemas, random);
    case 'array': {
      const least = number(schema.minItems, 0);
      const length = random.chance(0.05) ? number(schema.maxItems, 100) + 1 : least + random.below(3);
      return Array.from({ length }, () => sample((schema.items ?? {}) as Schema, schemas, random));
    }
    case 'integer':
    case 'number': {
      const least = number(schema.minimum, -5);
      return Math.min(least + random.below(100), number(schema.maximum, 1_000_000));
    }
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    default:
      return stringOf(schema, random);
  }
}

function objectOf(schema: Schema, schemas: Schemas, random: Random): object {
  const required = new Set((schema.required ?? []) as string[]);
  const members = Object.entries((schema.properties ?? {}) as Schemas).filter(
    ([name]) => required.has(name) || random.chance(0.3),
  );
  const { additionalProperties: more } = schema;
  const extra =
    typeof more === 'object' && more !== null ? [[textOf(random, 5) || 'tag', more as Schema] as const] : [];
  return Object.fromEntries([...members, ...extra].map(([name, of]) => [name, sample(of, schemas, random)]));
}

function stringOf({ pattern, format, minLength, maxLength }: Schema, random: Random): string {
  const expression = typeof pattern === 'string' ? new RegExp(pattern, 'u') : /(?:)/;
  const words = WORDS.filter(
    (word) => expression.test(word) && (format !== 'date-time' || word.includes('T09')),
  );
  if (words.length > 0 && random.chance(0.7)) return random.pick(words);
  const text = textOf(random, Math.min(number(maxLength, 50), 50));
  return text.padEnd(number(minLength, 0), 'a');
}

const number = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);

const WRONG: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  '',
  '\ud800',
  '\u0000',
  [],
  {},
  [[]],
  'x'.repeat(3_000),
  '../../etc/passwd',
  [null],
  { a: 1 },
];

const NAMES = [
  'extra',
  '__proto__',
  'constructor',
  'toString',
  '',
  'length',
  '\ud800',
  '\u0000',
  'a'.repeat(500),
  'selector',
  'versions',
];

/** The same value with one place of it made wrong: of another type, missing, too deep, or with more than belongs there. */
export function broken(value: unknown, random: Random): unknown {
  if (typeof value === 'object' && value !== null && random.chance(0.7)) {
    const entries = Object.entries(value);
    if (Array.isArray(value)) {
      const at = random.below(value.length + 1);
      return value.map((one: unknown, index) => (index === at ? broken(one, random) : one));
    }
    if (entries.length > 0 && random.chance(0.7)) {
      const at = random.below(entries.length);
      const isLost = random.chance(0.25);
      return Object.fromEntries(
        entries.flatMap(([name, one], index) => {
          if (index !== at) return [[name, one]];
          return isLost ? [] : [[name, broken(one, random)]];
        }),
      );
    }
    return Object.fromEntries([...entries, [random.pick(NAMES), random.pick(WRONG)]]);
  }
  if (random.chance(0.1)) return nested(value, random.below(3_000));
  return random.chance(0.2) ? textOf(random, 1_500) : random.pick(WRONG);
}

function nested(value: unknown, depth: number): unknown {
  let outer = value;
  for (let level = 0; level < depth; level += 1) outer = level % 2 === 0 ? [outer] : { a: outer };
  return outer;
}

/** Now and then a body of up to 300 kB: one long text, many brackets, or many members. */
export function hugeOr(random: Random, body: string): string {
  if (!random.chance(0.08)) return body;
  const size = random.below(300_000);
  switch (random.below(4)) {
    case 0:
      return JSON.stringify({ title: 'a'.repeat(size), reason: 'b' });
    case 1:
      return '['.repeat(size) + ']'.repeat(size);
    case 2:
      return `{${Array.from({ length: size / 10 }, (_, at) => `"m${at}":0`).join(',')}}`;
    default:
      return JSON.stringify({
        scope: { versions: Array.from({ length: size / 10 }, () => ({ bucket: 1 })) },
      });
  }
}
