/** Chains records and stores them in batches: a record counts when the batch that holds it is stored. */
import { newHead, sealBatch } from '../audit/chain.ts';
import { type Head } from '../audit/head.ts';
import { type AuditRecord } from '../audit/record.ts';
import { type AuditLog } from '../ports/audit-log.ts';
import { type AuditStore, type SearchableCopy } from '../ports/audit-store.ts';

interface Waiting {
  readonly record: AuditRecord;
  readonly stored: () => void;
  readonly failed: (cause: unknown) => void;
}

export interface AuditWriterOptions {
  readonly store: AuditStore;
  readonly copy?: SearchableCopy;
  /** A name for this writer that nobody else has. */
  readonly newWriter: () => string;
  /** Told when the copy could not be written: the records themselves are stored. */
  readonly onCopyFailed: (cause: unknown) => void;
}

/** The largest batch: its copy must fit into one request of the searchable log. */
const LARGEST = 500;

/**
 * Appends records to the chain of one writer.
 *
 * Records that come while a batch is being stored wait and go together in the next one, so that ten versions
 * locked at once cost two objects, not ten. A batch whose storing failed may or may not be there: the chain
 * ends with it, and a new writer begins.
 */
export class AuditWriter implements AuditLog {
  private readonly options: AuditWriterOptions;
  private head: Head;
  private waiting: Waiting[] = [];
  private storing = false;
  private copying: Promise<void> = Promise.resolve();

  constructor(options: AuditWriterOptions) {
    this.options = options;
    this.head = newHead(options.newWriter());
  }

  async append(record: AuditRecord): Promise<void> {
    return new Promise((stored, failed) => {
      this.waiting.push({ record, stored, failed });
      if (!this.storing) void this.store();
    });
  }

  /**
   * Waits for the copies of all records stored so far, since a function is frozen when it has answered.
   *
   * @param atMost - how long; what is not copied by then may still be, when the function goes on.
   */
  async copied(atMost: Promise<unknown>): Promise<void> {
    await Promise.race([this.copying, atMost]);
  }

  private async store(): Promise<void> {
    this.storing = true;
    // Whoever appends in the same turn of the event loop shares the batch.
    await Promise.resolve();
    for (;;) {
      const [first, ...more] = this.waiting.splice(0, LARGEST);
      if (first === undefined) break;
      await this.storeBatch(first, more);
    }
    this.storing = false;
  }

  private async storeBatch(first: Waiting, more: readonly Waiting[]): Promise<void> {
    const { store, copy, newWriter, onCopyFailed } = this.options;
    const { batch, head } = sealBatch(this.head, [first.record, ...more.map(({ record }) => record)]);
    try {
      await store.put(batch);
      this.head = head;
    } catch (cause) {
      this.head = newHead(newWriter());
      for (const { failed } of [first, ...more]) failed(cause);
      return;
    }
    for (const { stored } of [first, ...more]) stored();
    // Nobody waits for the copy: a slow log may not delay a lock.
    if (copy === undefined) return;
    this.copying = this.copying
      .then(async () => copy.copy(batch.lines, head.writer))
      .catch(onCopyFailed)
      // Nobody may be waiting: a rejection would end the process.
      .catch(() => undefined);
  }
}
