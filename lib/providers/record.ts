import { type Capabilities } from '../ports/lock-store.ts';

/** What an S3-compatible store is known to do, and where it answers otherwise than AWS S3. */
export interface Provider extends Capabilities {
  /** The codes with which a 404 says "no lock on this version". */
  readonly unlockedCodes: readonly string[];
}
