import type { Algorithm, Checksum, ChecksumType } from './checksums.ts';
import type { ObjectFacts } from './version.ts';

/** A part as uploaded. */
export interface UploadedPart {
  readonly number: number;
  readonly data: Buffer;
  readonly md5: Buffer;
  readonly etag: string;
  readonly checksum?: Checksum | undefined;
  readonly lastModified: number;
}

/** A multipart upload under way. */
export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly initiated: number;
  readonly sequence: number;
  readonly facts: ObjectFacts;
  readonly algorithm?: Algorithm | undefined;
  readonly checksumType: ChecksumType;
  /** Lock parameters or a default rule make every part prove its bytes. */
  readonly needsIntegrity: boolean;
  readonly parts: Map<number, UploadedPart>;
  keyDeleted: boolean;
}
