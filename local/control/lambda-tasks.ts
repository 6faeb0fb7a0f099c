/** The tasks of LambdaInvoke jobs: what the function is sent, and what its answer means. */
import { randomUUID } from 'node:crypto';
import { escapeKey } from '../csv.ts';
import type { Operation } from './operation-node.ts';
import { failure, type Result, success } from './result.ts';
import type { Task } from './types.ts';

export type LambdaOperation = Extract<Operation, { readonly name: 'LambdaInvoke' }>;

interface Call {
  readonly jobId: string;
  readonly operation: LambdaOperation;
  readonly invoke: (functionArn: string, payload: unknown) => Promise<unknown>;
  readonly attempts: number;
}

const CODES = ['Succeeded', 'TemporaryFailure', 'PermanentFailure'] as const;

interface Outcome {
  readonly code: (typeof CODES)[number];
  readonly text: string;
}

/** Hands tasks to the function in one call; those that failed for the moment are sent again. */
export async function invokeTasks(call: Call, tasks: readonly Task[]): Promise<Result[]> {
  const outcomes = await outcomesOf(call, tasks);
  const again = tasks.filter((_, index) => outcomes[index]?.code === 'TemporaryFailure');
  const isLast = call.attempts <= 1 || again.length === 0;
  const done = tasks.flatMap((task, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined || (outcome.code === 'TemporaryFailure' && !isLast)) return [];
    return [resultOf(task, outcome)];
  });
  return isLast ? done : [...done, ...(await invokeTasks({ ...call, attempts: call.attempts - 1 }, again))];
}

const resultOf = (task: Task, { code, text }: Outcome): Result =>
  code === 'Succeeded' ? success(task, text) : failure(task, code, 200, text);

/** One outcome for each task. */
async function outcomesOf(call: Call, tasks: readonly Task[]): Promise<Outcome[]> {
  const payload = payloadOf(call, tasks);
  let answer: unknown;
  try {
    answer = await call.invoke(call.operation.functionArn, payload);
  } catch (error) {
    const errorMessage = error instanceof Error ? error.message : String(error);
    const text = `Lambda returned function error: ${JSON.stringify({ errorMessage })}`;
    return tasks.map(() => ({ code: 'PermanentFailure', text }));
  }
  return payload.tasks.map(({ taskId }) => outcomeOf(answer, payload, taskId));
}

type Payload = ReturnType<typeof payloadOf>;

function payloadOf({ jobId, operation }: Call, tasks: readonly Task[]) {
  const { schema, userArguments } = operation;
  return {
    invocationSchemaVersion: schema,
    invocationId: Buffer.from(randomUUID()).toString('base64'),
    job: { id: jobId, ...(userArguments && { userArguments }) },
    tasks: tasks.map(({ bucket, key, versionId }) => ({
      taskId: Buffer.from(randomUUID()).toString('base64'),
      s3Key: escapeKey(key),
      s3VersionId: versionId ?? null,
      // The second schema names the bucket, the first has its ARN.
      ...(schema === '1.0' ? { s3BucketArn: `arn:aws:s3:::${bucket}` } : { s3Bucket: bucket }),
    })),
  };
}

function outcomeOf(answer: unknown, payload: Payload, taskId: string): Outcome {
  const { results, invocationId, invocationSchemaVersion, treatMissingKeysAs } = fieldsOf(answer);
  if (
    !Array.isArray(results) ||
    invocationId !== payload.invocationId ||
    invocationSchemaVersion !== payload.invocationSchemaVersion
  )
    return { code: 'PermanentFailure', text: 'The function did not answer as S3 Batch Operations asks for.' };
  const result = results.map(fieldsOf).find((each) => each.taskId === taskId);
  if (result === undefined) {
    const text = 'The function returned no result for the task.';
    return { code: codeOf(treatMissingKeysAs) ?? 'TemporaryFailure', text };
  }
  const code = codeOf(result.resultCode);
  if (code === undefined) return { code: 'PermanentFailure', text: 'The resultCode is none of the known.' };
  return { code, text: typeof result.resultString === 'string' ? result.resultString : '' };
}

const codeOf = (code: unknown): Outcome['code'] | undefined => CODES.find((each) => each === code);

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
