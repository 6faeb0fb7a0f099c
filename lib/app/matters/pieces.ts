/** Pieces of the work on matters, as messages: versions to place holds on, or a page of a roll to release. */
import * as z from 'zod';
import { HoldfastError } from '../../errors.ts';
import { formatInstant, instantOf, parseInstant } from '../../lock/instant.ts';
import { LANDING } from '../../matters/custody.ts';
import { isOpen, type Scope } from '../../matters/matter.ts';
import { placedName, type RollEnd, type RollEntry } from '../../matters/roll.ts';
import { type VersionRef, versionIdOf } from '../../ports/lock-store.ts';
import { atOnce } from './at-once.ts';
import { type ClearDeps, clearHold } from './clear-hold.ts';
import { type Coverage } from './coverage.ts';
import { type HoldDeps } from './deps.ts';
import { readCustody, readDocket, readMatter } from './ledger-items.ts';
import { entriesOf, headOf, putPlaced, putReleased } from './pages.ts';
import { type Claiming, type KnownVersion, placeHold } from './place-hold.ts';

const version = z.object({
  key: z.string().min(1),
  versionId: z.string().min(1),
  size: z.number().optional(),
  created: z.string().optional(),
  etag: z.string().optional(),
});

/** A version that was named one by one. */
export const namedSchema = version.extend({ bucket: z.string().min(1) });
export type NamedVersion = z.infer<typeof namedSchema>;

export const placeSchema = z.object({
  task: z.literal('place'),
  matter: z.string(),
  scope: z.string(),
  pass: z.number(),
  beat: z.number(),
  piece: z.number(),
  bucket: z.string(),
  versions: z.array(version),
});
export type PlaceTask = z.infer<typeof placeSchema>;

export const clearSchema = z.object({ task: z.literal('clear'), matter: z.string(), page: z.string() });
export type ClearTask = z.infer<typeof clearSchema>;

export interface PieceDeps extends HoldDeps {
  readonly coverage: Coverage;
  readonly clearing: ClearDeps;
}

/** A message that was delivered so often is the last of its kind: what has no verdict then is an exception. */
const PATIENCE = 4;

/**
 * Places the holds of one piece of a scope, and stores its page of the roll.
 *
 * @param receives - how often the message was delivered.
 * @throws HoldfastError where some versions had no verdict: the message comes again, and the page is written then.
 */
export async function handlePlace(task: PlaceTask, receives: number, deps: PieceDeps): Promise<void> {
  const { matter, scope, pass, beat, piece, bucket } = task;
  const held = await readMatter(matter, deps);
  const found = held?.value.scopes.find(({ id }) => id === scope);
  if (held === undefined || found === undefined) return;
  const page = placedName(matter, scope, pass, beat, piece);
  const versions = task.versions.map(
    ({ created, versionId, key, size, etag }): KnownVersion => ({
      ref: { bucket, key, versionId: versionIdOf(versionId) },
      ...(size !== undefined && { size }),
      ...(etag !== undefined && { etag }),
      ...(created !== undefined && { created: parseInstant(created) }),
    }),
  );
  const open = isOpen(held.value);
  const thenRechecked = found.work?.kind === 'reconcile';
  const entries = await placeAll(
    versions,
    found,
    { claimant: matter, page, again: receives > 1, isKnown: receives > 1 || pass > 1, thenRechecked },
    { receives, open },
    deps,
  );
  // Of a matter that was released there is nothing to add to a page that is there.
  if (open || entries.length > 0 || (await headOf(page, deps)) === undefined)
    await putPlaced(page, { matter, scope }, entries, deps);
  await releaseIfClosed(matter, page, deps);
}

/** Places the holds of some versions; each that is on no other page of the roll gives an entry. */
async function placeAll(
  versions: readonly KnownVersion[],
  scope: Pick<Scope, 'what'>,
  claiming: Omit<Claiming, 'isWritten'>,
  { receives, open }: { readonly receives: number; readonly open: boolean },
  deps: PieceDeps,
): Promise<RollEntry[]> {
  const written = new Map<string, Promise<boolean>>();
  const isWritten = async (page: string): Promise<boolean> => {
    const known = written.get(page) ?? headOf(page, deps).then((head) => head !== undefined);
    written.set(page, known);
    return known;
  };
  const entries = await atOnce(versions, async (known): Promise<RollEntry | undefined> => {
    try {
      // Released meanwhile: only what an earlier delivery of this message claimed belongs on the page.
      if (!open && !(await isClaimedBy(known.ref, claiming, deps))) return undefined;
      if (scope.what.kind === 'selector' && open && !(await deps.coverage.covers(scope.what.selector, known)))
        return undefined;
      return await placeHold(known, { ...claiming, isWritten }, deps);
    } catch (cause) {
      const isSilent =
        cause instanceof HoldfastError && (cause.code === 'throttled' || cause.code === 'unreachable');
      if (!isSilent || receives < PATIENCE) throw cause;
      return withoutVerdict(known.ref, cause.message, deps);
    }
  });
  return entries.filter((entry) => entry !== undefined);
}

/**
 * Whoever adds to a roll looks at the docket afterwards: a release that was approved before may have listed the
 * pages already.
 */
export async function releaseIfClosed(matter: string, page: string, deps: HoldDeps): Promise<void> {
  const { value: docket } = await readDocket(deps);
  if (docket.open.includes(matter)) return;
  const task: ClearTask = { task: 'clear', matter, page };
  await deps.holds.send([JSON.stringify(task)]);
}

/** Releases the versions of one page of a roll. */
export async function handleClear(
  { matter, page }: ClearTask,
  receives: number,
  deps: PieceDeps,
): Promise<void> {
  const held = await readMatter(matter, deps);
  // Nothing is taken off for a matter whose release nobody approved, whatever a message says.
  if (held === undefined || isOpen(held.value) || !page.startsWith(`rolls/${matter}/placed/`)) return;
  const head = await headOf(page, deps);
  if (head === undefined) return;
  const entries: RollEntry[] = [];
  for await (const entry of entriesOf(page, deps)) entries.push(entry);
  const { value: docket } = await readDocket(deps);
  const ends = await atOnce(entries, async ({ bucket, key, versionId, claimedOn }): Promise<RollEnd> => {
    const ref = { bucket, key, versionId: versionIdOf(versionId) };
    try {
      const end = await clearHold(ref, matter, deps.clearing, docket);
      return claimedOn === undefined ? end : { ...end, claimedOn };
    } catch (cause) {
      const isSilent =
        cause instanceof HoldfastError && (cause.code === 'throttled' || cause.code === 'unreachable');
      if (!isSilent || receives < PATIENCE) throw cause;
      const at = formatInstant(deps.clock.now());
      return { bucket, key, versionId, outcome: 'no-verdict', at, detail: cause.message };
    }
  });
  await putReleased(page, { matter, scope: head.scope }, ends, deps);
}

async function isClaimedBy(
  ref: VersionRef,
  { claimant, page }: { readonly claimant: string; readonly page: string },
  deps: HoldDeps,
): Promise<boolean> {
  const { value } = await readCustody(ref, deps);
  return value?.claims[claimant]?.page === page;
}

function withoutVerdict(
  { bucket, key, versionId }: VersionRef,
  detail: string,
  { clock }: HoldDeps,
): RollEntry {
  const now = clock.now();
  return {
    ...{ bucket, key, versionId, saw: 'unclear', outcome: 'no-verdict', detail },
    at: formatInstant(now),
    lands: formatInstant(instantOf(now + LANDING)),
  };
}
