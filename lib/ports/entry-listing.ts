import { type Instant } from '../lock/instant.ts';
import { type VersionRef } from './lock-store.ts';
import { type Marker } from './version-listing.ts';

/** One line of the history of a key: a version, or a delete marker that hides the versions below it. */
export interface ListedEntry {
  readonly kind: 'version' | 'marker';
  readonly ref: VersionRef;
  readonly created: Instant;
  /** Whether it is the newest of its key. */
  readonly latest: boolean;
  readonly size: number | 'unknown';
}

/** Everything under a prefix, page by page: keys in the order of the store, newest first within a key. */
export interface EntryListing {
  entries(
    bucket: string,
    prefix: string,
    after?: Marker,
  ): Promise<{ entries: readonly ListedEntry[]; next?: Marker }>;
}
