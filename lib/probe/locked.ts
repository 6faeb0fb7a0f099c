/** What most experiments share: a locked version, something tried against it, and a look at what is left. */
import { HoldfastError } from '../errors.ts';
import { ceilToSecond, type Instant, instantOf } from '../lock/instant.ts';
import { type Mode, noWeaker } from '../lock/state.ts';
import { answerText, type Finding, found, lookText, notTried } from './check.ts';
import {
  type Answer,
  Interfered,
  type Lab,
  type Lock,
  type Look,
  RefusedUpload,
  type Scratch,
} from './lab.ts';

/** A moment so many milliseconds from the store's now, in whole seconds, as every store keeps them. */
export const after = (lab: Lab, milliseconds: number): Instant =>
  ceilToSecond(instantOf(lab.now() + milliseconds));

export const shortLock = (lab: Lab, mode: Mode, spans = 1): Lock => ({
  mode,
  until: after(lab, lab.span * spans),
});

/** A version of its own under a lock of seconds, and the lock. */
export async function locked(
  lab: Lab,
  name: string,
  mode: Mode,
  spans = 1,
): Promise<{ version: Scratch; lock: Lock }> {
  const first = shortLock(lab, mode, spans);
  // A default rule would be longer than any lock of seconds; headers take its place.
  if (lab.isBornLocked) return { version: await lab.put(name, { lock: first }), lock: first };
  const version = await lab.put(name);
  const answer = await lab.retain(version, first);
  if (answer.took) return { version, lock: first };
  if (answer.status === 403 && lab.youngFor > 0) {
    await lab.wait(lab.youngFor);
    const lock = shortLock(lab, mode, spans);
    const again = await lab.retain(version, lock);
    if (again.took) return { version, lock };
  }
  if (answer.status === 403) {
    mustBeOurs(await lab.look(version), first.until);
    throw new HoldfastError('no-permission', {
      what: `lock a scratch version: the store denied it (${answer.code})`,
      next: 'the probe needs s3:PutObjectRetention',
    });
  }
  throw new RefusedUpload(answer);
}

/**
 * Tries what must fail, and judges by what is left of the version, not by what was answered.
 * What was let through counts only while the lock lasted.
 */
export async function mustHold(
  lab: Lab,
  version: Scratch,
  lock: Lock | 'hold',
  attempt: () => Promise<Answer>,
): Promise<Finding> {
  const answer = await attempt();
  const look = await lab.look(version);
  // A second of doubt: the Date header tells no more.
  if (lock !== 'hold' && lab.now() >= lock.until - 1_000)
    return notTried('the store answered later than the lock lasted');
  const held = keeps(look, lock, lab.now());
  return found(held, `${answerText(answer)}; ${held ? 'nothing changed' : lookText(look)}`);
}

function keeps(look: Look, lock: Lock | 'hold', now: Instant): boolean {
  if (!look.there) return false;
  if (lock === 'hold') return look.lock.hold === 'on';
  const before = { retention: { state: 'locked' as const, ...lock }, hold: 'none' as const };
  return noWeaker(before, look.lock, now);
}

/** Whether a version carries exactly this retention. */
export function carries(look: Look, lock: Lock | 'nothing'): boolean {
  if (!look.there) return false;
  const { retention } = look.lock;
  if (lock === 'nothing') return retention.state === 'none';
  return retention.state === 'locked' && retention.mode === lock.mode && retention.until === lock.until;
}

/** @throws Interfered where a lock lasts longer than any that the probe asked for: a rule, or a default. */
export function mustBeOurs(look: Look, latest: Instant): void {
  if (look.there && look.lock.retention.state === 'locked' && look.lock.retention.until > latest)
    throw new Interfered(lookText(look));
}

/** The finding of a look that should show exactly this retention. */
export function shows(look: Look, lock: Lock | 'nothing'): Finding {
  if (lock !== 'nothing') mustBeOurs(look, lock.until);
  const carried = carries(look, lock);
  return found(carried, lookText(look) + (carried || lock === 'nothing' ? '' : `, asked ${wish(lock)}`));
}

const wish = ({ mode, until }: Lock): string =>
  lookText({ there: true, lock: { retention: { state: 'locked', mode, until }, hold: 'none' } });
