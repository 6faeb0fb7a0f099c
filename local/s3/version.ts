import type { Checksum } from './checksums.ts';
import type { Lock } from './lock.ts';

/** One object tag. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** How a version is encrypted, as far as answers tell. */
export type Encryption =
  | { readonly kind: 'AES256' }
  | { readonly kind: 'aws:kms'; readonly keyId: string }
  | { readonly kind: 'customer'; readonly keyMd5: string };

/** One part of a multipart object. */
export interface StoredPart {
  readonly number: number;
  readonly size: number;
  readonly checksum?: Checksum | undefined;
}

/** What an upload says about an object besides its bytes; multipart uploads keep it until completion. */
export interface ObjectFacts {
  readonly contentHeaders: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
  readonly encryption: Encryption;
  readonly tags: readonly Tag[];
  readonly lock: Lock;
}

interface Common {
  readonly key: string;
  readonly versionId: string;
  /** Grows with every version of the server: newest first is by this. */
  readonly sequence: number;
  readonly lastModified: number;
}

/** A version that has bytes. Tags and lock are what may change after creation. */
export interface ObjectVersion extends Common {
  readonly kind: 'object';
  readonly facts: Omit<ObjectFacts, 'tags' | 'lock'>;
  readonly data: Buffer;
  readonly etag: string;
  readonly checksum: Checksum;
  readonly parts?: readonly StoredPart[] | undefined;
  tags: readonly Tag[];
  lock: Lock;
}

/** A delete marker: it hides a key and can never be locked. */
export interface DeleteMarker extends Common {
  readonly kind: 'marker';
}

/** Anything a version id can name. */
export type Version = ObjectVersion | DeleteMarker;
