/** The invocations of S3 Batch Operations, in both of their schemas. */
import * as z from 'zod';

const task = z.object({
  taskId: z.string(),
  s3Key: z.string(),
  s3VersionId: z.string().nullish(),
  s3Bucket: z.string().optional(),
  s3BucketArn: z.string().optional(),
});

const schema = z.object({
  invocationSchemaVersion: z.enum(['1.0', '2.0']),
  invocationId: z.string(),
  job: z.object({ id: z.string(), userArguments: z.record(z.string(), z.string()).nullish() }),
  tasks: z.array(task),
});

export interface BatchTask {
  readonly taskId: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

export interface BatchInvocation {
  readonly schemaVersion: '1.0' | '2.0';
  readonly invocationId: string;
  readonly job: string;
  readonly userArguments: Readonly<Record<string, string>>;
  /** A task that names no version, or whose key cannot be read, says why. */
  readonly tasks: readonly (BatchTask | { readonly taskId: string; readonly fault: string })[];
}

/** @throws ZodError for what is no such invocation. */
export function parseBatchInvocation(event: unknown): BatchInvocation {
  const { invocationSchemaVersion, invocationId, job, tasks } = schema.parse(event);
  return {
    schemaVersion: invocationSchemaVersion,
    invocationId,
    job: job.id,
    userArguments: job.userArguments ?? {},
    tasks: tasks.map(taskOf),
  };
}

function taskOf({
  taskId,
  s3Key,
  s3VersionId,
  s3Bucket,
  s3BucketArn,
}: z.infer<typeof task>): BatchInvocation['tasks'][number] {
  // 1.0 names the ARN of the bucket, 2.0 its name.
  const bucket = s3Bucket ?? s3BucketArn?.replace(/^arn:aws[a-z-]*:s3:::/, '');
  const key = decoded(s3Key);
  if (bucket === undefined || bucket === '') return { taskId, fault: 'the task names no bucket' };
  if (key === undefined) return { taskId, fault: 'its key is not well encoded' };
  // Whatever is current when the task runs need not be what was planned.
  if (s3VersionId === undefined || s3VersionId === null || s3VersionId === '')
    return { taskId, fault: 'the task names no version' };
  return { taskId, bucket, key, versionId: s3VersionId };
}

/** Keys come encoded as in forms: a plus is a space. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
