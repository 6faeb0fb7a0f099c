/** The tasks of S3PutObjectRetention and S3PutObjectLegalHold jobs, done as the role of the job. */
import {
  GetObjectLockConfigurationCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { JobError } from './errors.ts';
import type { Operation } from './operation-node.ts';
import { failure, type Result, success } from './result.ts';
import type { Task } from './types.ts';

export type PutOperation = Exclude<Operation, { readonly name: 'LambdaInvoke' }>;

/** Fails the job unless its bucket has Object Lock, before it has touched anything. */
export async function requireLock(s3: S3Client, Bucket: string): Promise<void> {
  try {
    const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
    if (ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled') return;
  } catch (error) {
    throw new JobError('ObjectLockNotEnabled', `The Object Lock of ${Bucket} is not there: ${String(error)}`);
  }
  throw new JobError('ObjectLockNotEnabled', `${Bucket} has no Object Lock.`);
}

/** Does one task; what S3 says for the moment only is tried again. */
export async function putTask(
  s3: S3Client,
  operation: PutOperation,
  task: Task,
  attempts: number,
): Promise<Result> {
  try {
    await put(s3, operation, task);
    return success(task, 'Successful');
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const http = error.$metadata.httpStatusCode ?? 0;
    if (attempts > 1 && (http >= 500 || http === 429)) return putTask(s3, operation, task, attempts - 1);
    const { requestId = '' } = error.$metadata;
    const place = `Service: Amazon S3, Status Code: ${http}, Request ID: ${requestId}`;
    return failure(task, error.name, http, `${error.message} (${place})`);
  }
}

async function put(s3: S3Client, operation: PutOperation, task: Task): Promise<void> {
  const target = { Bucket: task.bucket, Key: task.key, VersionId: task.versionId };
  if (operation.name === 'S3PutObjectLegalHold') {
    const LegalHold = { Status: operation.status };
    await s3.send(new PutObjectLegalHoldCommand({ ...target, LegalHold }));
    return;
  }
  const { retention, bypass } = operation;
  await s3.send(
    new PutObjectRetentionCommand({
      ...target,
      // Neither mode nor date is documented to mean: remove it.
      Retention: retention === undefined ? {} : { Mode: retention.mode, RetainUntilDate: retention.until },
      ...(bypass && { BypassGovernanceRetention: true }),
    }),
  );
}
