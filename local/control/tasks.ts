/** Runs the tasks of a job, some at a time, until they are done, too many failed or the job is cancelled. */
import { JobError } from './errors.ts';
import type { Job } from './job.ts';
import { invokeTasks } from './lambda-tasks.ts';
import { putTask } from './put-tasks.ts';
import { failure, type Result } from './result.ts';
import { shuffled } from '../shuffle.ts';
import type { Task } from './types.ts';
import type { World } from './world.ts';

// Below this many tasks a job runs to its end however many of them fail.
const THRESHOLD_TASKS = 1_000;
const THRESHOLD_SHARE = 0.5;

/** Adds to `results` as tasks end, so that a job that stops halfway can report what it did. */
export async function runTasks(
  world: World,
  job: Job,
  tasks: readonly Task[],
  results: Result[],
): Promise<void> {
  const { concurrency = 8, tasksPerCall = 10, seed = 1 } = world.options;
  const queue = shuffled(tasks, seed);
  const size = job.request.operation.name === 'LambdaInvoke' ? tasksPerCall : 1;
  const isStopped = (): boolean => job.status !== 'Active' || world.closed || hasFailedTooOften(job);
  const work = async (): Promise<void> => {
    while (queue.length > 0 && !isStopped()) {
      for (const result of await runSome(world, job, queue.splice(-size))) {
        results.push(result);
        if (result.status === 'succeeded') job.succeeded += 1;
        else job.failed += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  if (hasFailedTooOften(job))
    throw new JobError('FailureThresholdExceeded', 'More than half of the tasks that ran have failed.');
}

const hasFailedTooOften = ({ succeeded, failed }: Job): boolean =>
  succeeded + failed >= THRESHOLD_TASKS && failed > (succeeded + failed) * THRESHOLD_SHARE;

async function runSome(world: World, job: Job, tasks: readonly Task[]): Promise<Result[]> {
  const { attempts = 3, fault, invoke = unknownFunction } = world.options;
  const { operation } = job.request;
  const failed = tasks.flatMap((task) => {
    const injected = fault?.({ ...task, jobId: job.id });
    return injected === undefined ? [] : [failure(task, injected.code, injected.status, injected.message)];
  });
  const rest = tasks.filter((task) => !failed.some((result) => result.task === task));
  if (rest.length === 0) return failed;
  if (operation.name === 'LambdaInvoke')
    return [...failed, ...(await invokeTasks({ jobId: job.id, operation, invoke, attempts }, rest))];
  const done = rest.map(async (task) => putTask(world.s3, operation, task, attempts));
  return [...failed, ...(await Promise.all(done))];
}

async function unknownFunction(functionArn: string): Promise<never> {
  throw new Error(`Function not found: ${functionArn}`);
}
