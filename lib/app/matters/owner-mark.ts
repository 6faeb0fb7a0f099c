/** A mark in every bucket that has holds of a ledger: two Holdfasts on one bucket would clear each other's holds. */
import * as z from 'zod';
import { HoldfastError } from '../../errors.ts';
import { jsonOf } from '../../json.ts';
import { formatInstant } from '../../lock/instant.ts';
import { changeDocket } from './ledger-items.ts';
import { type ServiceDeps } from './service-deps.ts';

const MARK = '.holdfast/ledger.json';
const markSchema = z.object({ ledger: z.string(), since: z.string() });

/**
 * Marks a bucket as one of this ledger, unless it is already.
 *
 * @throws HoldfastError `other-holdfast` where it belongs to another ledger.
 */
export async function claimBucket(
  bucket: string,
  deps: Pick<ServiceDeps, 'marks' | 'ledger' | 'epoch' | 'clock'>,
): Promise<void> {
  const { epoch } = await changeDocket((docket) => docket, deps.epoch, deps);
  const documents = deps.marks(bucket);
  const mark = JSON.stringify({ ledger: epoch, since: formatInstant(deps.clock.now()) });
  // Looked at first: a store that ignores conditions would write over the mark of somebody else.
  const before = await documents.get(MARK);
  if (before === undefined && (await documents.put(MARK, mark, 'none')) !== undefined) return;
  const found = markSchema.safeParse(jsonOf((before ?? (await documents.get(MARK)))?.body ?? ''));
  if (found.success && found.data.ledger === epoch) return;
  throw new HoldfastError('other-holdfast', {
    what: `the bucket ${bucket} has holds of another Holdfast (${MARK} says so), and each would clear those of the other`,
    next: 'run its matters from there; or, where that one is no more, remove the mark on purpose',
  });
}
