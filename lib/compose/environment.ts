/** The environment of the functions, as serverless.yml sets it: parsed once, named when it is wrong. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { parsePeriod } from '../policy/period.ts';

const schema = z
  .object({
    /** The policy that came with the deployment, in force until the first activation. */
    HOLDFAST_POLICY: z.string().min(1),
    HOLDFAST_MAXIMUM: z.string().refine(isPeriod),
    HOLDFAST_ENFORCE: z.enum(['apply', 'observe']),
    /** Bucket names or patterns, separated by commas. */
    HOLDFAST_BUCKETS: z.string().refine(namesBuckets),
    HOLDFAST_QUEUE_URL: z.url(),
    HOLDFAST_CONFIG_BUCKET: z.string().min(3),
    HOLDFAST_AUDIT_BUCKET: z.string().min(3),
    HOLDFAST_AUDIT_LOG_GROUP: z.string().min(1),
    HOLDFAST_BREAKER_VERSIONS: z.coerce.number().int().positive(),
    HOLDFAST_BREAKER_BYTES: z.coerce.number().int().positive(),
    HOLDFAST_BUCKET_OWNER: z
      .string()
      .regex(/^\d{12}$/)
      .optional(),
    /** What kind of store the managed buckets are in; and where it is, when it is not the S3 of this account. */
    HOLDFAST_STORE: z.string().default('aws'),
    HOLDFAST_STORE_ENDPOINT: z.url().optional(),
    HOLDFAST_STORE_REGION: z.string().optional(),
    HOLDFAST_STORE_ACCESS_KEY_ID: z.string().optional(),
    HOLDFAST_STORE_SECRET_ACCESS_KEY: z.string().optional(),
    AWS_ENDPOINT_URL_S3: z.url().optional(),
    AWS_LAMBDA_FUNCTION_NAME: z.string().default('holdfast'),
  })
  .refine(
    (env) =>
      (env.HOLDFAST_STORE_ACCESS_KEY_ID === undefined) ===
      (env.HOLDFAST_STORE_SECRET_ACCESS_KEY === undefined),
    {
      error: 'half a pair of credentials',
      path: ['HOLDFAST_STORE_SECRET_ACCESS_KEY'],
    },
  );

export type Environment = z.infer<typeof schema>;

/** @throws HoldfastError `bad-input` naming every variable that is missing or wrong; never its value. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new HoldfastError('bad-input', {
    what: `the environment is incomplete or wrong: ${names}`,
    next: 'set these variables in serverless.yml',
  });
}

function isPeriod(text: string): boolean {
  try {
    parsePeriod(text);
    return true;
  } catch {
    return false;
  }
}

/** At least one name, and not the one that stands in serverless.yml to be replaced. */
function namesBuckets(text: string): boolean {
  const names = text.split(',').map((name) => name.trim());
  return names.every((name) => name !== '' && name !== 'replace-with-your-bucket');
}
