/** What a bucket policy says of the two permissions that undo locks: who is let in, and who is kept out. */
import * as z from 'zod';

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

const statementSchema = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), texts)]).optional(),
  Action: texts.optional(),
  Resource: texts.optional(),
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
 * What a policy says of an action on the versions of a bucket; undefined where the policy cannot be read.
 * A statement with conditions denies nothing for sure, and lets somebody in.
 */
export function verdictOn(
  action: string,
  policy: string | undefined,
  bucket: string,
): PolicyVerdict | undefined {
  if (policy === undefined) return { deniedToAll: false, allowedTo: [] };
  const statements = parse(policy)?.filter((statement) => concerns(statement, action, bucket));
  if (statements === undefined) return undefined;
  return {
    deniedToAll: statements.some((statement) => statement.Effect === 'Deny' && isForAll(statement)),
    allowedTo: [
      ...new Set(
        statements.filter(({ Effect }) => Effect === 'Allow').flatMap((statement) => principalsOf(statement)),
      ),
    ],
  };
}

function parse(policy: string): readonly Statement[] | undefined {
  try {
    const parsed = policySchema.safeParse(JSON.parse(policy));
    return parsed.success ? parsed.data.Statement : undefined;
  } catch {
    return undefined;
  }
}

function concerns(
  { Effect, Action = [], Resource = [] }: Statement,
  action: string,
  bucket: string,
): boolean {
  const whole = `arn:aws:s3:::${bucket}/*`;
  // A denial counts where it covers every key; a permission wherever it covers any.
  const covers = (resource: string): boolean =>
    Effect === 'Deny'
      ? matches(resource, whole)
      : matches(resource, whole) || resource.startsWith(`arn:aws:s3:::${bucket}/`);
  return (
    Action.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) && Resource.some(covers)
  );
}

const isForAll = ({ Principal, Condition }: Statement): boolean =>
  Condition === undefined && Principal !== undefined && principals(Principal).includes('*');

const principalsOf = ({ Principal }: Statement): readonly string[] =>
  Principal === undefined ? ['somebody'] : principals(Principal);

const principals = (principal: NonNullable<Statement['Principal']>): readonly string[] =>
  principal === '*' ? ['*'] : Object.values(principal).flat();

/** Whether a pattern with `*` and `?` covers a text, in which `*` stands for itself. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
