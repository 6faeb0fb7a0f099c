/** What S3 Batch Operations of the local cloud is started with, and what it tells of its jobs. */
import type { CloudEvent } from '../event-bridge.ts';
import type { Fault, Principal } from '../s3/types.ts';
import type { JobSnapshot, JobStatus } from './job.ts';

/** One row of a manifest: its key decoded, and its version where the manifest has a column for it. */
export interface Task {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

export interface ControlOptions {
  /** 0, the default, takes any free port; the address is always 127.0.0.1. */
  readonly port?: number;
  readonly accountId?: string;
  readonly region?: string;
  /** The S3 that holds the manifests, the objects and the reports. */
  readonly s3Url: string;
  /** The one role that jobs may name, and the keys that its tasks are signed with. */
  readonly role: { readonly arn: string; readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Who may call the API. */
  readonly principals?: readonly Principal[];
  /** Epoch milliseconds; an injected clock switches the check of the signatures' time off. */
  readonly clock?: () => number;
  /** Runs a function, as LambdaInvoke jobs do. */
  readonly invoke?: (functionArn: string, payload: unknown) => Promise<unknown>;
  /** The bus that gets an event for every status of every job. */
  readonly publish?: (event: CloudEvent) => void;
  /** Events are best effort: with this, none arrives. */
  readonly loseEvents?: boolean;
  /** The guide declares one order of the columns of a report, and shows rows in another. */
  readonly reportOrder?: 'declared' | 'sample';
  /** How many rows a part of a report has at most. */
  readonly reportPartRows?: number;
  /** How many tasks run at once. */
  readonly concurrency?: number;
  /** How many tasks one call of a function gets. */
  readonly tasksPerCall?: number;
  /** How often a task is tried that fails in a way that may pass. */
  readonly attempts?: number;
  /** Tasks run in an order that this number determines. */
  readonly seed?: number;
  /** How many DescribeJob calls do not find a job that was just created. */
  readonly unknownAtFirst?: number;
  /** Awaited when a job has entered a status, before anything happens in it. */
  readonly hold?: (job: JobSnapshot) => Promise<void>;
  /** Makes a task fail instead of running it. */
  readonly fault?: (task: Task & { readonly jobId: string }) => Fault | undefined;
  /** Makes a call of the API fail; asked by the name of its operation, such as `CreateJob`. */
  readonly refuse?: (operation: string) => Fault | undefined;
}

export interface RunningControl {
  readonly url: string;
  readonly accountId: string;
  /** All jobs, oldest first. */
  jobs(): readonly JobSnapshot[];
  /** Waits until a job is in one of these statuses; without any, until it has ended. */
  until(jobId: string, ...statuses: readonly JobStatus[]): Promise<JobSnapshot>;
  close(): Promise<void>;
}
