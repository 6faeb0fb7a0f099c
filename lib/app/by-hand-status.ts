/** One version in full: its lock, whether a marker hides it, and what HEAD left out read by other calls. */
import { type LockState } from '../lock/state.ts';
import { type EntryListing, type ListedEntry } from '../ports/entry-listing.ts';
import {
  type LockPart,
  type LockStore,
  type ObjectRef,
  type ReadAnswer,
  type StoredVersion,
} from '../ports/lock-store.ts';
import { newestOf } from './by-hand-find.ts';

/** Where a version stands among those of its key; `hidden` by a delete marker, and still there. */
export type Place = 'current' | 'older' | 'hidden' | 'not-seen';

export type VersionStatus =
  | { readonly kind: 'version'; readonly version: StoredVersion; readonly place: Place }
  | { readonly kind: 'marker'; readonly ref: ObjectRef; readonly hides: ListedEntry | undefined }
  | Exclude<ReadAnswer, { kind: 'found' } | { kind: 'marker' }>;

export interface StatusDeps {
  readonly store: LockStore;
  readonly listing: EntryListing;
  /** Tells that a listing was denied, which costs the place and nothing else. */
  readonly isDenied: (cause: unknown) => boolean;
}

/** Looks at a version, or at the current one of a key: below a marker that is the newest that is still there. */
export async function statusByHand(ref: ObjectRef, deps: StatusDeps): Promise<VersionStatus> {
  const { store } = deps;
  const read = await store.read(ref);
  if (read.kind === 'found') {
    const lock = await seeFully(store, read.version);
    const version = { ...read.version, lock };
    return {
      kind: 'version',
      version,
      place: ref.versionId === undefined ? 'current' : await placeOf(ref, deps),
    };
  }
  if (read.kind !== 'gone' && read.kind !== 'marker') return read;
  const history = await historyOf(ref, deps);
  if (read.kind === 'marker') {
    const at = history?.findIndex((entry) => entry.ref.versionId === ref.versionId) ?? -1;
    const below = at < 0 ? [] : (history ?? []).slice(at + 1);
    return { kind: 'marker', ref, hides: below.find(({ kind }) => kind === 'version') };
  }
  const hidden = history?.[0]?.kind === 'marker' ? history.find(({ kind }) => kind === 'version') : undefined;
  if (ref.versionId !== undefined || hidden === undefined) return read;
  return statusByHand(hidden.ref, deps);
}

/** Reads the parts of a lock that HEAD left out, so that "not seen" is said only where it cannot be seen. */
export async function seeFully(
  store: LockStore,
  { ref, lock }: StoredVersion,
  parts: readonly LockPart[] = ['retention', 'hold'],
): Promise<LockState> {
  const asks = (part: LockPart, absent: boolean): boolean => absent && parts.includes(part);
  const [retention, hold] = await Promise.all([
    asks('retention', lock.retention.state === 'absent') ? store.readLock(ref, 'retention') : undefined,
    asks('hold', lock.hold === 'absent') ? store.readLock(ref, 'hold') : undefined,
  ]);
  return {
    retention: retention?.kind === 'seen' ? retention.lock.retention : lock.retention,
    hold: hold?.kind === 'seen' ? hold.lock.hold : lock.hold,
  };
}

async function placeOf(ref: ObjectRef, deps: StatusDeps): Promise<Place> {
  const newest = (await historyOf(ref, deps))?.[0];
  if (newest === undefined) return 'not-seen';
  if (newest.kind === 'marker') return 'hidden';
  return newest.ref.versionId === ref.versionId ? 'current' : 'older';
}

async function historyOf({ bucket, key }: ObjectRef, deps: StatusDeps): Promise<ListedEntry[] | undefined> {
  try {
    return await newestOf(deps.listing, bucket, key);
  } catch (cause) {
    if (deps.isDenied(cause)) return undefined;
    throw cause;
  }
}
