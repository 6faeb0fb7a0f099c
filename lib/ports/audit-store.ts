import { type Batch } from '../audit/chain.ts';

/** Where batches of records are kept under lock. */
export interface AuditStore {
  /** Stores a batch under its name; returns only when it is stored. */
  put(batch: Batch): Promise<void>;
}

/** A copy of the records that can be searched; it proves nothing, and its loss stops nothing. */
export interface SearchableCopy {
  copy(lines: readonly string[], writer: string): Promise<void>;
}
