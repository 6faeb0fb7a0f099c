/** Lists the versions of a scope, and sends those that may be covered in pieces. */
import { formatInstant, type Instant, parseInstant } from '../../lock/instant.ts';
import { type Matter, type Scope, type ScopeWork, type Selector } from '../../matters/matter.ts';
import { namedName } from '../../matters/roll.ts';
import { literalHead } from '../../policy/glob.ts';
import { type ListedVersion, type Marker } from '../../ports/version-listing.ts';
import { namedSchema, type PlaceTask } from './pieces.ts';
import { type KnownVersion } from './place-hold.ts';
import { type Next, type StepDeps } from './step.ts';

/** Versions of a piece: what a function does within a minute or two, and what fits into a message. */
const PIECE = 100;
const BYTES = 200_000;
/** Listings may lag, and clocks differ: later passes look a little behind the first (milliseconds). */
const OVERLAP = 15 * 60_000;
/** A version uploaded in parts may be dated from the day its upload began. */
const SLOW_UPLOAD = 7 * 86_400_000;

/** What a listing must begin with. */
export function prefixOf({ prefix, key }: Selector): string {
  const head = key === undefined ? '' : literalHead(key);
  const known = prefix ?? '';
  return head.startsWith(known) ? head : known;
}

export async function listScope(
  matter: Matter,
  scope: Scope,
  work: ScopeWork,
  deadline: Instant,
  deps: StepDeps,
): Promise<Next> {
  const { what } = scope;
  if (what.kind === 'list') return sendNamed(matter, scope, work, deps);
  const { selector } = what;
  const young = youngFrom(scope, work, selector);
  const prefix = prefixOf(selector);
  let marker = markerOf(work);
  let pieces = 0;
  let waiting: PlaceTask['versions'] = [];
  let bytes = 0;
  const send = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const task: PlaceTask = {
      ...{
        task: 'place',
        matter: matter.id,
        scope: scope.id,
        pass: work.pass,
        beat: work.beat,
        piece: pieces,
      },
      ...{ bucket: selector.bucket, versions: waiting },
    };
    await deps.holds.send([JSON.stringify(task)]);
    pieces += 1;
    waiting = [];
    bytes = 0;
  };
  for (;;) {
    const page = await deps.listing.page(selector.bucket, marker, prefix);
    for (const listed of page.versions) {
      if (!isYoung(listed, young) || deps.coverage.mayCover(selector, knownOf(listed)) === 'no') continue;
      const line = lineOf(listed);
      const size = encodeURIComponent(JSON.stringify(line)).length;
      if (waiting.length >= PIECE || bytes + size > BYTES) await send();
      waiting.push(line);
      bytes += size;
    }
    marker = page.next;
    if (marker === undefined || deps.clock.now() >= deadline) break;
  }
  await send();
  const { marker: _, ...rest } = work;
  const sent = [...work.sent, { beat: work.beat, pieces }];
  const next: ScopeWork = { ...rest, sent, ...(marker === undefined ? { phase: 'gather' } : { marker }) };
  return { kind: 'work', scope: { ...scope, work: next }, seconds: marker === undefined ? 1 : 0 };
}

/** What was named one by one was stored before anything was done. */
async function sendNamed(matter: Matter, scope: Scope, work: ScopeWork, deps: StepDeps): Promise<Next> {
  const byBucket = new Map<string, PlaceTask['versions']>();
  for await (const line of deps.rolls.lines(namedName(matter.id, scope.id))) {
    if (line === '') continue;
    const { bucket, ...version } = namedSchema.parse(JSON.parse(line));
    byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), version]);
  }
  const tasks = [...byBucket].map(
    ([bucket, versions], piece): PlaceTask => ({
      ...{ task: 'place', matter: matter.id, scope: scope.id, pass: work.pass, beat: work.beat, piece },
      ...{ bucket, versions },
    }),
  );
  await deps.holds.send(tasks.map((task) => JSON.stringify(task)));
  const sent = [{ beat: work.beat, pieces: tasks.length }];
  return { kind: 'work', scope: { ...scope, work: { ...work, sent, phase: 'gather' } }, seconds: 1 };
}

/** The first pass looks at everything; later ones, and reconciling, at what is younger, unless tags decide. */
function youngFrom(scope: Scope, work: ScopeWork, selector: Selector): number {
  const since = work.kind === 'open' ? (work.pass === 1 ? undefined : work.first) : scope.asOf;
  if (since === undefined || (work.pass === 1 && hasTags(selector))) return Number.NEGATIVE_INFINITY;
  return parseInstant(since) - OVERLAP;
}

function hasTags({ tags, except }: Selector): boolean {
  return tags !== undefined || except?.some((one) => one.tags !== undefined) === true;
}

function isYoung({ created, multipart }: ListedVersion, from: number): boolean {
  return created >= (multipart ? from - SLOW_UPLOAD : from);
}

function knownOf({ ref, created, size, etag }: ListedVersion): KnownVersion {
  return { ref, created, ...(size !== undefined && { size }), ...(etag !== undefined && { etag }) };
}

function lineOf({ ref, created, size, etag }: ListedVersion): PlaceTask['versions'][number] {
  return {
    key: ref.key,
    versionId: ref.versionId,
    created: formatInstant(created),
    ...(size !== undefined && { size }),
    ...(etag !== undefined && { etag }),
  };
}

function markerOf({ marker }: ScopeWork): Marker | undefined {
  if (marker === undefined) return undefined;
  return { key: marker.key, ...(marker.versionId !== undefined && { versionId: marker.versionId }) };
}
