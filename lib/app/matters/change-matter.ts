/** Changes a matter whoever else does the same, and records what it became. */
import { type DeedRecord } from '../../audit/record.ts';
import { withoutOpen, withOpen } from '../../matters/docket.ts';
import { isOpen, type Matter } from '../../matters/matter.ts';
import { recordDeed } from '../record-deed.ts';
import { type HoldDeps } from './deps.ts';
import { busy, changeDocket, putMatter, readMatter, TRIES } from './ledger-items.ts';

/**
 * @param change - answers the matter as it is to be, or undefined to leave it.
 * @returns undefined where it was left, or is not there.
 */
export async function changeMatter(
  id: string,
  change: (matter: Matter) => Matter | undefined,
  deps: Pick<HoldDeps, 'ledger'>,
): Promise<Matter | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const held = await readMatter(id, deps);
    const next = held && change(held.value);
    if (held === undefined || next === undefined) return undefined;
    if ((await putMatter(next, held.expected, deps)) !== undefined) return next;
  }
  throw busy(`the matter ${id}`);
}

/** Records what a matter is now: the ledger can be built again from these. */
export async function recordMatter(
  action: DeedRecord['action'],
  matter: Matter,
  detail: string,
  deps: Pick<HoldDeps, 'audit' | 'clock' | 'newId'> & { readonly actor: string },
): Promise<void> {
  await recordDeed({ action, cause: matter.id, detail, matter }, deps);
}

/** Puts an open matter on the docket, as a new generation: what it covers may have changed. */
export async function putOnDocket(id: string, epoch: string, deps: Pick<HoldDeps, 'ledger'>): Promise<void> {
  await changeDocket((docket) => withOpen(docket, id), epoch, deps);
  // Its release may have been approved at the same moment, and must not be undone by this.
  const held = await readMatter(id, deps);
  if (held === undefined || !isOpen(held.value)) await takeOffDocket(id, epoch, deps);
}

export async function takeOffDocket(
  id: string,
  epoch: string,
  deps: Pick<HoldDeps, 'ledger'>,
): Promise<void> {
  await changeDocket((docket) => withoutOpen(docket, id), epoch, deps);
}
