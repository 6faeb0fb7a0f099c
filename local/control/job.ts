/** A job and its statuses, from its creation to the day on which it is forgotten. */
import { randomUUID } from 'node:crypto';
import type { JobRequest, Tag } from './job-request.ts';

export type JobStatus =
  | 'New'
  | 'Preparing'
  | 'Suspended'
  | 'Ready'
  | 'Active'
  | 'Completing'
  | 'Complete'
  | 'Cancelling'
  | 'Cancelled'
  | 'Failing'
  | 'Failed';

export interface JobFailure {
  readonly code: string;
  readonly reason: string;
}

/** A job as it is at one moment. */
export interface JobSnapshot {
  readonly jobId: string;
  readonly status: JobStatus;
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly failures: readonly JobFailure[];
  readonly description?: string;
}

export interface Job {
  readonly id: string;
  readonly arn: string;
  readonly request: JobRequest;
  readonly createdAt: number;
  status: JobStatus;
  priority: number;
  tags: readonly Tag[];
  total: number;
  succeeded: number;
  failed: number;
  failures: readonly JobFailure[];
  /** Why its status was last changed by a call. */
  updateReason?: string;
  suspendedAt?: number;
  activeAt?: number;
  activeUntil?: number;
  terminatedAt?: number;
  /** How many more DescribeJob calls will not find it. */
  unknownFor: number;
}

const TERMINAL: readonly JobStatus[] = ['Complete', 'Cancelled', 'Failed'];
const CANCELLABLE: readonly JobStatus[] = ['New', 'Preparing', 'Suspended', 'Ready', 'Active'];
const KEPT_MS = 90 * 86_400_000;

export const isTerminal = (job: Job): boolean => TERMINAL.includes(job.status);

export const isCancellable = (job: Job): boolean => CANCELLABLE.includes(job.status);

/** Jobs are gone 90 days after they ended. */
export const isForgotten = (job: Job, now: number): boolean =>
  job.terminatedAt !== undefined && now - job.terminatedAt > KEPT_MS;

interface Birth {
  readonly request: JobRequest;
  readonly now: number;
  readonly region: string;
  readonly accountId: string;
  readonly unknownFor: number;
}

export function newJob({ request, now, region, accountId, unknownFor }: Birth): Job {
  const id = randomUUID();
  return {
    id,
    arn: `arn:aws:s3:${region}:${accountId}:job/${id}`,
    request,
    createdAt: now,
    status: 'New',
    priority: request.priority,
    tags: request.tags,
    total: 0,
    succeeded: 0,
    failed: 0,
    failures: [],
    unknownFor,
  };
}

/** Puts a job into a status, with the dates that this sets. */
export function move(job: Job, status: JobStatus, now: number): void {
  if (job.status === 'Active') job.activeUntil = now;
  job.status = status;
  if (status === 'Suspended') job.suspendedAt = now;
  if (status === 'Active') job.activeAt = now;
  if (isTerminal(job)) job.terminatedAt = now;
}

export const snapshotOf = (job: Job): JobSnapshot => ({
  jobId: job.id,
  status: job.status,
  total: job.total,
  succeeded: job.succeeded,
  failed: job.failed,
  failures: job.failures,
  ...(job.request.description !== undefined && { description: job.request.description }),
});
