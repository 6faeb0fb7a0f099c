/** The life of one job: it reads its manifest, waits to be confirmed, runs its tasks and reports. */
import { JobError } from './errors.ts';
import { type Job, type JobStatus, snapshotOf } from './job.ts';
import { readManifest } from './manifest.ts';
import { requireLock } from './put-tasks.ts';
import { writeReport } from './report.ts';
import type { Result } from './result.ts';
import { runTasks } from './tasks.ts';
import type { Task } from './types.ts';
import { moveJob, reached, type World } from './world.ts';

/** The job goes no further: somebody cancelled it, or the server is closing. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

export async function live(world: World, job: Job): Promise<void> {
  const results: Result[] = [];
  try {
    await hold(world, job);
    await run(world, job, results);
    await enter(world, job, 'Completing');
    await report(world, job, results);
    await enter(world, job, 'Complete');
  } catch (error) {
    if (world.closed) return;
    if (error instanceof Stopped || job.status === 'Cancelling')
      await finish(world, job, results, 'Cancelled');
    else await fail(world, job, results, error);
  }
}

async function run(world: World, job: Job, results: Result[]): Promise<void> {
  const { request } = job;
  await enter(world, job, 'Preparing');
  const tasks = await readManifest(world.s3, request.manifest);
  checkKeys(job, tasks);
  job.total = tasks.length;
  if (request.confirmationRequired) {
    await enter(world, job, 'Suspended');
    // The call that confirms it makes it ready.
    await reached(world, job, ['Ready', 'Cancelling']);
    await hold(world, job);
  } else await enter(world, job, 'Ready');
  await enter(world, job, 'Active');
  if (request.operation.name !== 'LambdaInvoke') await requireLock(world.s3, tasks[0]?.bucket ?? '');
  await runTasks(world, job, tasks, results);
}

// Functions are handed keys of a manifest only to this length.
const MAX_KEY = 1_024;

function checkKeys(job: Job, tasks: readonly Task[]): void {
  if (job.request.operation.name === 'LambdaInvoke' && tasks.some(({ key }) => key.length > MAX_KEY))
    throw new JobError('ManifestContent', `A key of the manifest is longer than ${MAX_KEY} characters.`);
}

async function enter(world: World, job: Job, status: JobStatus): Promise<void> {
  stopIfCancelled(world, job);
  moveJob(world, job, status);
  await hold(world, job);
}

async function hold(world: World, job: Job): Promise<void> {
  // Whoever created or changed the job is answered before it goes on.
  await new Promise((resolve) => setImmediate(resolve));
  await world.options.hold?.(snapshotOf(job));
  stopIfCancelled(world, job);
}

function stopIfCancelled(world: World, job: Job): void {
  if (job.status === 'Cancelling' || world.closed) throw new Stopped();
}

async function report(world: World, job: Job, results: readonly Result[]): Promise<void> {
  const { reportOrder: order = 'declared', reportPartRows: partRows = 1_000 } = world.options;
  const options = { jobId: job.id, now: world.clock(), order, partRows };
  await writeReport(world.s3, job.request.report, results, options);
}

async function fail(world: World, job: Job, results: readonly Result[], error: unknown): Promise<void> {
  const code = error instanceof JobError ? error.code : 'InternalError';
  const reason = error instanceof Error ? error.message : String(error);
  job.failures = [...job.failures, { code, reason }];
  if (job.status !== 'Failing') {
    moveJob(world, job, 'Failing');
    await world.options.hold?.(snapshotOf(job));
  }
  await finish(world, job, code === 'ReportNotWritten' ? [] : results, 'Failed');
}

/** A job that did not get to its end reports what it did. */
async function finish(
  world: World,
  job: Job,
  results: readonly Result[],
  status: 'Cancelled' | 'Failed',
): Promise<void> {
  try {
    if (status === 'Cancelled') await world.options.hold?.(snapshotOf(job));
    await report(world, job, results);
  } catch (error) {
    job.failures = [
      ...job.failures,
      { code: 'ReportNotWritten', reason: error instanceof Error ? error.message : String(error) },
    ];
  }
  if (!world.closed) moveJob(world, job, status);
}
