import { type HoldClearer } from '../../ports/hold-clearer.ts';
import { type Ledger } from '../../ports/ledger.ts';
import { type RollStore } from '../../ports/roll-store.ts';
import { type WorkQueue } from '../../ports/work-queue.ts';
import { type LockDeps } from '../deps.ts';

/** What placing and clearing holds needs. */
export interface HoldDeps extends LockDeps {
  readonly ledger: Ledger;
  readonly rolls: RollStore;
  readonly clearer: HoldClearer;
  /** Where pieces of work on matters go. */
  readonly holds: WorkQueue;
  /** SHA-256, hex. */
  readonly hash: (text: string) => string;
}
