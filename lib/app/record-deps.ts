import { type AuditLog } from '../ports/audit-log.ts';
import { type Clock } from '../ports/clock.ts';

/** What everything that leaves a record needs. */
export interface RecordDeps {
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** Who acts, as records name it. */
  readonly actor: string;
  /** A random id, for records. */
  readonly newId: () => string;
}
