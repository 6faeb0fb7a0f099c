/** Shows, approves and stops runs; loaded only when somebody asks for it. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { endNames, endsOf } from '../../lib/app/bulk-chunks.ts';
import { activeRuns, getRun } from '../../lib/app/bulk-runs.ts';
import { approveRun, cancelRun, heldRun, requireNotOver, requireWaiting } from '../../lib/app/decide-run.ts';
import { recordDeed } from '../../lib/app/record-deed.ts';
import { isOver as isEnded, type JobDeps } from '../../lib/app/run-job.ts';
import { recordStopped, stopJob } from '../../lib/app/stop-job.ts';
import { parseStoredPlan, readPlan } from '../../lib/aws/plan-folder.ts';
import { RunFolder } from '../../lib/aws/run-folder.ts';
import { S3BulkStore } from '../../lib/aws/s3-bulk-store.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type JobStatus } from '../../lib/ports/job-control.ts';
import { type GroupRun, isRunOver, type Run } from '../../lib/runs/run.ts';
import { failuresOf } from '../apply-text.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { clientOf, openDocuments, openRecording, ownerOf } from '../control.ts';
import { configBucket, recordingPlace } from '../control-options.ts';
import { openJobs, type JobOptions } from '../job-options.ts';
import { print, printJson, table, visible } from '../output.ts';
import { count, sayPlan } from '../plan-text.ts';
import { storeOn } from '../store-options.ts';

export interface RunsOptions extends JobOptions {
  readonly all?: true;
  readonly plans?: string;
  readonly json?: true;
  readonly yes?: true;
}

interface FailedVersion {
  readonly group: string;
  readonly key: string;
  readonly versionId: string;
  readonly outcome: string;
  readonly detail?: string | undefined;
}

const ID = /^run-[0-9a-f]{16}$/;
/** So many failures are named; the rest is counted. */
const NAMED = 20;
/** So often it is looked whether a job has stopped. */
const LOOKS = 20;

export async function runList(options: RunsOptions): Promise<void> {
  const runs = options.plans === undefined ? await deployedRuns(options) : await localRuns(options.plans);
  const shown = runs.filter((run) => options.all === true || !isRunOver(run));
  if (options.json === true) {
    printJson(shown);
    return;
  }
  if (shown.length === 0) {
    print(
      options.all === true
        ? 'There are no runs.'
        : 'No run is under way; --all shows those that are over too.',
    );
    return;
  }
  print(
    table(
      ['run', 'state', 'began', 'versions', 'groups done', 'from'],
      shown.map((run) => [
        run.id,
        run.state,
        run.started,
        count(versionsOf(run)),
        `${doneOf(run)} of ${Object.keys(run.groups).length}`,
        visible(run.source),
      ]),
    ),
  );
}

export async function runShow(name: string, options: RunsOptions): Promise<void> {
  const { run, failed } = ID.test(name) ? await deployed(name, options) : await local(name);
  if (options.json === true) {
    printJson({ ...run, failures: failed });
    return;
  }
  print(`${run.id}  ${run.state}, of ${run.plan}, begun ${run.started} by ${visible(run.by)}`);
  print(`  from      ${visible(run.source)}`);
  if (run.waitsFor.length > 0 && run.approvedBy === undefined)
    for (const text of run.waitsFor) print(`  waits     ${visible(text)}`);
  if (run.approvedBy !== undefined) print(`  approved  by ${visible(run.approvedBy)}`);
  if (run.ended !== undefined) print(`  ended     ${run.ended}`);
  print();
  print(
    table(
      ['group', 'engine', 'state', 'versions', 'as planned', 'failed', 'job'],
      Object.entries(run.groups).map(([id, group]) => [
        id,
        group.engine,
        group.state,
        count(group.versions),
        count(asPlanned(group)),
        group.failed === undefined ? '' : count(group.failed),
        visible([group.jobId, group.jobTrouble].filter((text) => text !== undefined).join(': ')),
      ]),
    ),
  );
  if (failed.length > 0) print();
  for (const { key, versionId, outcome, detail } of failed.slice(0, NAMED))
    print(
      `  ${visible(key)} version ${visible(versionId)}: ${outcome}${detail === undefined ? '' : ` (${visible(detail)})`}`,
    );
  if (failed.length > NAMED) print(`  … and ${failed.length - NAMED} more; --json names them`);
  if (run.state === 'waiting') {
    print();
    print(`Let it go ahead with: holdfast runs approve ${run.id}`);
  }
}

/** Versions that ended as planned, as far as it is known. */
function asPlanned({ state, versions, byJob, failed = 0, succeeded }: GroupRun): number {
  return succeeded ?? (state === 'done' ? versions - failed : byJob);
}

export async function runApprove(id: string, options: RunsOptions): Promise<void> {
  recordingPlace(options);
  const documents = await openDocuments(options);
  const held = await heldRun(id, documents);
  const { run } = held;
  requireWaiting(run);
  mustBeConfirmable(options.yes === true);
  const document = await documents.get(`${run.folder ?? ''}/plan.json`);
  sayPlan(parseStoredPlan(document?.body ?? '', run.folder ?? '').plan);
  print();
  for (const text of run.waitsFor) print(`waits, since ${visible(text)}`);
  if (options.yes !== true) await confirm('Let it go ahead?');
  const recording = await openRecording(options);
  await approveRun(held, documents, recording);
  print(`${id} goes ahead within five minutes`);
}

export async function runCancel(name: string, options: RunsOptions): Promise<void> {
  recordingPlace(options);
  const recording = await openRecording(options);
  if (ID.test(name)) {
    const documents = await openDocuments(options);
    await cancelRun(await heldRun(name, documents), documents, recording);
    print(`${name} is cancelled; its bulk jobs are stopped within five minutes`);
    return;
  }
  const { folder } = await readPlan(name);
  const runs = new RunFolder(folder);
  const lock = await runs.hold();
  try {
    const run = await runs.read();
    if (run === undefined) {
      throw new HoldfastError('bad-input', {
        what: `the plan in ${folder} was never applied`,
        next: 'there is nothing to stop',
      });
    }
    requireNotOver(run);
    await stopJobs(run, options, recording);
    await runs.write({ ...run, state: 'cancelled' });
    await recordDeed(
      { action: 'run-cancelled', policy: run.policy, cause: run.id, detail: `${run.id}: by hand` },
      recording,
    );
    print(`${run.id} is cancelled`);
  } finally {
    await lock.release();
  }
}

/** Stops the bulk jobs that are under way, and records what they have locked. */
async function stopJobs(
  run: Run,
  options: RunsOptions,
  recording: Awaited<ReturnType<typeof openRecording>>,
): Promise<void> {
  const open = Object.entries(run.groups).filter(([, { state }]) => state === 'job');
  if (open.length === 0) return;
  const store = storeOn(clientOf(options), options).store;
  const jobs = openJobs(options, { ...recording, store, latest: async () => systemClock.now() });
  if (jobs === undefined) {
    throw new HoldfastError('bad-input', {
      what: `${open.length} bulk jobs of ${run.id} are under way, and it is not known who may stop them`,
      next: 'name --batch-role and --config, as when the plan was applied',
    });
  }
  for (const [group, state] of open) {
    const status = await ended(await stopJob(run.plan, group, state, jobs), jobs);
    if (status !== undefined) await recordStopped({ run: run.id, policy: run.policy, group, status }, jobs);
  }
}

/** A job goes on for a moment after it was told to stop. */
async function ended(
  before: JobStatus | undefined,
  { jobs, clock, pollEvery }: JobDeps,
): Promise<JobStatus | undefined> {
  let status = before;
  for (let look = 0; status !== undefined && !isEnded(status) && look < LOOKS; look += 1) {
    await clock.wait(pollEvery);
    status = await jobs.describe(status.id);
  }
  return status;
}

async function deployedRuns(options: RunsOptions): Promise<Run[]> {
  const documents = await openDocuments(options);
  const ids = options.all === true ? await allIds(options) : await activeRuns(documents);
  const runs: Run[] = [];
  for (const id of ids) {
    const held = await getRun(id, documents);
    if (held !== undefined) runs.push(held.run);
  }
  return runs;
}

async function allIds(options: RunsOptions): Promise<string[]> {
  const bulk = new S3BulkStore(clientOf(options), configBucket(options), ownerOf(options));
  const ids: string[] = [];
  for await (const name of bulk.list('runs/')) {
    const id = /^runs\/(run-[0-9a-f]{16})\/run\.json$/.exec(name)?.[1];
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

async function localRuns(folder: string): Promise<Run[]> {
  if (!existsSync(folder)) {
    throw new HoldfastError('bad-input', {
      what: `there is no folder ${folder}`,
      next: 'name the folder that your plans are in with --plans',
    });
  }
  const places = [folder, ...readdirSync(folder).map((name) => join(folder, name))];
  const runs: Run[] = [];
  for (const place of places) {
    const run = existsSync(join(place, 'plan.json')) ? await new RunFolder(place).read() : undefined;
    if (run !== undefined) runs.push(run);
  }
  return runs;
}

async function deployed(id: string, options: RunsOptions): Promise<{ run: Run; failed: FailedVersion[] }> {
  const documents = await openDocuments(options);
  const { run } = await heldRun(id, documents);
  const bulk = new S3BulkStore(clientOf(options), configBucket(options), ownerOf(options));
  const failed: FailedVersion[] = [];
  for (const [group, { state, sending = 0 }] of Object.entries(run.groups)) {
    if (state !== 'direct' && state !== 'done') continue;
    const names = await endNames({ run: id, group, sending }, bulk);
    for await (const end of endsOf(names, documents))
      failed.push(...end.failed.map((version) => ({ group, ...version })));
  }
  return { run, failed };
}

/** How many versions of a group ended as planned so far, and how many did not; the last word about a version counts. */
async function countsOf(
  runs: RunFolder,
  group: string,
): Promise<{ readonly succeeded: number; readonly failed: number }> {
  const last = new Map<number, boolean>();
  for await (const { at, asPlanned } of runs.ends(group)) last.set(at, asPlanned || last.get(at) === true);
  const succeeded = [...last.values()].filter(Boolean).length;
  return { succeeded, failed: last.size - succeeded };
}

async function local(path: string): Promise<{ run: Run; failed: FailedVersion[] }> {
  const { plan, folder } = await readPlan(path);
  const runs = new RunFolder(folder);
  const run = await runs.read();
  if (run === undefined) {
    throw new HoldfastError('bad-input', {
      what: `the plan in ${folder} was never applied`,
      next: `apply it with holdfast apply ${folder}`,
    });
  }
  const ended = new Map<string, { succeeded: number; failed: number }>();
  for (const { id } of plan.groups) ended.set(id, await countsOf(runs, id));
  const failures = await failuresOf(runs, plan, 1_000);
  const failed = failures.map(({ group, ref: { key, versionId }, outcome, detail }) => ({
    group,
    key,
    versionId,
    outcome,
    detail,
  }));
  const groups = Object.fromEntries(
    Object.entries(run.groups).map(([id, group]) => {
      const { succeeded = 0, failed: bad = 0 } = ended.get(id) ?? {};
      return [id, { ...group, failed: bad, succeeded: group.byJob + succeeded }];
    }),
  );
  return { run: { ...run, groups }, failed };
}

function versionsOf({ groups }: Run): number {
  return Object.values(groups).reduce((sum, { versions }) => sum + versions, 0);
}

function doneOf({ groups }: Run): number {
  return Object.values(groups).filter(({ state }) => state === 'done').length;
}
