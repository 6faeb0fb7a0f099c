/** Versions that come into an open matter by themselves: uploaded, tagged, or about to be released by another one. */
import { formatInstant } from '../../lock/instant.ts';
import { type Custody } from '../../matters/custody.ts';
import { type Docket } from '../../matters/docket.ts';
import { ARRIVALS, arrivalName, placedPrefix } from '../../matters/roll.ts';
import { type ObjectRef, type VersionRef } from '../../ports/lock-store.ts';
import { decideFully } from '../lock-version.ts';
import { prefixOf } from './list-scope.ts';
import { type OpenMatter, type OpenMatters } from './open-matters.ts';
import { headOf, putPlaced } from './pages.ts';
import { type PieceDeps, releaseIfClosed } from './pieces.ts';
import { type KnownVersion, placeHold } from './place-hold.ts';

export interface ArrivalDeps extends PieceDeps {
  readonly open: OpenMatters;
}

/**
 * Holds a version for every open matter that covers it, and puts it on their rolls.
 *
 * @param again - whether the event came before.
 * @throws HoldfastError `throttled` or `unreachable` when there was no verdict: the event comes again.
 */
export async function holdArrival(ref: ObjectRef, again: boolean, deps: ArrivalDeps): Promise<void> {
  const near = (await deps.open.current()).filter(({ selectors }) =>
    selectors.some((one) => one.bucket === ref.bucket && ref.key.startsWith(prefixOf(one))),
  );
  if (near.length === 0) return;
  const read = await deps.store.read(ref);
  // What cannot be read is recorded by whoever locks it; in doubt it is held, where its version is known.
  if (read.kind !== 'found' && (read.kind !== 'no-permission' || ref.versionId === undefined)) return;
  const known: KnownVersion =
    read.kind === 'found'
      ? {
          ref: read.version.ref,
          created: read.version.created,
          ...(read.version.size !== 'unknown' && { size: read.version.size }),
        }
      : { ref: { ...ref, versionId: ref.versionId } as VersionRef };
  for (const matter of near)
    if (await covers(matter, known, deps)) await addToRoll(known, matter.id, again, deps);
}

/** Places a version on the roll of a matter outside of any listing. */
async function addToRoll(
  known: KnownVersion,
  matter: string,
  again: boolean,
  deps: PieceDeps,
): Promise<void> {
  const { bucket, key, versionId } = known.ref;
  const created = formatInstant(known.created ?? deps.clock.now());
  const page = arrivalName(matter, created, deps.hash(JSON.stringify([bucket, key, versionId])));
  await addPage(known, matter, page, again, deps);
}

async function addPage(
  known: KnownVersion,
  matter: string,
  page: string,
  again: boolean,
  deps: PieceDeps,
): Promise<void> {
  const isWritten = async (name: string): Promise<boolean> => (await headOf(name, deps)) !== undefined;
  const entry = await placeHold(known, { claimant: matter, page, again, isWritten }, deps);
  if (entry === undefined || (await isWritten(page))) return;
  await putPlaced(page, { matter, scope: ARRIVALS }, [entry], deps);
  await releaseIfClosed(matter, page, deps);
}

/** Whoever claimed a version that arrived may not have lived to write its page; the pages of listings come by messages. */
export async function ensureOnRoll(
  ref: VersionRef,
  matter: string,
  page: string,
  deps: PieceDeps,
): Promise<boolean> {
  if (!page.startsWith(placedPrefix(matter, ARRIVALS)) || (await headOf(page, deps)) !== undefined)
    return false;
  await addPage({ ref }, matter, page, true, deps);
  return true;
}

/**
 * Who needs a hold without having claimed it: an open matter that covers the version, whose roll it is put on now;
 * or a rule of the policy.
 */
export async function neededBy(
  ref: VersionRef,
  docket: Docket,
  but: string,
  custody: Custody,
  deps: ArrivalDeps,
): Promise<string | undefined> {
  const matters = await deps.open.at(docket);
  const others = matters.filter(
    ({ id, selectors }) =>
      id !== but &&
      custody.claims[id] === undefined &&
      selectors.some((one) => one.bucket === ref.bucket && ref.key.startsWith(prefixOf(one))),
  );
  const isRuled = deps.policy.rules.some(
    ({ term, enforce }) => term.form === 'since-tag' && enforce === 'apply',
  );
  if (others.length === 0 && !isRuled) return undefined;
  const read = await deps.store.read(ref);
  if (read.kind === 'no-permission') return `${read.action} is needed to tell who needs it`;
  if (read.kind !== 'found') return undefined;
  const { created, size } = read.version;
  const known: KnownVersion = { ref, created, ...(size !== 'unknown' && { size }) };
  for (const matter of others) {
    if (!(await covers(matter, known, deps))) continue;
    await addToRoll(known, matter.id, false, deps);
    return matter.id;
  }
  if (!isRuled) return undefined;
  const { decision } = await decideFully(read.version, deps);
  if (decision.undecided.length > 0) return 'a rule that could not be decided';
  return decision.wishes.some(({ kind }) => kind === 'hold')
    ? `the rule ${decision.decidedBy ?? ''}`
    : undefined;
}

async function covers({ selectors }: OpenMatter, known: KnownVersion, deps: PieceDeps): Promise<boolean> {
  for (const selector of selectors) if (await deps.coverage.covers(selector, known)) return true;
  return false;
}
