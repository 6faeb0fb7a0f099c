/** What all jobs share: the settings, the S3 client of the role, and who waits for which status. */
import { S3Client } from '@aws-sdk/client-s3';
import type { CloudEvent } from '../event-bridge.ts';
import { toJobEvent } from './job-event.ts';
import { isTerminal, type Job, type JobStatus, move, snapshotOf } from './job.ts';
import type { ControlOptions } from './types.ts';

export interface World {
  readonly options: ControlOptions;
  readonly accountId: string;
  readonly region: string;
  readonly clock: () => number;
  readonly s3: S3Client;
  readonly jobs: Map<string, Job>;
  /** Called at every change of any job. */
  readonly watchers: Set<() => void>;
  closed: boolean;
}

export function newWorld(options: ControlOptions): World {
  const { accountId = '123456789012', region = 'us-east-1', role } = options;
  const { accessKeyId, secretAccessKey } = role;
  return {
    options,
    accountId,
    region,
    clock: options.clock ?? Date.now,
    s3: new S3Client({
      endpoint: options.s3Url,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      // Each failure is told as it came; what is tried again is for the tasks to say.
      maxAttempts: 1,
    }),
    jobs: new Map(),
    watchers: new Set(),
    closed: false,
  };
}

/** Puts a job into a status and tells the bus and those who wait. */
export function moveJob(world: World, job: Job, status: JobStatus): void {
  move(job, status, world.clock());
  tell(world, job, 'JobStatusChanged');
  for (const watcher of world.watchers) watcher();
}

export function tell(world: World, job: Job, name: 'JobCreated' | 'JobStatusChanged'): void {
  const { publish, loseEvents } = world.options;
  if (publish === undefined || loseEvents === true) return;
  const { region, accountId: account } = world;
  const event: CloudEvent = toJobEvent(job, name, world.clock(), { region, account });
  publish(event);
}

/** Waits until a job is in one of the statuses, or without any, until it has ended. */
export async function reached(world: World, job: Job, statuses: readonly JobStatus[]): Promise<void> {
  const isThere = (): boolean => (statuses.length === 0 ? isTerminal(job) : statuses.includes(job.status));
  await new Promise<void>((resolve, reject) => {
    const watcher = (): void => {
      if (!isThere() && !isTerminal(job) && !world.closed) return;
      world.watchers.delete(watcher);
      if (isThere()) resolve();
      else reject(new Error(`job ${job.id} ended: ${JSON.stringify(snapshotOf(job))}`));
    };
    world.watchers.add(watcher);
    watcher();
  });
}
