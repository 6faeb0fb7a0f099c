/** The store of locked versions, as the use cases see it: read, write, read back. */
import { type Write } from '../lock/change.ts';
import { type Instant } from '../lock/instant.ts';
import { type LockState } from '../lock/state.ts';
import { type Tags } from '../policy/facts.ts';

declare const versionId: unique symbol;

/** The id of one object version; `null` is the id of a version written without versioning. */
export type VersionId = string & { readonly [versionId]: true };

/** A version, or a key of which the current version is still to be looked up. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: VersionId;
}

/** Exactly one object version: every write names one. */
export interface VersionRef extends ObjectRef {
  readonly versionId: VersionId;
}

export function versionIdOf(text: string): VersionId {
  return text as VersionId;
}

/** What one read of a version showed. */
export interface StoredVersion {
  readonly ref: VersionRef;
  readonly created: Instant;
  readonly size: number | 'unknown';
  /** Only where the read itself showed that there are none; otherwise they cost a request of their own. */
  readonly tags: Tags | 'unknown';
  readonly lock: LockState;
}

export type ReadAnswer =
  | { readonly kind: 'found'; readonly version: StoredVersion }
  /** The version, the key or the bucket is not there (any more). */
  | { readonly kind: 'gone' }
  /** Delete markers cannot be locked. */
  | { readonly kind: 'marker' }
  /** The bucket keeps no versions, so there is none to lock. */
  | { readonly kind: 'no-lock-on-bucket' }
  | { readonly kind: 'no-permission'; readonly action: string };

export type LockPart = 'retention' | 'hold';

export type LockAnswer =
  | { readonly kind: 'seen'; readonly lock: LockState }
  | { readonly kind: 'gone' }
  | { readonly kind: 'marker' }
  | { readonly kind: 'no-lock-on-bucket' };

/**
 * How the store took a write. `denied` is not yet a verdict: refusal by lock and missing permission look alike.
 * It has a `code` where the store answered as it would to a fault in the request; then no permission is missing.
 */
export type WriteAnswer =
  /** After more than one attempt, an earlier one may still take effect. */
  | { readonly kind: 'accepted'; readonly requestId?: string; readonly attempts?: number }
  | { readonly kind: 'denied'; readonly requestId?: string; readonly code?: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'marker' }
  | { readonly kind: 'no-lock-on-bucket' }
  /** The store found fault with the request itself. */
  | { readonly kind: 'rejected'; readonly code: string; readonly requestId?: string };

/** What is known of a store beyond the S3 API: what it enforces, and where it answers otherwise. */
export interface Capabilities {
  readonly name: string;
  /** A write that would weaken a stored lock is refused by the store itself. */
  readonly refusesWeakening: boolean;
  /** What was written may be counted without reading it back. */
  readonly confirmMayBeSkipped: boolean;
  /** For this long after an upload, a denial may mean "not yet" (milliseconds). */
  readonly youngFor: number;
  /** The last date that the store keeps as it was written; left out where none is known to go wrong. */
  readonly lastDate?: Instant;
  /**
   * Whether the store knows event holds. `none` wherever nobody has seen it: a store that drops what it does not know
   * would take the hold for granted, or the lock for given up.
   */
  readonly eventHolds: 'native' | 'none';
}

/**
 * Reads and writes the locks of versions.
 * Every method throws HoldfastError `throttled` or `unreachable` when the store gave no verdict in its budget.
 */
export interface LockStore {
  readonly capabilities: Capabilities;
  /** Reads a version, or the current one of its key; what the read could not show is `absent` or `unknown`. */
  read(ref: ObjectRef): Promise<ReadAnswer>;
  /** Reads one part of the lock by the call that tells `none` from `absent`; the other part is `absent`. */
  readLock(ref: VersionRef, part: LockPart): Promise<LockAnswer>;
  /** The tags of a version; `unknown` where they may not be read. */
  readTags(ref: VersionRef): Promise<Tags | 'unknown'>;
  /** Whether the version is the latest of its key and no marker hides it; `unknown` where that may not be read. */
  readCurrent(ref: VersionRef): Promise<boolean | 'unknown'>;
  /**
   * Asked before anything is counted or recorded for a write.
   *
   * @throws HoldfastError `clock-apart` where a date computed on this machine would be wrong.
   */
  requireWritable(write: Write): void;
  /** @throws HoldfastError as {@link requireWritable} as well. */
  write(ref: VersionRef, write: Write): Promise<WriteAnswer>;
}
