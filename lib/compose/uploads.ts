/** The composition root of the upload path: the one place that knows both the ports and their adapters. */
import { randomUUID } from 'node:crypto';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Logger } from '@aws-lambda-powertools/logger';
import * as z from 'zod';
import { type MessageDeps } from '../app/deps.ts';
import { loadPolicy } from '../aws/load-policy.ts';
import { LoggerAuditLog } from '../aws/logger-audit-log.ts';
import { s3Client } from '../aws/s3-client.ts';
import { S3LockStore } from '../aws/s3-lock-store.ts';
import { SqsDelayQueue } from '../aws/sqs-delay-queue.ts';
import { systemClock } from '../aws/system-clock.ts';
import { HoldfastError } from '../errors.ts';
import { compileGlob } from '../policy/glob.ts';
import { providerNamed } from '../providers/index.ts';

/** The environment of the function, as serverless.yml sets it. */
const environment = z.object({
  HOLDFAST_POLICY: z.string().min(1),
  HOLDFAST_MAXIMUM: z.string().min(1),
  /** Bucket names or patterns, separated by commas. */
  HOLDFAST_BUCKETS: z.string().min(1),
  HOLDFAST_QUEUE_URL: z.url(),
  HOLDFAST_STORE: z.string().default('aws'),
  HOLDFAST_BUCKET_OWNER: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  AWS_ENDPOINT_URL_S3: z.url().optional(),
  AWS_LAMBDA_FUNCTION_NAME: z.string().default('on-object-event'),
});

/**
 * Builds what the upload function needs from its environment; called once per execution environment.
 *
 * @throws HoldfastError `bad-input` when a variable is missing or wrong, `bad-policy` when the policy is broken.
 */
export function composeUploads(env: NodeJS.ProcessEnv, logger: Logger): MessageDeps {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new HoldfastError('bad-input', {
      what: `the environment is incomplete: ${names}`,
      next: 'set these variables in serverless.yml',
    });
  }
  const settings = parsed.data;
  const endpoint = settings.AWS_ENDPOINT_URL_S3;
  const owner = settings.HOLDFAST_BUCKET_OWNER;
  const buckets = settings.HOLDFAST_BUCKETS.split(',').map((pattern) => compileGlob(pattern.trim()));
  return {
    store: new S3LockStore({
      client: s3Client(endpoint === undefined ? {} : { endpoint }),
      provider: providerNamed(settings.HOLDFAST_STORE),
      ...(owner !== undefined && { expectedBucketOwner: owner }),
    }),
    policy: loadPolicy(settings.HOLDFAST_POLICY, settings.HOLDFAST_MAXIMUM),
    audit: new LoggerAuditLog(logger),
    clock: systemClock,
    queue: new SqsDelayQueue(new SQSClient({}), settings.HOLDFAST_QUEUE_URL),
    actor: settings.AWS_LAMBDA_FUNCTION_NAME,
    newId: randomUUID,
    manages: (bucket) => buckets.some((matches) => matches(bucket)),
  };
}
