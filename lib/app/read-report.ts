/** What a bulk job has done, by its report and by a look at some of its versions. */
import { activeRetention } from '../lock/state.ts';
import { type Group } from '../plan/plan.ts';
import { type Clock } from '../ports/clock.ts';
import { type JobControl, type JobStatus } from '../ports/job-control.ts';
import { type LockStore } from '../ports/lock-store.ts';
import { type GroupRow } from '../ports/run-store.ts';
import { failureOf, type TaskFailure, taskOf } from '../runs/job-report.ts';
import { plannedFor } from './run-direct.ts';

export interface ReportDeps {
  readonly jobs: Pick<JobControl, 'report'>;
  readonly store: Pick<LockStore, 'readLock'>;
  readonly clock: Clock;
  readonly decodeKey: (text: string) => string | undefined;
}

export interface ReportedWork {
  readonly run: string;
  readonly group: Group;
  readonly tolerance: number;
  /** The versions of the group, for a look at some of them afterwards. */
  readonly rows: () => AsyncIterable<GroupRow>;
}

/** What a job left to be done. */
export interface JobEnd {
  /** Versions that carry the lock by the word of the report. */
  readonly byJob: number;
  /** `some`: those that failed. `all`: nobody can tell which, so each is looked at. */
  readonly left: 'none' | 'some' | 'all';
  readonly failed: ReadonlySet<string>;
  readonly failures: Partial<Record<TaskFailure, number>>;
  readonly trouble?: string;
}

/** So many versions are looked at after a job that says it did well. */
const LOOKS = 20;

/** Where the reports of the jobs of a group lie. */
export function reportPrefix(run: string, group: string): string {
  return `reports/${run}/${group}`;
}

/** Tells what a job has done; where its report tells of other versions than were asked for, nothing is believed. */
export async function readReport(
  work: ReportedWork,
  id: string,
  status: JobStatus | undefined,
  deps: ReportDeps,
): Promise<JobEnd> {
  const { group } = work;
  const failed = new Set<string>();
  const failures: Partial<Record<TaskFailure, number>> = {};
  let succeeded = 0;
  for await (const cells of deps.jobs.report(id, reportPrefix(work.run, group.id))) {
    const task = taskOf(cells, deps.decodeKey);
    if (task === undefined) continue;
    if (task.ok) succeeded += 1;
    else {
      const failure = failureOf(task);
      failures[failure] = (failures[failure] ?? 0) + 1;
      failed.add(placeOf(task));
    }
  }
  const isWhole = status?.state === 'complete' && succeeded + failed.size === group.versions;
  if (!isWhole) {
    const why =
      status === undefined
        ? 'the store does not know the job any more'
        : [status.status, ...status.reasons].join(', ');
    const trouble = `its report tells of ${succeeded + failed.size} of ${group.versions} versions (${why})`;
    return { byJob: 0, left: 'all', failed, failures, trouble };
  }
  const unlike = await lookAtSome(work, failed, deps);
  if (unlike !== undefined) return { byJob: 0, left: 'all', failed, failures, trouble: unlike };
  return { byJob: succeeded, left: failed.size === 0 ? 'none' : 'some', failed, failures };
}

/** A report is the word of the store; some versions are read, so that it is not only its word. */
async function lookAtSome(
  work: ReportedWork,
  failed: ReadonlySet<string>,
  { store, clock }: ReportDeps,
): Promise<string | undefined> {
  const { group, tolerance } = work;
  const every = Math.max(1, Math.floor(group.versions / LOOKS));
  for await (const row of work.rows()) {
    if (row.at % every !== 0 || failed.has(placeOf(row.ref))) continue;
    const planned = plannedFor(row, group, tolerance);
    const answer = await store.readLock(row.ref, planned.to === 'hold' ? 'hold' : 'retention');
    // What may not be read, and what is gone, tells nothing against the report.
    if (answer.kind !== 'seen') continue;
    const { retention, hold } = answer.lock;
    const stored = activeRetention(retention, clock.now());
    const isRight =
      planned.to === 'hold'
        ? hold !== 'none'
        : group.engine === 'batch-function' ||
          stored.state === 'absent' ||
          (stored.state === 'locked' &&
            stored.until >= planned.until &&
            (stored.mode === planned.to || stored.mode === 'COMPLIANCE'));
    if (!isRight)
      return `its report says that ${JSON.stringify(row.ref.key)} version ${row.ref.versionId} was locked, and it does not carry the lock`;
  }
  return undefined;
}

/** A version within its bucket, as one text. */
export function placeOf({ key, versionId }: { readonly key: string; readonly versionId: string }): string {
  return `${versionId}\u0000${key}`;
}
