import { type Instant } from '../lock/instant.ts';
import { type LockState } from '../lock/state.ts';

export type Tags = ReadonlyMap<string, string>;

/** A fact about a version that may cost a request to learn, so a rule may find it `unknown`. */
export type CostlyFact = 'tags' | 'size' | 'current';

/** Each fact as a sentence names it, and the permission that shows it. */
export const FACTS: Readonly<Record<CostlyFact, { readonly name: string; readonly permission: string }>> = {
  tags: { name: 'its tags', permission: 's3:GetObjectVersionTagging' },
  size: { name: 'its size', permission: 's3:ListBucketVersions' },
  current: { name: 'whether it is the current version', permission: 's3:GetObject' },
};

/** Everything a policy may ask about one object version. */
export interface VersionFacts {
  readonly bucket: string;
  readonly key: string;
  readonly created: Instant;
  /** When its tags were last changed, where an event told. */
  readonly tagsChanged?: Instant;
  /** Bytes. */
  readonly size: number | 'unknown';
  readonly tags: Tags | 'unknown';
  /** Whether it is the latest version of its key and no delete marker hides it. */
  readonly current: boolean | 'unknown';
  readonly lock: LockState;
}
