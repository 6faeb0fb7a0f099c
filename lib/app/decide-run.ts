/** Lets a run that waits go ahead, or stops one: the decision of a person. */
import { HoldfastError } from '../errors.ts';
import { formatInstant } from '../lock/instant.ts';
import { type Documents } from '../ports/documents.ts';
import { isRunOver, type Run } from '../runs/run.ts';
import { getRun, type HeldRun, putRun } from './bulk-runs.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

/** @throws HoldfastError `no-such-run` */
export async function heldRun(id: string, documents: Documents): Promise<HeldRun> {
  const held = /^run-[0-9a-f]{16}$/.test(id) ? await getRun(id, documents) : undefined;
  if (held !== undefined) return held;
  throw new HoldfastError('no-such-run', {
    what: `there is no run ${JSON.stringify(id)}`,
    next: 'see which there are with holdfast runs list --all',
  });
}

/** @throws HoldfastError `moved` where it does not wait, or was changed meanwhile. */
export async function approveRun(held: HeldRun, documents: Documents, recording: RecordDeps): Promise<Run> {
  const { run } = held;
  requireWaiting(run);
  const approved: Run = { ...run, state: 'approved', approvedBy: recording.actor };
  await replace(held, approved, documents);
  const detail = `${run.id}: ${run.waitsFor.join('; ')}`;
  await recordDeed({ action: 'run-approved', policy: run.policy, cause: run.id, detail }, recording);
  return approved;
}

/** @throws HoldfastError `moved` where there is nothing to stop. */
export async function cancelRun(held: HeldRun, documents: Documents, recording: RecordDeps): Promise<Run> {
  const { run } = held;
  requireNotOver(run);
  const cancelled: Run = { ...run, state: 'cancelled', cancelledAt: formatInstant(recording.clock.now()) };
  await replace(held, cancelled, documents);
  const detail = `${run.id}: by hand`;
  await recordDeed({ action: 'run-cancelled', policy: run.policy, cause: run.id, detail }, recording);
  return cancelled;
}

/** @throws HoldfastError `moved` */
export function requireWaiting(run: Run): void {
  if (run.state === 'waiting') return;
  throw new HoldfastError('moved', {
    what: `${run.id} does not wait for approval: it is ${run.state}`,
    next: `look at it with holdfast runs show ${run.id}`,
  });
}

/** @throws HoldfastError `run-over` */
export function requireNotOver(run: Run): void {
  if (!isRunOver(run)) return;
  throw new HoldfastError('run-over', {
    what: `${run.id} is over: it is ${run.state}`,
    next: 'there is nothing to stop',
  });
}

async function replace({ etag }: HeldRun, run: Run, documents: Documents): Promise<void> {
  if ((await putRun(run, { etag }, documents)) !== undefined) return;
  throw new HoldfastError('moved', {
    what: `${run.id} was changed by somebody else at the same moment`,
    next: `look at it with holdfast runs show ${run.id}, and try again`,
  });
}
