/** What a bucket policy says of the two permissions that undo locks: who is let in, and who is kept out. */
import * as z from 'zod';

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

const statementSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), texts)]).optional(),
  NotPrincipal: z.unknown().optional(),
  Action: texts.optional(),
  NotAction: z.unknown().optional(),
  Resource: texts.optional(),
  NotResource: z.unknown().optional(),
  Condition: z.unknown().optional(),
});

const policySchema = z.object({
  Statement: z.union([statementSchema, z.array(statementSchema)]).transform((value) => [value].flat()),
});

type Statement = z.infer<typeof statementSchema>;

export interface PolicyVerdict {
  /** Nobody may do it, whatever else they are allowed. */
  readonly deniedToAll: boolean;
  /** Who is let in by the policy. */
  readonly allowedTo: readonly string[];
}

/**
 * What a policy says of an action on the versions of a bucket; undefined where that cannot be told.
 *
 * In doubt nothing is denied and somebody is let in: a denial counts only for all keys, to everybody, without
 * conditions; a permission wherever it may reach. Statements turned inside out (NotAction and its like) deny
 * nothing for sure, and where they allow, nothing can be told.
 */
export function verdictOn(
  action: string,
  policy: string | undefined,
  bucket: string,
): PolicyVerdict | undefined {
  if (policy === undefined) return { deniedToAll: false, allowedTo: [] };
  const statements = parse(policy);
  if (statements === undefined) return undefined;
  const allowing = statements.filter(({ Effect }) => Effect === 'Allow');
  if (allowing.some(isInsideOut)) return undefined;
  return {
    deniedToAll: statements.some((statement) => deniesToAll(statement, action, bucket)),
    allowedTo: [...new Set(allowing.flatMap((statement) => allowedBy(statement, action, bucket)))],
  };
}

/**
 * To whom a policy keeps an action, by denying it to everybody else; undefined where it does not.
 *
 * @param only - a condition that may narrow the denial to what matters, such as taking holds off.
 */
export function keptTo(
  action: string,
  policy: string | undefined,
  bucket: string,
  only: Readonly<Record<string, string>> = {},
): readonly string[] | undefined {
  for (const statement of (policy === undefined ? undefined : parse(policy)) ?? []) {
    const { Condition, ...plain } = statement;
    if (!deniesToAll(plain, action, bucket)) continue;
    const parsed = conditionSchema.safeParse(Condition ?? {});
    const excepted = parsed.success ? exceptedIn(parsed.data, only) : undefined;
    if (excepted !== undefined) return excepted;
  }
  return undefined;
}

const conditionSchema = z.record(z.string(), z.record(z.string(), texts));
/** Operators that leave principals out of a denial. */
const EXCEPTING = new Set(['ArnNotEquals', 'ArnNotLike', 'StringNotEquals', 'StringNotLike']);

/** The principals that a condition leaves out; undefined where it leaves out more than principals. */
function exceptedIn(
  condition: z.infer<typeof conditionSchema>,
  only: Readonly<Record<string, string>>,
): readonly string[] | undefined {
  const excepted: string[] = [];
  for (const [operator, keys] of Object.entries(condition)) {
    for (const [key, values] of Object.entries(keys)) {
      const isNarrowing = operator === 'StringEquals' && values.length === 1 && values[0] === only[key];
      if (isNarrowing) continue;
      if (!EXCEPTING.has(operator) || key.toLowerCase() !== 'aws:principalarn') return undefined;
      excepted.push(...values);
    }
  }
  return excepted;
}

function parse(policy: string): readonly Statement[] | undefined {
  try {
    const parsed = policySchema.safeParse(JSON.parse(policy));
    return parsed.success ? parsed.data.Statement : undefined;
  } catch {
    return undefined;
  }
}

const isInsideOut = ({ NotPrincipal, NotAction, NotResource }: Statement): boolean =>
  NotPrincipal !== undefined || NotAction !== undefined || NotResource !== undefined;

function deniesToAll(statement: Statement, action: string, bucket: string): boolean {
  const { Effect, Principal, Condition, Resource = [] } = statement;
  const isPlain = Effect === 'Deny' && Condition === undefined && !isInsideOut(statement);
  const isForAll = Principal === '*' || (Principal !== undefined && (Principal.AWS ?? []).includes('*'));
  return (
    isPlain && isForAll && names(statement, action) && Resource.some((each) => coversAllKeys(each, bucket))
  );
}

function allowedBy(statement: Statement, action: string, bucket: string): readonly string[] {
  const { Principal, Resource = [] } = statement;
  if (!names(statement, action) || !Resource.some((each) => mayReach(each, bucket))) return [];
  if (Principal === undefined) return ['somebody'];
  return Principal === '*' ? ['*'] : Object.values(Principal).flat();
}

const names = ({ Action = [] }: Statement, action: string): boolean =>
  Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()));

/** The part of a resource after the partition: `bucket/keys`, or undefined for what is not S3. */
const placeOf = (resource: string): string | undefined =>
  resource === '*' ? '*' : /^arn:[^:]*:s3:[^:]*:[^:]*:(.*)$/s.exec(resource)?.[1];

/** Whether every key is meant: one star at the end, and before it nothing but the beginning of the bucket's name. */
function coversAllKeys(resource: string, bucket: string): boolean {
  const place = placeOf(resource);
  if (place?.endsWith('*') !== true) return false;
  const head = place.slice(0, -1);
  return !/[*?]/.test(head) && `${bucket}/`.startsWith(head);
}

/** Whether any key of the bucket may be meant. */
function mayReach(resource: string, bucket: string): boolean {
  const place = placeOf(resource);
  // Locks are on keys: the bucket alone is not one.
  if (place === undefined || !/[/*]/.test(place)) return false;
  const slash = place.indexOf('/');
  const name = slash < 0 ? place : place.slice(0, slash);
  // A star before the slash may stand for the slash as well.
  return matches(name, bucket) || (name.includes('*') && matches(`${name}*`, bucket));
}

/** Whether a pattern with `*` and `?` covers a text, in which `*` stands for itself. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
