import { type AuditRecord } from '../audit/record.ts';

/** Where records go. A deed counts as done only after `append` has returned. */
export interface AuditLog {
  append(record: AuditRecord): Promise<void>;
}
