/** One step of a run in a deployment: whatever can be begun is begun, whatever has ended is noted; nothing is waited for. */
import { HoldfastError } from '../errors.ts';
import { formatInstant, parseInstant } from '../lock/instant.ts';
import { type Group, type Manifests, type Plan, type StoredPlan } from '../plan/plan.ts';
import { type BulkStore } from '../ports/bulk-store.ts';
import { type Documents } from '../ports/documents.ts';
import { type JobManifest } from '../ports/job-control.ts';
import { type GroupRow, groupRowOf } from '../ports/run-store.ts';
import { type WorkQueue } from '../ports/work-queue.ts';
import { filtered } from '../runs/rows.ts';
import { type GroupRun, type Run, withGroup } from '../runs/run.ts';
import { endNames, endsOf, sendChunks } from './bulk-chunks.ts';
import { deactivate, getRun, putRun } from './bulk-runs.ts';
import { type PolicySource } from './policy-source.ts';
import { recordDeed } from './record-deed.ts';
import { placeOf, readReport } from './read-report.ts';
import { beginJob, endJob, findJob, isOver, type JobDeps, type JobWork } from './run-job.ts';
import { recordStopped, stopJob } from './stop-job.ts';

export interface StepDeps extends JobDeps {
  readonly documents: Documents;
  readonly bulk: BulkStore;
  readonly policies: PolicySource;
  /** Where pieces of work for the direct engine go. */
  readonly changes: WorkQueue;
  /** The plan of a folder, checked against its own id. */
  readonly readPlan: (folder: string) => Promise<StoredPlan>;
  readonly pausedBecause: () => Promise<string | undefined>;
  /** Whether a bucket is on the list of buckets. */
  readonly manages: (bucket: string) => boolean;
  /** How the deployment reads policies: its cap, and what rules do that do not say. */
  readonly reading: string;
}

export type StepResult = 'waits' | 'paused' | 'goes-on' | 'over' | 'elsewhere';

/** A piece that has not ended after so long was lost, and the group is sent again (milliseconds). */
const LOST = 6 * 3_600_000;

/** A job that was being made when its run was cancelled turns up within this time (milliseconds). */
const ORPHANS = 15 * 60_000;

/** Somebody else is taking a step with this run at the same moment, and goes on with it. */
class Elsewhere extends Error {
  override readonly name = 'Elsewhere';
}

export async function stepRun(id: string, deps: StepDeps): Promise<StepResult> {
  const held = await getRun(id, deps.documents);
  if (held === undefined) return 'over';
  try {
    return await new Step(held.run, held.etag, deps).take();
  } catch (cause) {
    if (cause instanceof Elsewhere) return 'elsewhere';
    throw cause;
  }
}

class Step {
  private readonly deps: StepDeps;
  private run: Run;
  private etag: string;
  private manifests: Manifests = {};

  constructor(run: Run, etag: string, deps: StepDeps) {
    this.run = run;
    this.etag = etag;
    this.deps = deps;
  }

  async take(): Promise<StepResult> {
    const { run, deps } = this;
    if (run.state === 'done' || run.state === 'partly-failed') return this.over();
    // Stopping needs neither a plan nor a policy that can be read.
    if (run.state === 'cancelled') return this.stopJobs();
    const { plan, manifests, seal } = await deps.readPlan(run.folder ?? '');
    if (plan.id !== run.plan || (run.seal !== undefined && run.seal !== seal))
      throw new Error(`${run.folder ?? ''} holds another plan than ${run.id} is a run of`);
    const why = await this.outdatedBecause(plan);
    if (why !== undefined) return this.cancel(why);
    if (run.state === 'waiting') return 'waits';
    const isPaused = (await deps.pausedBecause()) !== undefined;
    // Holds are always placed; a run without any waits as it is.
    if (isPaused && run.state === 'approved' && plan.groups.every(({ to }) => to !== 'hold')) return 'paused';
    if (run.state === 'approved') {
      // Whoever saves it first records it: two that step at once make one record.
      await this.save({ ...run, state: 'running' });
      await this.record(
        'run-started',
        `${run.id}: ${plan.changes.versions} versions in ${plan.groups.length} groups`,
      );
    }
    this.manifests = manifests;
    await this.groups(plan, isPaused);
    const states = Object.values(this.run.groups);
    if (states.every(({ state }) => state === 'done')) return this.end(plan);
    return isPaused ? 'paused' : 'goes-on';
  }

  /** Why a run may not begin, or not go on. */
  private async outdatedBecause(plan: Plan): Promise<string | undefined> {
    const { run, deps } = this;
    const policy = await deps.policies.current();
    if (policy.hash !== run.policy) return 'the policy changed: the next schedule plans by the new one';
    if (run.reading !== undefined && run.reading !== deps.reading)
      return 'the deployment changed its cap, or whether rules are applied';
    if (run.state !== 'running' && parseInstant(plan.goodUntil) < deps.clock.now())
      return 'its listing became too old before it began';
    const foreign = plan.groups.find(({ bucket }) => !deps.manages(bucket));
    return foreign && `${foreign.bucket} is not managed any more`;
  }

  private async groups(plan: Plan, isPaused: boolean): Promise<void> {
    let failure: { readonly cause: unknown } | undefined;
    for (const group of plan.groups) {
      const { state } = this.stateOf(group);
      // What was begun goes on by itself, and holds are always placed.
      if (isPaused && state === 'todo' && group.to !== 'hold') continue;
      try {
        await this.group(plan, group);
      } catch (cause) {
        if (cause instanceof Elsewhere) throw cause;
        // The other groups take their step all the same.
        failure ??= { cause };
      }
    }
    if (failure !== undefined) throw failure.cause;
  }

  /** The list for a job. A job takes only what has this ETag: a list that is changed after the check is refused. */
  private async manifest(group: Group): Promise<JobManifest> {
    const manifest = await this.deps.jobs.manifestAt(this.groupFile(group));
    await this.check(group);
    return manifest;
  }

  /** Law 9: the list of a group is the one that was planned. */
  private async check(group: Group): Promise<void> {
    const name = this.groupFile(group);
    const expected = this.manifests[group.id];
    const isSame =
      expected?.rows === group.versions && (await this.deps.bulk.digest(name)) === expected.sha256;
    if (isSame) return;
    throw new HoldfastError('moved', {
      what: `${name} was changed after the plan was made`,
      next: `cancel ${this.run.id}; the next schedule plans anew`,
    });
  }

  private async group(plan: Plan, group: Group): Promise<void> {
    const state = this.stateOf(group);
    if (state.state === 'done') return;
    if (state.state === 'direct') return this.look(plan, group, state);
    if (state.engine === 'direct') return this.send(plan, group, undefined);
    const { deps } = this;
    const work = this.jobWork(plan, group, state);
    let jobId: string | undefined;
    try {
      jobId = await beginJob(work, deps, async (change) =>
        this.save(withGroup(this.run, group.id, { sentAt: formatInstant(deps.clock.now()), ...change })),
      );
    } catch (cause) {
      if (cause instanceof Elsewhere) await this.stopOrphan(group, work.state);
      throw cause;
    }
    // Too late for a job: each version is looked at.
    if (jobId === undefined) return this.send(plan, group, undefined);
    const status = await deps.jobs.describe(jobId);
    // A job that was just made may be unknown for a moment; one that stays unknown is not waited for.
    const isUnknown = status === undefined && this.isLost(this.stateOf(group));
    if (!isUnknown && (status === undefined || !isOver(status))) return;
    const { byJob, left, failed, trouble } = await endJob(work, jobId, status, deps);
    const known = { byJob, ...(trouble !== undefined && { jobTrouble: trouble }) };
    if (left === 'none')
      return this.save(withGroup(this.run, group.id, { ...known, state: 'done', failed: 0 }));
    await this.save(withGroup(this.run, group.id, known));
    await this.send(plan, group, left === 'all' ? undefined : failed);
  }

  /** Sends the versions of a group, or those that a job failed to lock, to the functions of the direct engine. */
  private async send(
    plan: Plan,
    group: Group,
    only: ReadonlySet<string> | undefined,
    sending = this.nextSending(group),
  ): Promise<void> {
    await this.check(group);
    const { run, deps } = this;
    const chosen = filtered(this.rows(group), ({ ref }) => only === undefined || only.has(placeOf(ref)));
    const terms = { run: run.id, policy: run.policy, tolerance: plan.tolerance, group, sending };
    const { chunks, versions } = await sendChunks(terms, chosen, deps.changes);
    // The report names a version that the list does not: nobody knows which is meant, so each is looked at.
    if (only !== undefined && versions < only.size) return this.send(plan, group, undefined, sending + 1);
    const sentAt = formatInstant(deps.clock.now());
    await this.save(withGroup(this.run, group.id, { state: 'direct', chunks, sentAt, sending }));
  }

  /** Pieces that are sent again are numbered anew: the ends of earlier ones do not count for them. */
  private nextSending(group: Group): number {
    const { state, sending = 0 } = this.stateOf(group);
    return state === 'direct' ? sending + 1 : 0;
  }

  /** Counts the pieces that have ended. */
  private async look(plan: Plan, group: Group, known: GroupRun): Promise<void> {
    const { chunks = 0, byJob, sending = 0 } = known;
    const { bulk, documents } = this.deps;
    const names = await endNames({ run: this.run.id, group: group.id, sending }, bulk);
    // A group may have many thousand pieces: they are read once, when all have ended.
    if (names.length >= chunks) {
      let failed = 0;
      for await (const end of endsOf(names, documents)) failed += end.failed.length;
      return this.save(withGroup(this.run, group.id, { state: 'done', failed }));
    }
    // All of it, since nobody knows which: what is locked is found in place.
    if (this.isLost(known))
      await this.send(plan, group, byJob > 0 ? await this.unlocked(plan, group) : undefined);
  }

  private isLost({ sentAt }: GroupRun): boolean {
    return sentAt !== undefined && parseInstant(sentAt) + LOST < this.deps.clock.now();
  }

  /** What a job failed to lock is not kept: its report, which was recorded, is read again. */
  private async unlocked(plan: Plan, group: Group): Promise<ReadonlySet<string> | undefined> {
    const state = this.stateOf(group);
    if (state.jobId === undefined) return undefined;
    const status = await this.deps.jobs.describe(state.jobId);
    const end = await readReport(this.jobWork(plan, group, state), state.jobId, status, this.deps);
    return end.left === 'some' ? end.failed : undefined;
  }

  private async end(plan: Plan): Promise<StepResult> {
    const failed = Object.values(this.run.groups).reduce((sum, group) => sum + (group.failed ?? 0), 0);
    const total = plan.changes.versions;
    const state = failed === 0 ? 'done' : 'partly-failed';
    // A run that is over is not looked at again: its record comes first (law 7).
    await this.record(
      'run-ended',
      `${this.run.id}: ${total - failed} of ${total} versions as planned, ${failed} not`,
    );
    await this.save({ ...this.run, state, ended: formatInstant(this.deps.clock.now()) });
    return this.over();
  }

  private async cancel(why: string): Promise<StepResult> {
    const cancelledAt = formatInstant(this.deps.clock.now());
    await this.save({ ...this.run, state: 'cancelled', cancelledAt });
    await this.record('run-cancelled', `${this.run.id}: ${why}`);
    return this.stopJobs();
  }

  /**
   * Stops the jobs that are under way; what they have locked stays locked, and is recorded when they have ended. The
   * run is over when no job is left, and when none that was just being made can turn up any more.
   */
  private async stopJobs(): Promise<StepResult> {
    let isOpen = false;
    const { run, deps } = this;
    for (const [id, group] of Object.entries(run.groups)) {
      if (group.state !== 'job') continue;
      const status = await stopJob(run.plan, id, group, deps);
      if (status === undefined) isOpen ||= this.isJustCancelled();
      else if (isOver(status)) {
        await recordStopped({ run: run.id, policy: run.policy, group: id, status }, deps);
        await this.save(withGroup(this.run, id, { state: 'done', jobId: status.id }));
      } else isOpen = true;
    }
    return isOpen ? 'goes-on' : this.over();
  }

  private isJustCancelled(): boolean {
    const { cancelledAt } = this.run;
    return cancelledAt !== undefined && parseInstant(cancelledAt) + ORPHANS > this.deps.clock.now();
  }

  /** The run was changed while its job was being made: if it was cancelled, nobody else would stop the job. */
  private async stopOrphan({ id }: Group, { attempt, state }: GroupRun): Promise<void> {
    const held = await getRun(this.run.id, this.deps.documents);
    if (held?.run.state !== 'cancelled') return;
    const made = state === 'job' ? attempt : attempt + 1;
    const jobId = await findJob({ plan: this.run.plan, group: { id }, attempt: made }, this.deps);
    if (jobId !== undefined) await this.deps.jobs.cancel(jobId);
  }

  private async over(): Promise<StepResult> {
    await deactivate(this.run.id, this.deps.documents);
    return 'over';
  }

  private jobWork(plan: Plan, group: Group, state: GroupRun): JobWork {
    return {
      run: this.run.id,
      plan: plan.id,
      policy: this.run.policy,
      group: { ...group, engine: state.engine },
      state,
      manifest: async () => this.manifest(group),
      goodUntil: parseInstant(plan.goodUntil),
      listed: this.manifests[group.id]?.sha256,
      tolerance: plan.tolerance,
      rows: () => this.rows(group),
    };
  }

  private async *rows(group: Group): AsyncGenerator<GroupRow> {
    let at = 0;
    for await (const line of this.deps.bulk.lines(this.groupFile(group))) {
      const row = groupRowOf(line, at);
      if (row === undefined) throw new Error(`${this.groupFile(group)} cannot be read, line ${at + 1}`);
      yield row;
      at += 1;
    }
    if (at !== group.versions)
      throw new Error(`${this.groupFile(group)} lists ${at} versions, and the plan ${group.versions}`);
  }

  private groupFile({ id }: Group): string {
    return `${this.run.folder ?? ''}/groups/${id}.csv`;
  }

  private stateOf({ id }: Group): GroupRun {
    const state = this.run.groups[id];
    if (state === undefined) throw new Error(`the run knows no group ${id}`);
    return state;
  }

  private async save(run: Run): Promise<void> {
    const written = await putRun(run, { etag: this.etag }, this.deps.documents);
    if (written === undefined) throw new Elsewhere();
    this.run = run;
    this.etag = written.etag;
  }

  private async record(action: 'run-started' | 'run-ended' | 'run-cancelled', detail: string): Promise<void> {
    await recordDeed({ action, policy: this.run.policy, cause: this.run.id, detail }, this.deps);
  }
}
