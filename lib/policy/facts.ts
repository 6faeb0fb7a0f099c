import { type Instant } from '../lock/instant.ts';
import { type LockState } from '../lock/state.ts';

export type Tags = ReadonlyMap<string, string>;

/** A fact about a version that may cost a request to learn, so a rule may find it `unknown`. */
export type CostlyFact = 'tags' | 'size' | 'current';

/** Everything a policy may ask about one object version. */
export interface VersionFacts {
  readonly bucket: string;
  readonly key: string;
  readonly created: Instant;
  /** Bytes. */
  readonly size: number | 'unknown';
  readonly tags: Tags | 'unknown';
  /** Whether it is the latest version of its key and no delete marker hides it. */
  readonly current: boolean | 'unknown';
  readonly lock: LockState;
}
