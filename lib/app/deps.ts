import { type Policy } from '../policy/compile.ts';
import { type DelayQueue } from '../ports/delay-queue.ts';
import { type Documents } from '../ports/documents.ts';
import { type LockStore, type ObjectRef } from '../ports/lock-store.ts';
import { type Brake } from './brake.ts';
import { type EventClaims } from './event-claims.ts';
import { type PolicySource } from './policy-source.ts';
import { type RecordDeps } from './record-deps.ts';

/** What writing one lock needs, whoever asks for it. */
export interface WriteDeps {
  readonly store: LockStore;
  readonly clock: RecordDeps['clock'];
  readonly brake: Pick<Brake, 'pausedBecause' | 'admit'>;
}

/** What locking one version by the rules needs; a composition root builds it once. */
export interface LockDeps extends RecordDeps, WriteDeps {
  readonly policy: Policy;
  /** What stands in for event holds where the store has none; left out where there is no ledger to note it in. */
  readonly eventHolds?: EventClaims;
}

/** What answering queue messages needs. */
export interface MessageDeps extends Omit<LockDeps, 'policy'> {
  readonly policies: PolicySource;
  readonly queue: DelayQueue;
  readonly documents: Documents;
  /** Holds the version for every open matter that covers it; left out where there are no matters. */
  readonly arrivals?: (ref: ObjectRef, again: boolean) => Promise<void>;
  /** Whether a bucket is on the list of buckets: events name buckets that their sender chose. */
  readonly manages: (bucket: string) => boolean;
}
