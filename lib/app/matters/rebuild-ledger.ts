/** Builds the ledger again from what is under lock: the records, and the pages of the rolls. */
import { HoldfastError } from '../../errors.ts';
import { type Instant, parseInstant } from '../../lock/instant.ts';
import { claim, type Custody, LANDING } from '../../matters/custody.ts';
import { newDocket } from '../../matters/docket.ts';
import { isOpen, type Matter, matterSchema } from '../../matters/matter.ts';
import { placedPrefix, releasedName, type RollEntry } from '../../matters/roll.ts';
import { type Ledger } from '../../ports/ledger.ts';
import { versionIdOf } from '../../ports/lock-store.ts';
import { type RollStore } from '../../ports/roll-store.ts';
import { atOnce } from './at-once.ts';
import { changeDocket, putCustody, putMatter, readCustody, readDocket } from './ledger-items.ts';
import { checkedOf, endsOf, entriesOf, headOf, namesUnder } from './pages.ts';

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
  const claimAll = async (prefix: string, claimant?: string): Promise<void> => {
    for (const name of await namesUnder(prefix, deps)) {
      if (!name.includes('/placed/')) continue;
      if (!(await isAsRecorded(name, hashes, deps))) unrecorded.push(name);
      claims += await claimPage(name, claimant ?? (await headOf(name, deps))?.matter ?? '', deps);
    }
  };
  for (const matter of matters.values()) {
    await claimAll(placedPrefix(matter.id), matter.id);
    await putMatter(matter, 'none', deps);
  }
  // Pages of rules that wait for an event name their claimant themselves.
  await claimAll('rolls/event-');
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
    if (isLater(time, hashes.get(name)?.time)) hashes.set(name, { sha256, time });
}

function isLater(time: string, than: string | undefined): boolean {
  return than === undefined || parseInstant(time) >= parseInstant(than);
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

/** The claims of the versions on a page that were not released, or were claimed again since. */
async function claimPage(name: string, claimant: string, deps: RebuildDeps): Promise<number> {
  const [placed, released] = await Promise.all([headOf(name, deps), headOf(releasedName(name), deps)]);
  const isOver =
    placed !== undefined && released !== undefined && parseInstant(released.at) > parseInstant(placed.at);
  const ended = new Set<string>();
  if (isOver) for await (const end of endsOf(name, deps)) ended.add(nameOf(end));
  const repaired = new Set<string>();
  for await (const later of checkedOf(name, deps)) if (later.outcome === 'on') repaired.add(nameOf(later));
  const entries: RollEntry[] = [];
  for await (const entry of entriesOf(name, deps)) {
    const mayBeOn = MAY_BE_ON.has(entry.outcome) || repaired.has(nameOf(entry));
    if (mayBeOn && !ended.has(nameOf(entry))) entries.push(entry);
  }
  await atOnce(entries, async (entry) => {
    const ref = { bucket: entry.bucket, key: entry.key, versionId: versionIdOf(entry.versionId) };
    const { value, expected } = await readCustody(ref, deps);
    const saw = entry.saw === 'on-ours' ? 'on' : entry.saw;
    const made = claim(value, ref, { claimant, saw, page: name, at: parseInstant(entry.at) });
    await putCustody(whose(value, made, entry), expected, deps);
  });
  return entries.length;
}

const MAY_BE_ON: ReadonlySet<string> = new Set(['on', 'no-verdict', 'not-confirmed']);

function nameOf({ bucket, key, versionId }: Pick<RollEntry, 'bucket' | 'key' | 'versionId'>): string {
  return JSON.stringify([bucket, key, versionId]);
}

/** Pages come by matter, not by time: whoever came first to a version saw whose its bit was. */
function whose(before: Custody | undefined, made: Custody, { saw, at }: RollEntry): Custody {
  if (before === undefined) return made;
  const isFirst = Object.values(before.claims).every((one) => parseInstant(one.at) > parseInstant(at));
  if (!isFirst) return { ...made, origin: before.origin };
  const isOurs = saw === 'off' || saw === 'on-ours';
  return { ...made, origin: isOurs ? 'ours' : saw === 'on' ? 'found-on' : 'unclear' };
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
