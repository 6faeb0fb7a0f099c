/** One task of a bulk job that hands versions to our function: read, decided once more, written, recorded. */
import { OUTCOMES } from '../audit/outcome.ts';
import { HoldfastError } from '../errors.ts';
import { type Instant, parseInstant } from '../lock/instant.ts';
import { type Planned } from '../plan/still-wanted.ts';
import { type VersionRef } from '../ports/lock-store.ts';
import { applyPlanned } from './apply-planned.ts';
import { type LockDeps } from './deps.ts';

/** What the job was given to say of each version. */
export interface TaskTerms {
  readonly run: string;
  readonly policy: string;
  readonly planned: Planned;
}

export type TaskEnd =
  | { readonly code: 'Succeeded'; readonly text: string }
  /** The store gave no verdict, or Holdfast is paused: the job asks again. */
  | { readonly code: 'TemporaryFailure'; readonly text: string }
  | { readonly code: 'PermanentFailure'; readonly text: string };

/** @throws HoldfastError where a record could not be stored. */
export async function handleTask(ref: VersionRef, terms: TaskTerms, deps: LockDeps): Promise<TaskEnd> {
  if (deps.policy.hash !== terms.policy)
    return { code: 'PermanentFailure', text: 'moved: the policy changed since the plan' };
  try {
    const { outcome, asPlanned, detail } = await applyPlanned(ref, terms.planned, terms.run, deps);
    const text = detail === undefined ? outcome : `${outcome}: ${detail}`;
    if (asPlanned) return { code: 'Succeeded', text };
    return outcome === 'paused' || OUTCOMES[outcome].retry
      ? { code: 'TemporaryFailure', text }
      : { code: 'PermanentFailure', text };
  } catch (cause) {
    if (cause instanceof HoldfastError && (cause.code === 'throttled' || cause.code === 'unreachable'))
      return { code: 'TemporaryFailure', text: cause.message };
    throw cause;
  }
}

/**
 * The terms of a job as its user arguments; undefined where they are none of ours.
 *
 * @param mostTolerance - by how much a date may be later than its rule asks, in this deployment (milliseconds).
 */
export function termsOf(
  given: Readonly<Record<string, string>>,
  mostTolerance: number,
): TaskTerms | undefined {
  const { run, policy, to, until, tolerance } = given;
  if (run === undefined || policy === undefined) return undefined;
  if (to === 'hold') return { run, policy, planned: { to } };
  if (to !== 'GOVERNANCE' && to !== 'COMPLIANCE') return undefined;
  const date = until === undefined ? undefined : dateOf(until);
  if (date === undefined || !/^\d{1,15}$/.test(tolerance ?? '')) return undefined;
  return { run, policy, planned: { to, until: date, tolerance: Math.min(Number(tolerance), mostTolerance) } };
}

function dateOf(text: string): Instant | undefined {
  try {
    return parseInstant(text);
  } catch {
    return undefined;
  }
}
