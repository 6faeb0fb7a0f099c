/** What a step of the work on a scope needs, and what it leads to. */
import { type Scope } from '../../matters/matter.ts';
import { type DelayQueue } from '../../ports/delay-queue.ts';
import { type VersionListing } from '../../ports/version-listing.ts';
import { type PieceDeps } from './pieces.ts';

export interface StepDeps extends PieceDeps {
  readonly listing: VersionListing;
  readonly later: DelayQueue;
  /** How long a function may go on believing a docket that it has read (milliseconds). */
  readonly docketFresh: number;
  /** The name of a new ledger. */
  readonly epoch: string;
  /** Told of every hold that somebody else took off. */
  readonly onFoundOff: (count: number) => void;
}

/** What a step leads to: more work, to be looked at after some seconds, or the end. */
export type Next =
  | { readonly kind: 'work'; readonly scope: Scope; readonly seconds: number }
  | { readonly kind: 'end'; readonly scope: Scope; readonly what: string };
