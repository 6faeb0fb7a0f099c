/** Stops a bulk job, and keeps what it has done. */
import { type JobControl, type JobStatus } from '../ports/job-control.ts';
import { type GroupRun } from '../runs/run.ts';
import { reportPrefix } from './read-report.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';
import { findJob, isOver } from './run-job.ts';

/**
 * Tells the job of a group to stop, unless it is over; it goes on for a moment.
 *
 * @returns its state before; undefined where there is no such job, or none that the store knows yet.
 */
export async function stopJob(
  plan: string,
  group: string,
  { jobId, attempt }: Pick<GroupRun, 'jobId' | 'attempt'>,
  { jobs }: { readonly jobs: JobControl },
): Promise<JobStatus | undefined> {
  // Whoever made it may not have lived to note its name.
  const id = jobId ?? (await findJob({ plan, group: { id: group }, attempt }, { jobs }));
  const status = id === undefined ? undefined : await jobs.describe(id);
  if (status !== undefined && !isOver(status)) await jobs.cancel(status.id);
  return status;
}

/** Records that a job was stopped, with its evidence: it may have locked versions before. */
export async function recordStopped(
  {
    run,
    policy,
    group,
    status,
  }: { readonly run: string; readonly policy: string; readonly group: string; readonly status: JobStatus },
  deps: RecordDeps & { readonly jobs: Pick<JobControl, 'evidence'> },
): Promise<void> {
  const evidence = await deps.jobs.evidence(status.id, reportPrefix(run, group));
  const detail = `job ${status.id} for ${group}: ${status.status}, ${status.succeeded} of ${status.total} versions by its own count`;
  await recordDeed({ action: 'job-ended', policy, cause: run, detail, evidence }, deps);
}
