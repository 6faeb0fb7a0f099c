/** A claim on the legal hold of a version that stands in for the event hold of a rule. */
import { type OutcomeCode } from '../audit/outcome.ts';
import { type EventHold } from '../policy/decide.ts';
import { type StoredVersion } from '../ports/lock-store.ts';

export interface ClaimPlaced {
  readonly outcome: OutcomeCode;
  readonly requestId?: string;
  readonly detail?: string;
}

export interface EventClaims {
  /**
   * Claims the legal hold of a version for a rule, and places it; doing it twice does it once.
   *
   * @throws HoldfastError `throttled` or `unreachable` when there was no verdict: it may be placed, and is claimed.
   */
  place(version: StoredVersion, hold: EventHold): Promise<ClaimPlaced>;
  /** Whether the event of a rule was reported for a version, and nothing has held it for that rule since. */
  isReported(version: StoredVersion, hold: EventHold): Promise<boolean>;
}
