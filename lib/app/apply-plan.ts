/** Carries out a plan: jobs and the direct engine side by side, what jobs left done direct, all of it resumable. */
import { type Group, type Plan } from '../plan/plan.ts';
import { type JobStatus } from '../ports/job-control.ts';
import { type GroupRow, type RunStore } from '../ports/run-store.ts';
import { filtered } from '../runs/rows.ts';
import { type GroupRun, type Run, withGroup } from '../runs/run.ts';
import { countEnd, type EndCounts, noEnds, Places } from '../runs/tally-ends.ts';
import { HoldfastError } from '../errors.ts';
import { formatInstant, parseInstant } from '../lock/instant.ts';
import { type JobEnd, placeOf } from './read-report.ts';
import { type DirectDeps, runDirect, type Stopped } from './run-direct.ts';
import { type JobDeps, runJob } from './run-job.ts';
import { recordDeed } from './record-deed.ts';

export interface ApplyDeps extends Omit<DirectDeps, 'runs'> {
  readonly runs: RunStore;
  /** Bulk jobs, where there are any. */
  readonly jobs?: JobDeps;
  /** The file with the versions of a group. */
  readonly fileOf: (group: string) => string;
  /** SHA-256 of the versions of a group, hex. */
  readonly listedIn?: (group: string) => string | undefined;
}

export interface ApplyProgress {
  readonly succeeded: number;
  readonly failed: number;
  readonly total: number;
  /** Jobs under way, as the store calls their states. */
  readonly jobs: readonly string[];
}

export interface ApplyResult {
  readonly run: Run;
  readonly counts: EndCounts;
  readonly total: number;
  /** Why it stopped before its end; the same command goes on from there. */
  readonly stopped?: Stopped;
  /** Why a job did not do it all, by group. */
  readonly jobTroubles: readonly string[];
}

/** Jobs at once: the store shares its capacity among all jobs of an account. */
const JOBS_AT_ONCE = 4;

/**
 * Carries out a run from wherever an earlier command left it.
 *
 * @param signal - aborted to stop: jobs go on by themselves, what is under way here ends and is noted.
 * @throws HoldfastError where a record or the state of the run could not be stored.
 */
export async function carryOut(
  plan: Plan,
  begun: Run,
  deps: ApplyDeps,
  onProgress: (progress: ApplyProgress) => void,
  signal?: AbortSignal,
): Promise<ApplyResult> {
  const course = new Course(plan, begun, deps, onProgress, signal);
  return course.complete();
}

/** One command's way through a run. */
class Course {
  private readonly plan: Plan;
  private readonly deps: ApplyDeps;
  private readonly onProgress: (progress: ApplyProgress) => void;
  private readonly signal: AbortSignal | undefined;
  private readonly counts = noEnds();
  private readonly total: number;
  private readonly jobStates = new Map<string, JobStatus>();
  private run: Run;
  private saving: Promise<void> = Promise.resolve();
  private stopped: Stopped | undefined;

  constructor(
    plan: Plan,
    run: Run,
    deps: ApplyDeps,
    onProgress: (progress: ApplyProgress) => void,
    signal: AbortSignal | undefined,
  ) {
    this.plan = plan;
    this.run = run;
    this.deps = deps;
    this.onProgress = onProgress;
    this.signal = signal;
    this.total = plan.groups.reduce((sum, { versions }) => sum + versions, 0);
  }

  async complete(): Promise<ApplyResult> {
    const wasDone = this.run.state === 'done';
    if (!wasDone) await this.begin();
    const byJob: Group[] = [];
    const direct: Group[] = [];
    for (const group of this.plan.groups) {
      const { engine, state } = this.stateOf(group);
      if (state === 'done') await this.again(group);
      else if (engine === 'direct' || state === 'direct') direct.push(group);
      else byJob.push(group);
    }
    await all([this.jobLanes(byJob), this.directLane(direct)]);
    return wasDone ? this.result() : this.end();
  }

  private async begin(): Promise<void> {
    const isFirst = this.run.state === 'approved';
    await this.save({ ...this.run, state: 'running' });
    const detail = `${this.run.id}: ${this.plan.id}, ${this.total} versions in ${this.plan.groups.length} groups${isFirst ? '' : ', resumed'}`;
    await recordDeed(
      { action: 'run-started', policy: this.plan.policy.hash, cause: this.run.id, detail },
      this.deps,
    );
  }

  private async end(): Promise<ApplyResult> {
    const { counts, total, plan, deps } = this;
    if (this.stopped === undefined) {
      const state = counts.failed === 0 && counts.succeeded === total ? 'done' : 'partly-failed';
      await this.save({ ...this.run, state, ended: formatInstant(deps.clock.now()) });
      const detail = `${this.run.id}: ${counts.succeeded} of ${total} versions as planned, ${counts.failed} not`;
      await recordDeed({ action: 'run-ended', policy: plan.policy.hash, cause: this.run.id, detail }, deps);
    }
    await this.saving;
    return this.result();
  }

  private result(): ApplyResult {
    const { counts, total, stopped } = this;
    const jobTroubles = Object.entries(this.run.groups).flatMap(([id, { jobTrouble }]) =>
      jobTrouble === undefined ? [] : [`${id}: ${jobTrouble}`],
    );
    return { run: this.run, counts, total, jobTroubles, ...(stopped && { stopped }) };
  }

  private async jobLanes(groups: readonly Group[]): Promise<void> {
    const queue = groups.values();
    const lane = async (): Promise<void> => {
      for (const group of queue) {
        if (this.isOver()) return;
        await this.byJob(group);
      }
    };
    await all(Array.from({ length: Math.min(JOBS_AT_ONCE, groups.length) }, lane));
  }

  private async directLane(groups: readonly Group[]): Promise<void> {
    for (const group of groups) {
      if (this.isOver()) return;
      await this.direct(group);
    }
  }

  private async byJob(group: Group): Promise<void> {
    const { jobs } = this.deps;
    if (jobs === undefined) {
      throw new HoldfastError('bad-input', {
        what: `${group.id} of ${this.run.id} is for a bulk job, and bulk jobs need a role and a bucket`,
        next: 'name them with --batch-role and --config, as when the run began',
      });
    }
    const state = this.stateOf(group);
    if (await this.isPaused(group, state)) return;
    const end = await runJob(
      {
        run: this.run.id,
        plan: this.plan.id,
        policy: this.plan.policy.hash,
        group: { ...group, engine: state.engine },
        state,
        manifest: async () =>
          jobs.jobs.putManifest(`runs/${this.run.id}/${group.id}.csv`, this.deps.fileOf(group.id)),
        goodUntil: parseInstant(this.plan.goodUntil),
        listed: this.deps.listedIn?.(group.id),
        tolerance: this.plan.tolerance,
        rows: () => this.deps.runs.rows(group.id),
      },
      jobs,
      async (change) => this.save(withGroup(this.run, group.id, change)),
      (status) => {
        this.jobStates.set(group.id, status);
        this.tell();
      },
      this.signal,
    );
    this.jobStates.delete(group.id);
    if (end === 'interrupted') {
      this.stopped ??= { kind: 'interrupted', detail: 'stopped on request; its jobs go on' };
      return;
    }
    await this.afterJob(group, end);
  }

  /** What the report does not vouch for is done, or looked at, version by version. */
  private async afterJob(group: Group, end: JobEnd): Promise<void> {
    const { byJob, left, failed, trouble } = end;
    await this.save(
      withGroup(this.run, group.id, {
        state: left === 'none' ? 'done' : 'direct',
        byJob,
        ...(trouble !== undefined && { jobTrouble: trouble }),
      }),
    );
    this.countJob(this.stateOf(group));
    this.tell();
    if (left === 'none') return;
    await this.direct(group, left === 'all' ? undefined : failed);
  }

  /** @param only - the versions that a job failed to lock; all of the group when left out. */
  private async direct(group: Group, only?: ReadonlySet<string>): Promise<void> {
    const state = this.stateOf(group);
    // After a crash the report is read again; until then every version that it vouched for is looked at.
    const byJob = only === undefined ? 0 : state.byJob;
    if (byJob !== state.byJob) await this.save(withGroup(this.run, group.id, { byJob }));
    if (state.state === 'todo') await this.save(withGroup(this.run, group.id, { state: 'direct' }));
    const { done } = await this.noted(group);
    const all = this.deps.runs.rows(group.id);
    const rows = only === undefined ? all : filtered(all, ({ ref }) => only.has(placeOf(ref)));
    const stopped = await this.work(group, rows, done);
    if (stopped === undefined) await this.save(withGroup(this.run, group.id, { state: 'done' }));
  }

  private async work(
    group: Group,
    rows: AsyncIterable<GroupRow>,
    done: Places,
  ): Promise<Stopped | undefined> {
    const stopped = await runDirect(
      { run: this.run.id, group, rows, done, tolerance: this.plan.tolerance },
      this.deps,
      (end) => {
        countEnd(this.counts, end);
        this.tell();
      },
      this.signal,
    );
    this.stopped ??= stopped;
    return stopped;
  }

  /** A group that came to its end: what failed then is tried once more, and nothing else. */
  private async again(group: Group): Promise<void> {
    this.countJob(this.stateOf(group));
    const { failed } = await this.noted(group);
    if (failed.size === 0) return;
    const rows = filtered(this.deps.runs.rows(group.id), ({ at }) => failed.has(at));
    await this.work(group, rows, new Places());
  }

  /** How versions of a group ended in earlier commands; those that ended as planned are counted here as well. */
  private async noted(group: Group): Promise<{ done: Places; failed: ReadonlySet<number> }> {
    const done = new Places();
    const failed = new Set<number>();
    for await (const end of this.deps.runs.ends(group.id)) {
      if (!end.asPlanned) {
        if (!done.has(end.at)) failed.add(end.at);
        continue;
      }
      if (!done.has(end.at)) countEnd(this.counts, end);
      done.add(end.at);
      failed.delete(end.at);
    }
    return { done, failed };
  }

  private countJob({ byJob }: GroupRun): void {
    if (byJob > 0) countEnd(this.counts, { outcome: 'by-job', asPlanned: true }, byJob);
  }

  private stateOf({ id }: Group): GroupRun {
    const state = this.run.groups[id];
    if (state === undefined) throw new Error(`the run knows no group ${id}`);
    return state;
  }

  /** Asked where there is more to do: whoever stops then has stopped early. */
  private isOver(): boolean {
    if (this.signal?.aborted === true) this.stopped ??= { kind: 'interrupted', detail: 'stopped on request' };
    return this.stopped !== undefined;
  }

  /** A job that is made while Holdfast is paused would lock all the same; one that was made before goes on. */
  private async isPaused({ to }: Group, { jobId }: GroupRun): Promise<boolean> {
    if (to === 'hold' || jobId !== undefined) return false;
    const detail = await this.deps.brake.pausedBecause();
    if (detail !== undefined) this.stopped ??= { kind: 'paused', detail };
    return detail !== undefined;
  }

  private tell(): void {
    const { succeeded, failed } = this.counts;
    const running = [...this.jobStates.values()];
    const byJobs = running.reduce((sum, job) => sum + job.succeeded, 0);
    const states = running.map(({ status }) => status);
    this.onProgress({ succeeded: succeeded + byJobs, failed, total: this.total, jobs: states });
  }

  /** One write after the other: the last state that was known is the one that stays. */
  private async save(run: Run): Promise<void> {
    this.run = run;
    const saved = this.saving.then(async () => this.deps.runs.write(this.run));
    this.saving = saved.catch(() => undefined);
    await saved;
  }
}

/** Waits for all of them; whoever fails is told of when the others have ended, and not in the middle of their work. */
async function all(lanes: readonly Promise<void>[]): Promise<void> {
  for (const end of await Promise.allSettled(lanes)) if (end.status === 'rejected') throw end.reason;
}
