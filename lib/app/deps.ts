import { type Policy } from '../policy/compile.ts';
import { type AuditLog } from '../ports/audit-log.ts';
import { type Clock } from '../ports/clock.ts';
import { type DelayQueue } from '../ports/delay-queue.ts';
import { type LockStore } from '../ports/lock-store.ts';

/** What locking one version needs; a composition root builds it once. */
export interface LockDeps {
  readonly store: LockStore;
  readonly policy: Policy;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Who acts, as records name it. */
  readonly actor: string;
  /** A random id, for records. */
  readonly newId: () => string;
}

/** What answering queue messages needs. */
export interface MessageDeps extends LockDeps {
  readonly queue: DelayQueue;
  /** Whether a bucket is on the list of buckets: events name buckets that their sender chose. */
  readonly manages: (bucket: string) => boolean;
}
