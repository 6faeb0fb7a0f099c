/** Builds the ledger again from what is under lock: the records, and the pages of the rolls. */
import { HoldfastError } from '../../errors.ts';
import { type Instant, parseInstant } from '../../lock/instant.ts';
import { claim, type Custody, LANDING } from '../../matters/custody.ts';
import { newDocket } from '../../matters/docket.ts';
import { isOpen, type Matter, matterSchema } from '../../matters/matter.ts';
import { placedPrefix, type RollEntry } from '../../matters/roll.ts';
import { type Ledger } from '../../ports/ledger.ts';
import { versionIdOf } from '../../ports/lock-store.ts';
import { type RollStore } from '../../ports/roll-store.ts';
import { atOnce } from './at-once.ts';
import { changeDocket, putCustody, putMatter, readCustody, readDocket } from './ledger-items.ts';
import { endsOf, entriesOf, namesUnder } from './pages.ts';

export interface RebuildDeps {
  readonly ledger: Ledger;
  readonly rolls: RollStore;
  readonly hash: (text: string) => string;
  readonly now: Instant;
}

export interface Rebuilt {
  readonly matters: number;
  readonly open: number;
  readonly claims: number;
  /** Pages that no record names: whoever wrote them did not live to record it. */
  readonly unrecorded: readonly string[];
}

interface Page {
  readonly name: string;
  readonly matter: Matter;
}

/**
 * Builds an empty ledger again.
 *
 * @param records - all records, in any order; they should have been verified before.
 * @throws HoldfastError `bad-input` where the ledger has a docket, or a page is not what its record says;
 * `moved` where a hold was being taken off within the last minutes, and may still be.
 */
export async function rebuildLedger(
  records: AsyncIterable<Readonly<Record<string, unknown>>>,
  deps: RebuildDeps,
): Promise<Rebuilt> {
  if ((await readDocket(deps)).expected !== 'none') throw notEmpty();
  const matters = new Map<string, Matter>();
  const hashes = new Map<string, { readonly sha256: string; readonly time: string }>();
  for await (const record of records) {
    refuseYoungClearing(record, deps.now);
    const parsed = record.matter === undefined ? undefined : matterSchema.safeParse(record.matter);
    if (parsed?.success === true) keepNewest(matters, parsed.data);
    if (record.action === 'roll-page') keepHashes(hashes, record);
  }
  const unrecorded: string[] = [];
  let claims = 0;
  for (const matter of matters.values()) {
    for (const name of await namesUnder(placedPrefix(matter.id), deps)) {
      if (!(await isAsRecorded(name, hashes, deps))) unrecorded.push(name);
      claims += await claimPage({ name, matter }, deps);
    }
    await putMatter(matter, 'none', deps);
  }
  // Last of all: a ledger without a docket is taken for an empty one.
  const open = [...matters.values()].filter(isOpen).toSorted((a, b) => a.openedAt.localeCompare(b.openedAt));
  const [first] = matters.values();
  if (first !== undefined) {
    const generation = [...matters.values()].reduce((sum, { revision }) => sum + revision, 0);
    const docket = { ...newDocket(first.ledger), generation, open: open.map(({ id }) => id) };
    await changeDocket(() => docket, first.ledger, deps);
  }
  return { matters: matters.size, open: open.length, claims, unrecorded };
}

function keepNewest(matters: Map<string, Matter>, matter: Matter): void {
  const known = matters.get(matter.id);
  if (known === undefined || matter.revision >= known.revision) matters.set(matter.id, matter);
}

function keepHashes(
  hashes: Map<string, { readonly sha256: string; readonly time: string }>,
  { evidence, time }: Readonly<Record<string, unknown>>,
): void {
  if (!Array.isArray(evidence) || typeof time !== 'string') return;
  for (const { name, sha256 } of evidence as { name: string; sha256: string }[])
    if ((hashes.get(name)?.time ?? '') <= time) hashes.set(name, { sha256, time });
}

async function isAsRecorded(
  name: string,
  hashes: ReadonlyMap<string, { readonly sha256: string }>,
  { rolls, hash }: RebuildDeps,
): Promise<boolean> {
  const recorded = hashes.get(name);
  if (recorded === undefined) return false;
  const lines: string[] = [];
  for await (const line of rolls.lines(name)) lines.push(line);
  if (hash(`${lines.join('\n')}\n`) === recorded.sha256) return true;
  throw new HoldfastError('bad-input', {
    what: `${name} is not what its record says: somebody wrote over it`,
    next: 'delete the newer version of it that no record names, which uncovers the older; then build again',
  });
}

/** The claims of the versions on a page that were not released. */
async function claimPage({ name, matter }: Page, deps: RebuildDeps): Promise<number> {
  const released = new Set<string>();
  for await (const end of endsOf(name, deps))
    released.add(JSON.stringify([end.bucket, end.key, end.versionId]));
  const entries: RollEntry[] = [];
  for await (const entry of entriesOf(name, deps)) {
    const isHeld =
      entry.outcome === 'on' || entry.outcome === 'no-verdict' || entry.outcome === 'not-confirmed';
    if (isHeld && !released.has(JSON.stringify([entry.bucket, entry.key, entry.versionId])))
      entries.push(entry);
  }
  await atOnce(entries, async (entry) => {
    const ref = { bucket: entry.bucket, key: entry.key, versionId: versionIdOf(entry.versionId) };
    const { value, expected } = await readCustody(ref, deps);
    const made = claim(value, ref, {
      claimant: matter.id,
      saw: entry.saw,
      page: name,
      at: parseInstant(entry.at),
    });
    await putCustody(whose(value, made, entry), expected, deps);
  });
  return entries.length;
}

/** Pages come by matter, not by time: whoever came first to a version saw whose its bit was. */
function whose(before: Custody | undefined, made: Custody, { saw, at }: RollEntry): Custody {
  if (before === undefined) return made;
  const isFirst = Object.values(before.claims).every((one) => parseInstant(one.at) > parseInstant(at));
  if (!isFirst) return { ...made, origin: before.origin };
  return { ...made, origin: saw === 'off' ? 'ours' : saw === 'on' ? 'found-on' : 'unclear' };
}

function refuseYoungClearing({ phase, wanted, time }: Readonly<Record<string, unknown>>, now: Instant): void {
  const isClearing =
    Array.isArray(wanted) && wanted.some((one: { kind?: unknown }) => one.kind === 'no-hold');
  if (phase !== 'intent' || !isClearing || typeof time !== 'string') return;
  if (parseInstant(time) + LANDING <= now) return;
  throw new HoldfastError('moved', {
    what: `a hold was being taken off at ${time}, and that may still land`,
    next: 'stop the functions that work on matters, and build again 16 minutes later',
  });
}

function notEmpty(): HoldfastError {
  return new HoldfastError('bad-input', {
    what: 'there is a ledger already, and nothing was changed',
    next: 'name an empty table; a ledger is built again only where it was lost',
  });
}
