/** Some stores keep far dates wrongly, and answer that all is well: nothing is sent that would come back otherwise. */
import { type Wish } from '../lock/change.ts';
import { type Capabilities } from '../ports/lock-store.ts';

/** The wish under the cap of the store, if that is lower than its own. */
export function withinStore(wish: Wish, { lastDate }: Capabilities): Wish {
  if (wish.kind !== 'retention' || lastDate === undefined || lastDate >= wish.notAfter) return wish;
  return { ...wish, notAfter: lastDate };
}
