/** The variables that only functions read which place or clear holds. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { parsePeriod } from '../policy/period.ts';

const schema = z.object({
  /** The table of the ledger; without one it is kept as objects in the audit bucket. */
  HOLDFAST_LEDGER_TABLE: z.string().default(''),
  HOLDFAST_HOLD_QUEUE_URL: z.url(),
  /** How long a function goes on believing a docket that it has read. */
  HOLDFAST_DOCKET_FRESH_SECONDS: z.coerce.number().min(1).max(300).default(10),
  /** How often every hold is looked at again. */
  HOLDFAST_RECONCILE_EVERY: z
    .string()
    .default('P1D')
    .transform((text, context) => {
      try {
        return parsePeriod(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'no period' });
        return z.NEVER;
      }
    }),
  AWS_ENDPOINT_URL_DYNAMODB: z.url().optional(),
});

export type HoldEnvironment = z.infer<typeof schema>;

/** @throws HoldfastError `bad-input` naming every variable that is missing or wrong; never its value. */
export function readHoldEnvironment(env: NodeJS.ProcessEnv): HoldEnvironment {
  return parsed(schema.safeParse(env), 'functions that place holds');
}

const apiSchema = z.object({
  HOLDFAST_TOKEN_ISSUER: z.url(),
  HOLDFAST_TOKEN_AUDIENCE: z.string().min(1),
  /** What stands before our scopes in tokens: Cognito writes `holdfast/matters:read`. */
  HOLDFAST_TOKEN_SCOPE_PREFIX: z.string().default(''),
  /** The groups of owners whose matters machines may see, separated by commas. */
  HOLDFAST_MACHINE_GROUPS: z.string().default(''),
});

export type ApiEnvironment = z.infer<typeof apiSchema>;

/** @throws HoldfastError as {@link readHoldEnvironment}. */
export function readApiEnvironment(env: NodeJS.ProcessEnv): ApiEnvironment {
  return parsed(apiSchema.safeParse(env), 'HTTP API');
}

function parsed<T>(result: z.ZodSafeParseResult<T>, whose: string): T {
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new HoldfastError('bad-input', {
    what: `the environment of the ${whose} is incomplete or wrong: ${names}`,
    next: 'set these variables in serverless.yml',
  });
}
