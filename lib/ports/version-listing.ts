import { type Instant } from '../lock/instant.ts';
import { type VersionRef } from './lock-store.ts';

export interface ListedVersion {
  readonly ref: VersionRef;
  readonly created: Instant;
  /** Uploaded in parts: such a version may be dated from the day its upload began. */
  readonly multipart: boolean;
  readonly size?: number;
  readonly etag?: string;
}

/** Where a listing goes on. */
export interface Marker {
  readonly key: string;
  readonly versionId?: string;
}

/** The versions of a bucket, page by page; delete markers are left out, since they cannot be locked. */
export interface VersionListing {
  page(
    bucket: string,
    after?: Marker,
    prefix?: string,
  ): Promise<{ versions: readonly ListedVersion[]; next?: Marker }>;
}
