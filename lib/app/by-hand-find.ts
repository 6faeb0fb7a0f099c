/** Finds what a person means by a key or a prefix: versions, and the markers that hide them. */
import { HoldfastError } from '../errors.ts';
import { type EntryListing, type ListedEntry } from '../ports/entry-listing.ts';
import { type Marker } from '../ports/version-listing.ts';

/** What is found is held in memory, so that what is locked is what was shown. */
const MOST = 1_000_000;

/** All versions and markers under a prefix, one after the other. */
export async function* entriesUnder(
  listing: EntryListing,
  bucket: string,
  prefix: string,
): AsyncGenerator<ListedEntry, void, undefined> {
  let after: Marker | undefined;
  do {
    const page = await listing.entries(bucket, prefix, after);
    yield* page.entries;
    after = page.next;
  } while (after !== undefined);
}

/** What the listing of one key begins with: its newest entries, newest first. */
export async function newestOf(listing: EntryListing, bucket: string, key: string): Promise<ListedEntry[]> {
  // The key itself sorts before every longer key that begins with it.
  const { entries } = await listing.entries(bucket, key);
  return entries.filter((entry) => entry.ref.key === key);
}

export interface FoundVersions {
  readonly versions: readonly ListedEntry[];
  /** Delete markers were left out: they cannot be locked. */
  readonly markers: number;
}

/**
 * Collects the versions under a prefix: all of them, or the latest of every key that no marker hides.
 *
 * @throws HoldfastError `bad-input` when there are more than can be held.
 */
export async function collectVersions(
  listing: EntryListing,
  { bucket, prefix, latest }: { readonly bucket: string; readonly prefix: string; readonly latest: boolean },
  most = MOST,
): Promise<FoundVersions> {
  const versions: ListedEntry[] = [];
  let markers = 0;
  for await (const entry of entriesUnder(listing, bucket, prefix)) {
    if (entry.kind === 'marker') markers += 1;
    else if (!latest || entry.latest) versions.push(entry);
    if (versions.length > most) {
      throw new HoldfastError('bad-input', {
        what: `more than ${most} versions lie under this prefix, and nothing was changed`,
        next: 'lock one narrower prefix after the other, or write a rule for it',
      });
    }
  }
  return { versions, markers };
}
