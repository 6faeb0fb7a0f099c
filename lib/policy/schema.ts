/** The shape of a policy file, as zod validates it and as `holdfast schema` publishes it. */
import * as z from 'zod';
import { dayExists } from '../lock/instant.ts';
import { PERIOD_PATTERN } from './period.ts';

const period = z
  .string({ error: 'a period is written as P7Y, P6M, P90D or 7y, 6mo, 12w, 90d' })
  .regex(new RegExp(`^(?:${PERIOD_PATTERN.replaceAll('^', '').replaceAll('$', '')})$`), {
    error: (issue) => badPeriod(String(issue.input)),
  })
  .refine(
    (text) =>
      /^P?[^T]*(?:T.+)?$/.test(text) &&
      !/\d{4,}Y|\d{5,}M|\d{6,}D|\d{5,}W|^\d{4,}y|^\d{5,}mo|^\d{5,}w|^\d{6,}d/.test(text),
    {
      error: (issue) => `${quoted(issue.input)} is longer than anything can be locked`,
    },
  )
  .refine((text) => text !== 'P' && !text.endsWith('T'), { error: (issue) => badPeriod(String(issue.input)) })
  .describe('A period: ISO 8601 (P7Y, P1Y6M, P90D) or short (7y, 6mo, 12w, 90d). 6m is refused.');

const day = z
  .string({ error: 'a day is written as 2031-12-31' })
  .refine((text) => text < '3000', { error: 'a day before the year 3000' })
  .refine(dayExists, {
    error: (issue) => `"${String(issue.input)}" is not a day of the calendar: write it as 2031-12-31`,
  })
  .describe('A day in UTC, such as 2031-12-31.');

const mode = z
  .enum(['GOVERNANCE', 'COMPLIANCE'], {
    error: (issue) => `${quoted(issue.input)} is not a mode: write GOVERNANCE or COMPLIANCE, in capitals`,
  })
  .describe('GOVERNANCE can be lifted by a special permission, COMPLIANCE by nobody.');

const text = z.string().min(1).max(1024);
const bytes = z.number().int().nonnegative();
const tagKey = z.string().min(1).max(128);
const ALWAYS = z.literal(true, { error: 'write true' });

const tagCondition = z.union(
  [
    z.string().max(256),
    z.array(z.string().max(256)).min(1),
    z.strictObject({ glob: text }),
    z.strictObject({ present: ALWAYS }),
    z.strictObject({ absent: ALWAYS }),
  ],
  {
    error:
      'a tag condition is a value in quotes, a list of values, { glob: x* }, { present: true } or { absent: true }',
  },
);

const conditions = {
  bucket: text.optional().describe('Bucket name; * matches any part of it.'),
  key: text.optional().describe('Key pattern: * stays within a segment, ** crosses /.'),
  prefix: text.optional().describe('What the key begins with.'),
  suffix: text.optional().describe('What the key ends with.'),
  size: z.strictObject({ atLeast: bytes.optional(), atMost: bytes.optional() }).optional().describe('Bytes.'),
  tags: z.record(tagKey, tagCondition).optional().describe('Each tag named must satisfy its condition.'),
  created: z
    .strictObject({ from: day.optional(), to: day.optional() })
    .optional()
    .describe('Days in UTC, both included.'),
};

/** Which versions are meant: all conditions must hold. */
export const matchSchema = z.strictObject({
  ...conditions,
  except: z
    .array(z.strictObject(conditions))
    .min(1)
    .optional()
    .describe('Versions that satisfy one of these are left out.'),
});

const tagPeriod = z.strictObject({
  tag: tagKey.describe('The tag whose value is a period.'),
  atMost: period.optional().describe('A longer value is refused and reported.'),
  otherwise: period.describe('The period where the tag is missing, unreadable, too long or too short.'),
});

const from = z.union(
  [
    z.literal('created'),
    z.strictObject({
      endOf: z.enum(['month', 'quarter', 'year'], { error: 'the end of a month, quarter or year' }),
    }),
    z.strictObject({ tag: tagKey, untilThen: z.literal('held') }),
    z.strictObject({ event: text }),
  ],
  {
    error:
      'a term starts from created, { endOf: year }, { tag: closed-on, untilThen: held } or { event: name }',
  },
);

const lock = z
  .strictObject({
    mode,
    for: z
      .union([period, tagPeriod], {
        error: 'a length is a period such as P7Y, or { tag: name, otherwise: P1Y }',
      })
      .optional()
      .describe('How long, counted from `from`.'),
    from: from.optional().describe('What the period counts from; created when left out.'),
    until: day.optional().describe('Locked to the end of this day.'),
    remaining: z
      .strictObject({ atLeast: period, extendTo: period })
      .optional()
      .describe('A rolling lock: never less than atLeast left; extended to extendTo when it would be.'),
    versions: z
      .enum(['all', 'current'], { error: 'versions is all or current' })
      .optional()
      .describe('current: only the latest version, while nothing hides it.'),
    buffer: period.optional().describe("Added to this rule's period in place of settings.buffer."),
  })
  .refine(
    (form) => [form.for, form.until, form.remaining].filter((part) => part !== undefined).length === 1,
    {
      error: 'a lock says exactly one of for, until or remaining',
    },
  )
  .refine((form) => form.from === undefined || form.for !== undefined, {
    error: '`from` needs `for`: it says where the period starts',
    path: ['from'],
  })
  .refine(
    ({ for: length, from: start }) =>
      typeof length !== 'object' || start === undefined || start === 'created' || 'endOf' in start,
    {
      error: 'a period taken from a tag counts from created or from the end of a month, quarter or year',
      path: ['from'],
    },
  );

const rule = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
    error: 'a rule name is 1 to 64 letters, digits, dots, hyphens or underscores',
  }),
  why: z.string().max(500).optional().describe('The reason, for the auditor.'),
  enforce: z
    .enum(['apply', 'observe'], { error: 'enforce is apply or observe' })
    .optional()
    .describe('observe: decide and record, write nothing.'),
  settle: period
    .optional()
    .describe('Wait this long after the upload (15 minutes at most) for tags to settle.'),
  match: matchSchema
    .optional()
    .describe('All conditions must hold; a rule without any covers every version.'),
  lock,
});

const settings = z.strictObject({
  maximum: period.optional().describe("The longest lock; may only lower the deployment's cap."),
  minimum: period.optional().describe('A shorter written period is an error.'),
  buffer: period.optional().describe('Added to every period.'),
  roundUp: z
    .enum(['second', 'day'], { error: 'roundUp is second or day' })
    .optional()
    .describe('day: dates end at a UTC midnight.'),
  onConflict: z.enum(['strongest', 'combine'], { error: 'onConflict is strongest or combine' }).optional(),
  unmatched: z
    .enum(['report', 'error'], { error: 'unmatched is report or error' })
    .optional()
    .describe('What a version is that no rule covers.'),
  passes: z
    .strictObject({ every: period.optional(), listingAge: period.optional(), runTime: period.optional() })
    .optional()
    .describe(
      'How often scheduled passes run, how old their listing may be, how long they take: rolling locks count on it.',
    ),
});

export const policySchema = z
  .strictObject(
    {
      version: z.literal(1, { error: 'this Holdfast reads version: 1' }),
      settings: settings.optional(),
      rules: z.array(rule).min(1, { error: 'a policy needs at least one rule' }),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type' ? 'a policy file holds version, settings and rules' : undefined,
    },
  )
  .meta({
    title: 'Holdfast policy',
    description: 'Which lock each S3 object version carries, and for how long.',
  });

export type PolicyFile = z.infer<typeof policySchema>;
export type RuleFile = PolicyFile['rules'][number];
export type SettingsFile = NonNullable<PolicyFile['settings']>;
export type ConditionsFile = Omit<NonNullable<RuleFile['match']>, 'except'>;
export type TagConditionFile = z.infer<typeof tagCondition>;

/** The JSON Schema of a policy file, for editors; draft 7 is what most of them know. */
export function policyJsonSchema(): object {
  return z.toJSONSchema(policySchema, { io: 'input', target: 'draft-7' });
}

/** The keys that the policy language has at a place of the file, such as `['rules', 0, 'lock']`. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let nodes: JsonSchema[] = [policyJsonSchema()];
  for (const part of path) nodes = nodes.flatMap(branches).flatMap((node) => child(node, part));
  return [...new Set(nodes.flatMap(branches).flatMap((node) => Object.keys(node.properties ?? {})))];
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

function branches(node: JsonSchema): JsonSchema[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(branches);
}

function child(node: JsonSchema, part: PropertyKey): JsonSchema[] {
  const next =
    typeof part === 'number' ? node.items : (node.properties?.[String(part)] ?? node.additionalProperties);
  return typeof next === 'object' ? [next] : [];
}

function quoted(input: unknown): string {
  return typeof input === 'string' ? JSON.stringify(input.slice(0, 60)) : `this ${typeof input}`;
}

function badPeriod(input: string): string {
  return /^\d+m$/.test(input)
    ? `"${input}" could be months or minutes: write ${input}o or P${input.toUpperCase()}`
    : `"${input.slice(0, 60)}" is not a period: write P7Y, P6M, P90D or 7y, 6mo, 12w, 90d`;
}
