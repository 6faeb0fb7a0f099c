/** The batch engine: one group of a plan as one bulk job of the store, from its intent to its report. */
import { HoldfastError } from '../errors.ts';
import { formatInstant, type Instant } from '../lock/instant.ts';
import { activeRetention } from '../lock/state.ts';
import { type Group } from '../plan/plan.ts';
import {
  type JobControl,
  type JobManifest,
  type JobOperation,
  type JobStatus,
} from '../ports/job-control.ts';
import { type LockStore } from '../ports/lock-store.ts';
import { type GroupRow } from '../ports/run-store.ts';
import { failureOf, type TaskFailure, taskOf } from '../runs/job-report.ts';
import { type GroupRun } from '../runs/run.ts';
import { plannedFor } from './run-direct.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

export interface JobDeps extends RecordDeps {
  readonly jobs: JobControl;
  readonly store: Pick<LockStore, 'readLock'>;
  /** How long to wait before asking again how a job does (milliseconds); S3 asks for 30 seconds at least. */
  readonly pollEvery: number;
  /** The function that a job hands versions to, where there is one: a version of it, so that it stays the same. */
  readonly functionArn?: string;
  /** SHA-256, hex. */
  readonly hash: (text: string) => string;
  readonly decodeKey: (text: string) => string | undefined;
  /** Law 5: the last date that any rule may ask for now, whatever a listing said. */
  readonly latest: () => Promise<Instant>;
}

export interface JobWork {
  readonly run: string;
  readonly plan: string;
  readonly policy: string;
  readonly group: Group;
  readonly state: GroupRun;
  /** After this moment no job is made any more: its listing is not believed without another look. */
  readonly goodUntil: Instant;
  /** SHA-256 of the list of the versions of the group, hex. */
  readonly listed?: string;
  /** The stored list of the versions of the group. */
  readonly manifest: () => Promise<JobManifest>;
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

/** A job that was just made may be unknown for a moment; after so many questions it is believed to be gone. */
const PATIENCE = 20;
/** So many versions are looked at after a job that says it did well. */
const LOOKS = 20;

type Save = (change: Partial<GroupRun>) => Promise<void>;

/**
 * Carries out a group by a job, or goes on with the job that an earlier command made for it.
 *
 * @param save - stores what is known of the group before and after each step: a crash in between is found again.
 */
export async function runJob(
  work: JobWork,
  deps: JobDeps,
  save: Save,
  onProgress: (status: JobStatus) => void,
  signal?: AbortSignal,
): Promise<JobEnd | 'interrupted'> {
  const id = await beginJob(work, deps, save);
  if (id === undefined) {
    const trouble = 'no job was made: its listing has become too old';
    return { byJob: 0, left: 'all', failed: new Set(), failures: {}, trouble };
  }
  const status = await watch(id, deps, onProgress, signal);
  return status === 'interrupted' ? status : endJob(work, id, status, deps);
}

/** Whether a job has come to its end. */
export function isOver({ state, status }: JobStatus): boolean {
  return state === 'complete' || state === 'failed' || status === 'Cancelled';
}

/** Reads what a job has done, and records it with its evidence. */
export async function endJob(
  work: JobWork,
  id: string,
  status: JobStatus | undefined,
  deps: JobDeps,
): Promise<JobEnd> {
  const { group } = work;
  const end = await resultOf(work, id, status, deps);
  const evidence = await deps.jobs.evidence(id, reportPrefix(work));
  const detail = `job ${id} for ${group.id} of ${work.plan}: ${status?.status ?? 'unknown'}, ${end.byJob} of ${group.versions} versions by its report${end.trouble === undefined ? '' : `; ${end.trouble}`}`;
  await recordDeed({ action: 'job-ended', policy: work.policy, cause: work.run, detail, evidence }, deps);
  return end;
}

/** Makes the job of a group, unless an earlier attempt has made it; answers its id, or nothing where it is too late. */
export async function beginJob(work: JobWork, deps: JobDeps, save: Save): Promise<string | undefined> {
  const { group, plan, run, policy, state } = work;
  if (state.jobId !== undefined) return state.jobId;
  const attempt = state.state === 'job' ? state.attempt : state.attempt + 1;
  // An earlier command may have made it and not lived to note its name.
  const found = state.state === 'job' ? await findJob({ plan, group, attempt }, deps) : undefined;
  if (found === undefined && work.goodUntil < deps.clock.now()) return undefined;
  await save({ state: 'job', attempt });
  const detail = `${operationText(group)} on ${group.versions} versions of ${group.bucket}, ${group.id} of ${plan}, attempt ${attempt}`;
  const id = found ?? (await newJob(work, attempt, detail, deps));
  // Whoever finds the job next time knows that it was recorded: its name is noted last.
  await recordDeed({ action: 'job-created', policy, cause: run, detail: `job ${id}: ${detail}` }, deps);
  await save({ jobId: id });
  return id;
}

async function newJob(work: JobWork, attempt: number, detail: string, deps: JobDeps): Promise<string> {
  const { group, plan, run, policy } = work;
  const { tags, description } = nameOf({ plan, group, attempt });
  const manifest = await work.manifest();
  const operation = operationOf(work, deps);
  if (operation.kind === 'retention' && operation.until > (await deps.latest())) {
    throw new HoldfastError('bad-input', {
      what: `${group.id} of ${plan} would be locked until ${formatInstant(operation.until)}, which is beyond the cap`,
      next: 'nothing was sent; do not trust the listing that the plan was made from',
    });
  }
  // Nobody can call back what a job has done, so what is about to be asked for is stored first (law 7).
  const evidence = work.listed === undefined ? [] : [{ name: manifest.key, sha256: work.listed }];
  await recordDeed({ action: 'job-intended', policy, cause: run, detail, evidence }, deps);
  return deps.jobs.create({
    token: deps.hash(`${plan}/${group.id}/${attempt}`).slice(0, 64),
    description,
    tags,
    operation,
    manifest,
    reportPrefix: reportPrefix(work),
  });
}

/** What is recorded of a job that was stopped: it may have locked versions before. */
export async function recordStopped(
  {
    run,
    policy,
    group,
    status,
  }: { readonly run: string; readonly policy: string; readonly group: string; readonly status: JobStatus },
  deps: Pick<JobDeps, 'jobs' | 'audit' | 'clock' | 'actor' | 'newId'>,
): Promise<void> {
  const evidence = await deps.jobs.evidence(status.id, `reports/${run}/${group}`);
  const detail = `job ${status.id} for ${group}: ${status.status}, ${status.succeeded} of ${status.total} versions by its own count`;
  await recordDeed({ action: 'job-ended', policy, cause: run, detail, evidence }, deps);
}

interface Attempt {
  readonly plan: string;
  readonly group: Pick<Group, 'id'>;
  readonly attempt: number;
}

/** The job that was made for a group, by the tags that it was given. */
export async function findJob(
  attempt: Attempt,
  { jobs }: Pick<JobDeps, 'jobs'>,
): Promise<string | undefined> {
  const { tags, description } = nameOf(attempt);
  return jobs.find(tags, description);
}

function nameOf({ plan, group, attempt }: Attempt): { tags: Record<string, string>; description: string } {
  return {
    tags: { 'holdfast-plan': plan, 'holdfast-group': group.id, 'holdfast-attempt': String(attempt) },
    description: `holdfast ${plan} ${group.id} attempt ${attempt}`,
  };
}

function operationOf(
  { run, plan, policy, group, tolerance }: JobWork,
  { functionArn }: JobDeps,
): JobOperation {
  const planned = plannedFor({}, group, tolerance);
  if (group.engine === 'batch-function') {
    if (functionArn === undefined) {
      throw new HoldfastError('bad-input', {
        what: `${group.id} of ${plan} must be decided version by version, and no function for that was named`,
        next: 'name it with --batch-function, or apply the plan with --engine direct',
      });
    }
    const { until } = group;
    const terms = {
      ...{ run, policy, group: group.id, to: group.to, tolerance: String(tolerance) },
      ...(until !== undefined && { until }),
    };
    return { kind: 'function', arn: functionArn, arguments: terms };
  }
  return planned.to === 'hold'
    ? { kind: 'hold-on' }
    : { kind: 'retention', mode: planned.to, until: planned.until };
}

function operationText({ to, until, engine }: Group): string {
  const by = engine === 'batch-function' ? ', each decided once more' : '';
  return to === 'hold' ? `legal hold ON${by}` : `${to} until ${until ?? ''}${by}`;
}

function reportPrefix({ run, group }: JobWork): string {
  return `reports/${run}/${group.id}`;
}

async function watch(
  id: string,
  { jobs, clock, pollEvery }: JobDeps,
  onProgress: (status: JobStatus) => void,
  signal: AbortSignal | undefined,
): Promise<JobStatus | undefined | 'interrupted'> {
  const stop = aborted(signal);
  let unknown = 0;
  for (;;) {
    const status = await jobs.describe(id);
    if (status === undefined) {
      unknown += 1;
      if (unknown > PATIENCE) return undefined;
    } else {
      onProgress(status);
      if (isOver(status)) return status;
    }
    if (signal?.aborted === true) return 'interrupted';
    await Promise.race([clock.wait(pollEvery), stop]);
  }
}

/** Whoever asks to stop need not wait for the next question. */
async function aborted(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    signal?.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

async function resultOf(
  work: JobWork,
  id: string,
  status: JobStatus | undefined,
  deps: JobDeps,
): Promise<JobEnd> {
  const { group } = work;
  const failed = new Set<string>();
  const failures: Partial<Record<TaskFailure, number>> = {};
  let succeeded = 0;
  for await (const cells of deps.jobs.report(id, reportPrefix(work))) {
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
  work: JobWork,
  failed: ReadonlySet<string>,
  { store, clock }: JobDeps,
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
