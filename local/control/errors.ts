/** What S3 Control answers when it refuses, by the names of its own model. */
import { S3Error } from '../s3/errors.ts';

/** A parameter that is missing or makes no sense. */
export const badRequest = (message: string): S3Error => new S3Error(400, 'BadRequestException', message);

/** A job that never was, or ended long ago. */
export const noSuchJob = (jobId: string): S3Error =>
  new S3Error(404, 'NoSuchJobException', `The specified job does not exist: ${jobId}`);

/** A status that a job cannot be given from where it is. */
export const jobStatus = (message: string): S3Error => new S3Error(400, 'JobStatusException', message);

/** A token that came with other parameters before. */
export const idempotency = (): S3Error =>
  new S3Error(
    400,
    'IdempotencyException',
    'The client request token was already used for a request with other parameters.',
  );

/** Why a job cannot go on: it ends as Failed, and tells this. */
export class JobError extends Error {
  override readonly name = 'JobError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
