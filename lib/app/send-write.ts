/** Sends one write, and names how it ended: what was accepted is read back, and what was denied is explained. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { afterWrite, type Write } from '../lock/change.ts';
import { isAtLeast } from '../lock/duration.ts';
import { type Instant } from '../lock/instant.ts';
import { activeRetention, type LockState } from '../lock/state.ts';
import { type LockAnswer, type StoredVersion, type WriteAnswer } from '../ports/lock-store.ts';
import { type WriteDeps } from './deps.ts';

/** How one write ended. */
export interface Sent {
  readonly outcome: OutcomeCode;
  readonly after: LockState;
  readonly requestId?: string;
  readonly detail?: string;
  /** How often the write was sent, where that was more than once. */
  readonly attempts?: number;
}

/** Before a denial of a young object is believed, it is tried again after these pauses (milliseconds). */
const PAUSES = [250, 750];

/**
 * Sends a write, once more where a young object may have been denied too early.
 *
 * @throws HoldfastError `throttled` or `unreachable` from the store.
 */
export async function sendWrite(version: StoredVersion, write: Write, deps: WriteDeps): Promise<Sent> {
  const { store, clock } = deps;
  const pauses = clock.now() - version.created < store.capabilities.youngFor ? [...PAUSES] : [];
  for (;;) {
    const answer = await store.write(version.ref, write);
    if (answer.kind === 'accepted') {
      const { attempts } = answer;
      const confirmed = await confirm(version, write, answer.requestId, deps);
      return attempts === undefined ? confirmed : { ...confirmed, attempts };
    }
    if (answer.kind !== 'denied') return { ...namedAnswer(answer), after: version.lock };
    const verdict = await explainDenial(version, write, answer, deps);
    const pause = verdict.outcome === 'no-permission' ? pauses.shift() : undefined;
    if (pause === undefined) return verdict;
    await clock.wait(pause);
  }
}

async function confirm(
  version: StoredVersion,
  write: Write,
  requestId: string | undefined,
  deps: WriteDeps,
): Promise<Sent> {
  const now = deps.clock.now();
  const done = doneBy(write, version.lock, now);
  const id = requestId === undefined ? {} : { requestId };
  if (deps.store.capabilities.confirmMayBeSkipped)
    return { outcome: done, after: afterWrite(version.lock, write, now), ...id };

  const answer = await readAgain(version, write, deps);
  if (answer.kind !== 'seen') {
    const detail = `the store accepted the lock, and then said of the version: ${answer.kind}`;
    return { outcome: 'not-confirmed', after: version.lock, detail, ...id };
  }
  const { lock: after } = answer;
  if (satisfies(after, write, version.lock)) return { outcome: done, after, ...id };
  const [unseen, action] =
    write.kind === 'hold-on'
      ? [after.hold === 'absent', 's3:GetObjectLegalHold']
      : [after.retention.state === 'absent', 's3:GetObjectRetention'];
  const detail = unseen
    ? `${action} is needed to read the lock back`
    : 'the store shows another lock than it accepted';
  return { outcome: 'not-confirmed', after, detail, ...id };
}

/** A refusal by a lock and a missing permission look alike; the stored lock tells them apart. */
async function explainDenial(
  version: StoredVersion,
  write: Write,
  { requestId, code }: Extract<WriteAnswer, { kind: 'denied' }>,
  deps: WriteDeps,
): Promise<Sent> {
  const id = requestId === undefined ? {} : { requestId };
  const answer = await readAgain(version, write, deps);
  if (answer.kind !== 'seen') return { outcome: answer.kind, after: version.lock, ...id };
  const { lock: after } = answer;
  if (satisfies(after, write, version.lock)) return { outcome: 'already-right', after, ...id };
  if (explains(after, write, deps.clock.now())) return { outcome: 'refused-by-lock', after, ...id };
  if (code !== undefined) return { outcome: 'rejected', after, detail: `the store answered ${code}`, ...id };
  return { outcome: 'no-permission', after, detail: missingPermission(after, write), ...id };
}

/** Where the lock may not be seen, its refusal cannot be told from a missing permission to write. */
function missingPermission({ retention }: LockState, write: Write): string {
  if (write.kind === 'hold-on') return 's3:PutObjectLegalHold was denied';
  return retention.state === 'absent'
    ? 's3:PutObjectRetention was denied, or a longer lock refused it: s3:GetObjectRetention is needed to tell'
    : 's3:PutObjectRetention was denied';
}

/** Reads back the part of the lock that was written; the other part stays as it was seen before. */
async function readAgain({ ref, lock }: StoredVersion, write: Write, deps: WriteDeps): Promise<LockAnswer> {
  const part = write.kind === 'hold-on' ? 'hold' : 'retention';
  const answer = await deps.store.readLock(ref, part);
  return answer.kind === 'seen' ? { kind: 'seen', lock: { ...lock, [part]: answer.lock[part] } } : answer;
}

/** What a write did that was confirmed. */
function doneBy(write: Write, before: LockState, now: Instant): OutcomeCode {
  const stored = activeRetention(before.retention, now);
  switch (write.kind) {
    case 'hold-on':
      return 'held';
    case 'retention':
      return stored.state === 'locked' ? 'extended' : 'locked';
    case 'event-hold-on':
      return stored.state === 'locked' && stored.eventHeld ? 'extended' : 'event-hold-placed';
    case 'event-hold-off':
      return 'event-released';
  }
}

/** Whether a lock that was read does what was written: at least this date, in this mode or a stricter one. */
function satisfies({ retention, hold }: LockState, write: Write, before: LockState): boolean {
  if (write.kind === 'hold-on') return hold === 'on';
  if (retention.state !== 'locked') return false;
  if (retention.mode !== write.mode && retention.mode !== 'COMPLIANCE') return false;
  if (write.until !== undefined && retention.until < write.until) return false;
  switch (write.kind) {
    case 'retention':
      return true;
    case 'event-hold-on':
      return retention.eventHold !== undefined && isAtLeast(retention.eventHold, write.duration);
    case 'event-hold-off':
      // The date that a store told while the hold was on is the least that it may fix; some tell no milliseconds.
      return retention.eventHeld === undefined && retention.until > dateOf(before) - 1_000;
  }
}

function dateOf({ retention }: LockState): number {
  return retention.state === 'locked' ? retention.until : 0;
}

/** Whether a stored lock is a reason for a store to refuse a write. */
function explains({ retention }: LockState, write: Write, now: Instant): boolean {
  const stored = activeRetention(retention, now);
  if (write.kind === 'hold-on' || stored.state !== 'locked') return false;
  return stored.mode !== write.mode || (write.until !== undefined && stored.until > write.until);
}

function namedAnswer(answer: Exclude<WriteAnswer, { kind: 'accepted' | 'denied' }>): Omit<Sent, 'after'> {
  if (answer.kind !== 'rejected') return { outcome: answer.kind };
  const id = answer.requestId === undefined ? {} : { requestId: answer.requestId };
  return { outcome: 'rejected', detail: `the store answered ${answer.code}`, ...id };
}
