/** Brings one version to one wish: what the law allows is written, read back and named. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { afterWrite, change, type Change, type Residual, type Wish, type Write } from '../lock/change.ts';
import { type Instant } from '../lock/instant.ts';
import { activeRetention, type LockState } from '../lock/state.ts';
import { type LockAnswer, type StoredVersion, type WriteAnswer } from '../ports/lock-store.ts';
import { type WriteDeps } from './deps.ts';
import { withinStore } from './store-limit.ts';

/** How one wish ended. */
export interface WishResult {
  readonly outcome: OutcomeCode;
  readonly write?: Write;
  readonly after: LockState;
  readonly residual?: Residual;
  readonly requestId?: string;
  readonly detail?: string;
  /** How often the write was sent, where that was more than once. */
  readonly attempts?: number;
}

/** Stores the intent of a write that cannot be taken back; the write waits for it. */
export type Intend = (write: Write) => Promise<void>;

/** Before a denial of a young object is believed, it is tried again after these pauses (milliseconds). */
const PAUSES = [250, 750];

/**
 * Applies one wish to a version.
 *
 * 1. Ask the law; where the lock was not seen and the store is not known to refuse weakening, read it first.
 * 2. Nothing to write: answer why.
 * 3. Ask the brakes.
 * 4. Store the intent of a COMPLIANCE write.
 * 5. Write, pinned to the version.
 * 6. Accepted: read back. Denied: read again, and let the stored lock tell refusal from missing permission.
 *
 * @throws HoldfastError `throttled` or `unreachable` from the store.
 */
export async function applyWish(
  version: StoredVersion,
  asked: Wish,
  deps: WriteDeps,
  intend: Intend,
  again = false,
): Promise<WishResult> {
  const { store, clock } = deps;
  const wish = withinStore(asked, store.capabilities);
  let lock = version.lock;
  let made = change(lock, wish, clock.now());
  if (made.kind === 'cannot-tell' && wish.kind === 'retention' && !store.capabilities.refusesWeakening) {
    const seen = await store.readLock(version.ref, 'retention');
    if (seen.kind !== 'seen') return { outcome: seen.kind, after: lock };
    lock = { ...lock, retention: seen.lock.retention };
    made = change(lock, wish, clock.now());
    if (made.kind === 'cannot-tell') {
      return {
        outcome: 'no-permission',
        after: lock,
        detail: 's3:GetObjectRetention is needed to see the lock first',
      };
    }
  }
  const residual = 'residual' in made ? { residual: made.residual } : {};
  if (!('write' in made)) return { outcome: withoutWrite(made), after: lock, ...residual };

  const { write } = made;
  store.requireWritable(write);
  const stopped = await stoppedBecause(write, version, deps);
  if (stopped !== undefined) return { ...stopped, after: lock, write, ...residual };
  if (write.kind === 'retention' && write.mode === 'COMPLIANCE') await intend(write);
  const result = await send({ ...version, lock }, write, deps);
  // Somebody locked the version between our read and our write: the law is asked once more, of what is stored now.
  if (result.outcome === 'refused-by-lock' && !again) {
    return applyWish({ ...version, lock: result.after }, wish, deps, intend, true);
  }
  const covered = result.outcome === 'locked' || result.outcome === 'extended';
  return {
    ...result,
    write,
    outcome: covered && made.kind === 'mode-weaker' ? 'mode-weaker' : result.outcome,
    ...residual,
  };
}

/**
 * Why a write must not be sent now. Holds are always placed.
 * A short COMPLIANCE lock grown to years is as irrevocable as a new one, so both count.
 */
async function stoppedBecause(
  write: Write,
  { size }: StoredVersion,
  { brake }: WriteDeps,
): Promise<{ outcome: 'paused' | 'over-breaker'; detail: string } | undefined> {
  if (write.kind === 'hold-on') return undefined;
  const paused = await brake.pausedBecause();
  if (paused !== undefined) return { outcome: 'paused', detail: paused };
  if (write.mode !== 'COMPLIANCE') return undefined;
  const refused = await brake.admit({ versions: 1, bytes: size === 'unknown' ? 0 : size });
  return (
    refused && { outcome: refused.why === 'tripped' ? 'paused' : 'over-breaker', detail: refused.reason }
  );
}

/** Why nothing is written. */
function withoutWrite(made: Exclude<Change, { write: Write }>): OutcomeCode {
  switch (made.kind) {
    case 'nothing':
      return 'found-in-place';
    case 'refused':
      return made.code;
    case 'mode-weaker':
    case 'mode-stricter':
    case 'term-over':
      return made.kind;
  }
}

async function send(version: StoredVersion, write: Write, deps: WriteDeps): Promise<WishResult> {
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
): Promise<WishResult> {
  const wasLocked = activeRetention(version.lock.retention, deps.clock.now()).state === 'locked';
  const done: OutcomeCode = write.kind === 'hold-on' ? 'held' : wasLocked ? 'extended' : 'locked';
  const id = requestId === undefined ? {} : { requestId };
  if (deps.store.capabilities.confirmMayBeSkipped)
    return { outcome: done, after: afterWrite(version.lock, write), ...id };

  const answer = await readAgain(version, write, deps);
  if (answer.kind !== 'seen') {
    const detail = `the store accepted the lock, and then said of the version: ${answer.kind}`;
    return { outcome: 'not-confirmed', after: version.lock, detail, ...id };
  }
  const { lock: after } = answer;
  if (satisfies(after, write)) return { outcome: done, after, ...id };
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
): Promise<WishResult> {
  const id = requestId === undefined ? {} : { requestId };
  const answer = await readAgain(version, write, deps);
  if (answer.kind !== 'seen') return { outcome: answer.kind, after: version.lock, ...id };
  const { lock: after } = answer;
  if (satisfies(after, write)) return { outcome: 'already-right', after, ...id };
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

/** Whether a lock that was read does what was written: at least this date, in this mode or a stricter one. */
function satisfies({ retention, hold }: LockState, write: Write): boolean {
  if (write.kind === 'hold-on') return hold === 'on';
  return (
    retention.state === 'locked' &&
    retention.until >= write.until &&
    (retention.mode === write.mode || retention.mode === 'COMPLIANCE')
  );
}

/** Whether a stored lock is a reason for a store to refuse a write. */
function explains({ retention }: LockState, write: Write, now: Instant): boolean {
  const stored = activeRetention(retention, now);
  if (write.kind === 'hold-on' || stored.state !== 'locked') return false;
  return stored.until > write.until || stored.mode !== write.mode;
}

function namedAnswer(
  answer: Exclude<WriteAnswer, { kind: 'accepted' | 'denied' }>,
): Omit<WishResult, 'after'> {
  if (answer.kind !== 'rejected') return { outcome: answer.kind };
  const id = answer.requestId === undefined ? {} : { requestId: answer.requestId };
  return { outcome: 'rejected', detail: `the store answered ${answer.code}`, ...id };
}
