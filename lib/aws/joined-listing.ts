/** Several listings of the same kind as one. */
import { createHash } from 'node:crypto';
import { instantOf, type Instant } from '../lock/instant.ts';
import { type ListedBatch, type Listing } from '../ports/listing.ts';

export class JoinedListing implements Listing {
  readonly kind: Listing['kind'];
  readonly source: string;
  readonly asOf: Instant;
  readonly tellsEventHolds: boolean;
  readonly tellsLocks: boolean;
  private readonly joined: readonly Listing[];

  constructor(parts: readonly Listing[]) {
    this.joined = parts;
    this.kind = parts[0]?.kind ?? 'list';
    this.source = parts.map(({ source }) => source).join(' ');
    // The oldest of them: what it says of a later moment is not known.
    this.asOf = instantOf(Math.min(...parts.map(({ asOf }) => asOf)));
    this.tellsEventHolds = parts.every(({ tellsEventHolds }) => tellsEventHolds);
    this.tellsLocks = parts.every(({ tellsLocks }) => tellsLocks);
  }

  async *batches(): AsyncGenerator<ListedBatch> {
    for (const part of this.joined) {
      for await (const { rows, markers, unreadable } of part.batches()) yield { rows, markers, unreadable };
    }
  }

  fingerprint(): string {
    const [only, ...more] = this.joined;
    if (only !== undefined && more.length === 0) return only.fingerprint();
    const all = this.joined.map((part) => part.fingerprint());
    return createHash('sha256').update(all.join('\n')).digest('hex');
  }
}
