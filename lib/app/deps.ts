import { type Policy } from '../policy/compile.ts';
import { type AuditLog } from '../ports/audit-log.ts';
import { type Clock } from '../ports/clock.ts';
import { type DelayQueue } from '../ports/delay-queue.ts';
import { type Documents } from '../ports/documents.ts';
import { type LockStore } from '../ports/lock-store.ts';
import { type Brake } from './brake.ts';
import { type PolicySource } from './policy-source.ts';

/** What everything that leaves a record needs. */
export interface RecordDeps {
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Who acts, as records name it. */
  readonly actor: string;
  /** A random id, for records. */
  readonly newId: () => string;
}

/** What locking one version needs; a composition root builds it once. */
export interface LockDeps extends RecordDeps {
  readonly store: LockStore;
  readonly policy: Policy;
  readonly brake: Pick<Brake, 'pausedBecause' | 'admit'>;
}

/** What answering queue messages needs. */
export interface MessageDeps extends Omit<LockDeps, 'policy'> {
  readonly policies: PolicySource;
  readonly queue: DelayQueue;
  readonly documents: Documents;
  /** Whether a bucket is on the list of buckets: events name buckets that their sender chose. */
  readonly manages: (bucket: string) => boolean;
}
