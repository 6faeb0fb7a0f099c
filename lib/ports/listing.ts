/** Lists versions for a plan, wherever the list comes from. */
import { type Instant } from '../lock/instant.ts';
import { type PlanRow } from '../plan/row.ts';

/** A line of a listing that could not be read. */
export interface Unreadable {
  /** The file and the line, or the key. */
  readonly where: string;
  readonly why: string;
}

/** So many rows that they are worth a turn, and so few that they take no room. */
export interface ListedBatch {
  readonly rows: readonly PlanRow[];
  /** Delete markers, which cannot be locked. */
  readonly markers: number;
  readonly unreadable: readonly Unreadable[];
  /** How much of the whole has been read, from 0 to 1; left out where nobody can tell. */
  readonly done?: number;
}

export interface ListingPart {
  readonly listing: Listing;
  /** In any unit, the same for all parts. */
  readonly weight: number;
}

export interface Listing {
  readonly kind: 'inventory' | 'list' | 'keys';
  /** Where it comes from: an address, a path. */
  readonly source: string;
  /** The moment that it speaks of. */
  readonly asOf: Instant;
  /** Whether an event hold of S3 would show. */
  readonly tellsEventHolds: boolean;
  /** Whether its rows tell locks; tags are told by none. */
  readonly tellsLocks: boolean;
  /**
   * All rows, as fast as they are taken and no faster. It may be walked more than once.
   *
   * @throws HoldfastError `moved` where what is read is not what was announced.
   */
  batches(): AsyncIterable<ListedBatch>;
  /** Parts that can be walked alone, each with its share of the whole; one of the whole when left out. */
  readonly parts?: readonly ListingPart[] | undefined;
  /** Changes whenever the content does; to be asked after a whole walk. */
  fingerprint(): string;
}
