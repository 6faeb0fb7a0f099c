/** The batch engine: one group of a plan as one bulk job of the store, from its intent to its report. */
import { HoldfastError } from '../errors.ts';
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type Group } from '../plan/plan.ts';
import {
  type JobControl,
  type JobManifest,
  type JobOperation,
  type JobStatus,
} from '../ports/job-control.ts';
import { type GroupRun } from '../runs/run.ts';
import { type JobEnd, readReport, type ReportDeps, type ReportedWork, reportPrefix } from './read-report.ts';
import { plannedFor } from './run-direct.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

export interface JobDeps extends RecordDeps, ReportDeps {
  readonly jobs: JobControl;
  /** How long to wait before asking again how a job does (milliseconds); S3 asks for 30 seconds at least. */
  readonly pollEvery: number;
  /** The function that a job hands versions to, where there is one: a version of it, so that it stays the same. */
  readonly functionArn?: string;
  /** SHA-256, hex. */
  readonly hash: (text: string) => string;
  /** Law 5: the last date that any rule may ask for now, whatever a listing said. */
  readonly latest: () => Promise<Instant>;
}

export interface JobWork extends ReportedWork {
  readonly plan: string;
  readonly policy: string;
  readonly state: GroupRun;
  /** After this moment no job is made any more: its listing is not believed without another look. */
  readonly goodUntil: Instant;
  /** SHA-256 of the list of the versions of the group, hex. */
  readonly listed: string | undefined;
  /** The stored list of the versions of the group. */
  readonly manifest: () => Promise<JobManifest>;
}

/** A job that was just made may be unknown for a moment; after so many questions it is believed to be gone. */
const PATIENCE = 20;

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
  const end = await readReport(work, id, status, deps);
  const evidence = await deps.jobs.evidence(id, reportPrefix(work.run, group.id));
  const done = `${status?.status ?? 'unknown'}, ${end.byJob} of ${group.versions} versions by its report`;
  const parts = [
    `job ${id} for ${group.id} of ${work.plan}: ${done}`,
    ...failuresText(end),
    ...(end.trouble === undefined ? [] : [end.trouble]),
  ];
  const detail = parts.join('; ');
  await recordDeed({ action: 'job-ended', policy: work.policy, cause: work.run, detail, evidence }, deps);
  return end;
}

function failuresText({ failures }: JobEnd): string[] {
  const counts = Object.entries(failures).map(([failure, count]) => `${count} ${failure}`);
  return counts.length === 0 ? [] : [`failed: ${counts.join(', ')}`];
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
    reportPrefix: reportPrefix(run, group.id),
  });
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
