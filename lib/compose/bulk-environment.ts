/** The variables that only the bulk functions read. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { parsePeriod } from '../policy/period.ts';

/** An empty text stands for nothing: serverless.yml has to write something. */
const optional = z
  .string()
  .optional()
  .transform((text) => (text === '' ? undefined : text));

const schema = z.object({
  /** `s3://bucket/prefix/of/a/configuration`, separated by commas; none means that nothing is planned. */
  HOLDFAST_INVENTORIES: z.string().default(''),
  HOLDFAST_COUNT_QUEUE_URL: z.url(),
  HOLDFAST_CHANGE_QUEUE_URL: z.url(),
  HOLDFAST_BATCH_ROLE: optional,
  HOLDFAST_BATCH_FUNCTION: optional,
  /** Who carries plans out: whichever suits, or jobs wherever they can, or never. */
  HOLDFAST_ENGINE: z.enum(['auto', 'batch', 'direct']),
  HOLDFAST_TOLERANCE: z.string().refine(isPeriod),
  HOLDFAST_MOST_VERSIONS: z.coerce.number().nonnegative(),
  HOLDFAST_MOST_USD: z.coerce.number().nonnegative(),
  /** In a hundred. */
  HOLDFAST_MOST_PERCENT: z.coerce.number().min(0).max(100),
  AWS_ENDPOINT_URL_S3_CONTROL: z.url().optional(),
});

export type BulkEnvironment = z.infer<typeof schema>;

/** @throws HoldfastError `bad-input` naming every variable that is missing or wrong; never its value. */
export function readBulkEnvironment(env: NodeJS.ProcessEnv): BulkEnvironment {
  const parsed = schema.safeParse(env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new HoldfastError('bad-input', {
    what: `the environment of the bulk functions is incomplete or wrong: ${names}`,
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
