/** A listing by ListObjectVersions, on any store: several ranges of keys at once, split where one is long. */
import { createHash } from 'node:crypto';
import { type Instant } from '../lock/instant.ts';
import { type PlanRow } from '../plan/row.ts';
import { type EntryListing, type ListedEntry } from '../ports/entry-listing.ts';
import { type ListedBatch, type Listing } from '../ports/listing.ts';
import { type Marker } from '../ports/version-listing.ts';
import { rowOfEntry } from './entry-row.ts';
import { isAfter, type KeyRange, middleKey } from './key-ranges.ts';
import { MultisetHash } from './multiset-hash.ts';

const AT_ONCE = 8;
/** Batches that wait for whoever takes them; then the listing waits as well. */
const AHEAD = 16;

export class VersionRows implements Listing {
  readonly kind = 'list';
  readonly source: string;
  readonly asOf: Instant;
  readonly tellsEventHolds = true;
  readonly tellsLocks = false;
  private readonly listing: EntryListing;
  private readonly bucket: string;
  private readonly prefix: string;
  private hash = new MultisetHash();

  /** @param asOf - when the listing begins. */
  constructor(listing: EntryListing, bucket: string, prefix: string, asOf: Instant) {
    this.listing = listing;
    this.bucket = bucket;
    this.prefix = prefix;
    this.asOf = asOf;
    this.source = `s3://${bucket}/${prefix}`;
  }

  fingerprint(): string {
    return createHash('sha256').update(`${this.source}\n${this.hash.digest()}`).digest('hex');
  }

  async *batches(): AsyncGenerator<ListedBatch> {
    this.hash = new MultisetHash();
    const walk = new Walk(this.listing, this.bucket, this.prefix);
    for await (const entries of walk.pages()) {
      const rows: PlanRow[] = [];
      let markers = 0;
      for (const entry of entries) {
        if (entry.kind === 'marker') markers += 1;
        else {
          const { ref, latest, created, size } = entry;
          this.hash.add(`${ref.versionId}\n${ref.key}\n${latest} ${created} ${size}`);
          rows.push(rowOfEntry(entry));
        }
      }
      yield { rows, markers, unreadable: [] };
    }
  }
}

type Page = readonly ListedEntry[];

/** Several workers, each on a range of keys; who has nothing to do takes half of what another has left. */
class Walk {
  private readonly listing: EntryListing;
  private readonly bucket: string;
  private readonly prefix: string;
  private readonly ready: Page[] = [];
  private readonly waiting: KeyRange[] = [{}];
  private running = 0;
  private failure: { readonly cause: unknown } | undefined;
  private isOver = false;
  private wakeReader: () => void = () => undefined;
  private wakeWorkers: (() => void)[] = [];

  constructor(listing: EntryListing, bucket: string, prefix: string) {
    this.listing = listing;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  async *pages(): AsyncGenerator<Page> {
    try {
      for (;;) {
        while (this.running < AT_ONCE) {
          const range = this.waiting.pop();
          if (range === undefined) break;
          this.running += 1;
          void this.walk(range);
        }
        const page = this.ready.shift();
        if (page !== undefined) {
          for (const wake of this.wakeWorkers.splice(0)) wake();
          yield page;
          continue;
        }
        if (this.failure !== undefined) throw this.failure.cause;
        if (this.running === 0 && this.waiting.length === 0) return;
        await new Promise<void>((wake) => {
          this.wakeReader = wake;
        });
      }
    } finally {
      // Whoever stops taking stops the workers as well.
      this.isOver = true;
      for (const wake of this.wakeWorkers.splice(0)) wake();
    }
  }

  private async walk({ from, to }: KeyRange): Promise<void> {
    try {
      let end = to;
      let after: Marker | undefined = from === undefined ? undefined : { key: from };
      do {
        const { entries, next } = await this.listing.entries(this.bucket, this.prefix, after);
        const last = end;
        const isPast = last !== undefined && next !== undefined && isAfter(next.key, last);
        const page = last === undefined ? entries : entries.filter(({ ref }) => !isAfter(ref.key, last));
        after = isPast ? undefined : next;
        // A key that goes on after this page stays with who began it: a range ends with whole keys.
        if (after !== undefined && this.running + this.waiting.length < AT_ONCE) {
          const middle = middleKey(after.key, end, this.prefix);
          if (middle !== undefined) {
            this.waiting.push({ from: middle, ...(end !== undefined && { to: end }) });
            end = middle;
          }
        }
        await this.hand(page);
      } while (after !== undefined && !this.over());
    } catch (cause) {
      this.failure ??= { cause };
    } finally {
      this.running -= 1;
      this.wakeReader();
    }
  }

  private over(): boolean {
    return this.isOver || this.failure !== undefined;
  }

  private async hand(page: Page): Promise<void> {
    this.ready.push(page);
    this.wakeReader();
    while (this.ready.length >= AHEAD && !this.over()) {
      await new Promise<void>((wake) => {
        this.wakeWorkers.push(wake);
      });
    }
  }
}
