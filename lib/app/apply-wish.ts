/** Brings one version to one wish: what the law allows is written, read back and named. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { change, type Change, type Residual, type Wish, type Write } from '../lock/change.ts';
import { type Capabilities, type StoredVersion } from '../ports/lock-store.ts';
import { type WriteDeps } from './deps.ts';
import { sendWrite, type Sent } from './send-write.ts';
import { withinStore } from './store-limit.ts';

/** How one wish ended. */
export interface WishResult extends Sent {
  readonly write?: Write;
  readonly residual?: Residual;
}

/** Stores the intent of a write that cannot be taken back; the write waits for it. */
export type Intend = (write: Write) => Promise<void>;

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
  if (mustRead(made, wish, store.capabilities)) {
    const seen = await store.readLock(version.ref, 'retention');
    if (seen.kind !== 'seen') return { outcome: seen.kind, after: lock };
    lock = { ...lock, retention: seen.lock.retention };
    made = change(lock, wish, clock.now());
    if (mustRead(made, wish, store.capabilities)) {
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
  const result = await applyWrite({ ...version, lock }, write, deps, intend);
  // Somebody locked the version between our read and our write: the law is asked once more, of what is stored now.
  if (result.outcome === 'refused-by-lock' && !again) {
    return applyWish({ ...version, lock: result.after }, wish, deps, intend, true);
  }
  const covered = COVERS.has(result.outcome);
  return {
    ...result,
    write,
    outcome: covered && made.kind === 'mode-weaker' ? 'mode-weaker' : result.outcome,
    ...residual,
  };
}

const COVERS: ReadonlySet<OutcomeCode> = new Set(['locked', 'extended', 'event-hold-placed'] as const);

/** Whether the lock must be seen first, where the store itself would not refuse to weaken it. */
function mustRead(made: Change, wish: Wish, { refusesWeakening }: Capabilities): boolean {
  return (
    made.kind === 'must-see' ||
    (made.kind === 'cannot-tell' && wish.kind === 'retention' && !refusesWeakening)
  );
}

/**
 * Sends a write that the law allows: asks the brakes, stores the intent of what cannot be taken back, writes, and
 * reads back.
 *
 * @throws HoldfastError `throttled` or `unreachable` from the store.
 */
export async function applyWrite(
  version: StoredVersion,
  write: Write,
  deps: WriteDeps,
  intend: Intend,
): Promise<WishResult> {
  deps.store.requireWritable(write);
  const stopped = await stoppedBecause(write, version, deps);
  if (stopped !== undefined) return { ...stopped, after: version.lock, write };
  if (isIrrevocable(write)) await intend(write);
  return { ...(await sendWrite(version, write, deps)), write };
}

/** Under COMPLIANCE nobody can take it back; and whoever ends an event hold cannot hold the version as it was. */
function isIrrevocable(write: Write): boolean {
  return write.kind === 'event-hold-off' || (write.kind !== 'hold-on' && write.mode === 'COMPLIANCE');
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
  // Releasing brings nothing newly under COMPLIANCE.
  if (write.mode !== 'COMPLIANCE' || write.kind === 'event-hold-off') return undefined;
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
    case 'must-see':
      return 'no-permission';
    case 'refused':
      return made.code;
    case 'mode-weaker':
    case 'mode-stricter':
    case 'term-over':
      return made.kind;
  }
}
