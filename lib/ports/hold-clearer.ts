import { type Instant } from '../lock/instant.ts';
import { type VersionRef, type WriteAnswer } from './lock-store.ts';

/** The one way in which a legal hold is taken off a version (law 6). */
export interface HoldClearer {
  /**
   * Sends one request, once, and waits for its answer.
   *
   * @param landsBefore - the request must not take effect at or after this moment: it is not sent when the store
   * might still take it then.
   * @returns `too-late` when nothing was sent.
   * @throws HoldfastError `unreachable` when the request may or may not have taken effect, or may until `landsBefore`.
   */
  clear(ref: VersionRef, landsBefore: Instant): Promise<WriteAnswer | { readonly kind: 'too-late' }>;
}
