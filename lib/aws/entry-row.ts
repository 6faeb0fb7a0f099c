/** An entry of a listing as a row of a plan: listings tell no locks and no tags. */
import { type LockState } from '../lock/state.ts';
import { type PlanRow } from '../plan/row.ts';
import { type ListedEntry } from '../ports/entry-listing.ts';

const UNSEEN: LockState = { retention: { state: 'absent' }, hold: 'absent' };

export function rowOfEntry({ ref, created, latest, size }: ListedEntry): PlanRow {
  return { ...ref, created, size, tags: 'unknown', current: latest, lock: UNSEEN };
}
