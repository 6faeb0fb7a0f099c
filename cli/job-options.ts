/** Bulk jobs, where the options or the environment name what they need. */
import { createHash } from 'node:crypto';
import { type JobDeps } from '../lib/app/run-job.ts';
import { decodedKey } from '../lib/aws/inventory-csv.ts';
import { s3Client } from '../lib/aws/s3-client.ts';
import { s3ControlClient } from '../lib/aws/s3-control-client.ts';
import { S3JobControl } from '../lib/aws/s3-job-control.ts';
import { HoldfastError } from '../lib/errors.ts';
import { type ControlOptions, endpointOf, given } from './control-options.ts';
import { providerOf } from './provider.ts';

export interface JobOptions extends ControlOptions {
  readonly batchRole?: string;
  readonly batchFunction?: string;
}

/** S3 asks not to be asked about an active job more often than this (milliseconds). */
const POLL = 30_000;
/** An endpoint of one's own need not be spared. */
const LOCAL_POLL = 200;

const ROLE = /^arn:aws[a-z-]*:iam::(\d{12}):role\/.+$/;

/** @returns undefined where nothing is known of jobs: then everything goes direct. */
export function openJobs(
  options: JobOptions,
  deps: Pick<JobDeps, 'store' | 'audit' | 'clock' | 'actor' | 'newId' | 'latest'>,
): JobDeps | undefined {
  const role = given(options.batchRole, 'HOLDFAST_BATCH_ROLE');
  const bucket = given(options.config, 'HOLDFAST_CONFIG_BUCKET');
  if (role === undefined || bucket === undefined) return undefined;
  const account = ROLE.exec(role)?.[1];
  if (account === undefined) {
    throw new HoldfastError('bad-input', {
      what: `--batch-role cannot be ${JSON.stringify(role)}`,
      next: 'write it as arn:aws:iam::123456789012:role/name',
    });
  }
  const control = given(undefined, 'AWS_ENDPOINT_URL_S3_CONTROL');
  const endpoint = endpointOf(options);
  if (control === undefined && (endpoint !== undefined || providerOf(options).name !== 'aws'))
    return undefined;
  const functionArn = given(options.batchFunction, 'HOLDFAST_BATCH_FUNCTION');
  const { region } = options;
  const place = region === undefined ? {} : { region };
  return {
    ...deps,
    jobs: new S3JobControl({
      control: s3ControlClient({ ...place, ...(control !== undefined && { endpoint: control }) }),
      s3: s3Client({ ...place, ...(endpoint !== undefined && { endpoint }), isSlow: true }),
      account,
      role,
      bucket,
    }),
    pollEvery: control === undefined ? POLL : LOCAL_POLL,
    ...(functionArn !== undefined && { functionArn }),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    decodeKey: decodedKey,
  };
}
