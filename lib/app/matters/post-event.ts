/** A business event: what waits for it gets its date, or is held again. Functions do it, piece by piece. */
import * as z from 'zod';
import { HoldfastError } from '../../errors.ts';
import { jsonOf } from '../../json.ts';
import { formatInstant, parseInstant } from '../../lock/instant.ts';
import { type EventAnswer, type EventRequest, eventAnswerSchema } from '../../matters/messages.ts';
import { type Selector, selectorSchema } from '../../matters/matter.ts';
import { versionIdOf } from '../../ports/lock-store.ts';
import { type Marker } from '../../ports/version-listing.ts';
import { OUTCOMES } from '../../audit/outcome.ts';
import { type Caller } from '../caller.ts';
import { recordDeed } from '../record-deed.ts';
import { atOnce } from './at-once.ts';
import { type EventDeps, releaseEvent, reholdEvent } from './event-holds.ts';
import { prefixOf } from './list-scope.ts';
import { headOf, linesOf, namesUnder, putPage } from './pages.ts';
import { type NamedVersion, namedSchema, type PieceDeps } from './pieces.ts';
import { namedVersions, requireManaged } from './scope-request.ts';
import { type ServiceDeps } from './service-deps.ts';
import { actorOf } from './views.ts';

export const eventTaskSchema = z.object({
  task: z.literal('event'),
  id: z.string().regex(/^e-[0-9a-f]{16}$/),
  piece: z.number(),
  event: z.string(),
  action: z.enum(['release', 'hold']),
  /** When it was reported. */
  at: z.string(),
  /** What the versions must satisfy, where they were not named one by one. */
  selector: selectorSchema.optional(),
  versions: z.array(namedSchema),
});
export type EventTask = z.infer<typeof eventTaskSchema>;

const resultSchema = eventAnswerSchema.shape.results.element;
type Result = EventAnswer['results'][number];

const PIECE = 100;
/** How long whoever asks waits for the end (milliseconds), and how often it is looked (milliseconds). */
const PATIENCE = 18_000;
const LOOK = 300;
/** So many results are answered; where there are more, those that went wrong come first. */
const SHOWN = 100;

/**
 * Posts an event.
 *
 * @param key - the same key with the same request does it once, and answers how far it has come.
 * @returns `working` where it takes longer than anybody waits: ask again with the same key.
 */
export async function postEvent(
  request: EventRequest,
  key: string | undefined,
  caller: Caller,
  deps: ServiceDeps,
): Promise<EventAnswer> {
  const { person } = caller;
  const id = `e-${deps.hash(key === undefined ? deps.newId() : JSON.stringify(['event', person, key])).slice(0, 16)}`;
  const hash = deps.hash(JSON.stringify(request));
  const pieces = (await begunWith(id, hash, deps)) ?? (await begin(id, hash, request, caller, deps));
  const until = deps.clock.now() + PATIENCE;
  for (;;) {
    const done = await namesUnder(resultPrefix(id), deps);
    if (done.length >= pieces || deps.clock.now() >= until) return answerOf(id, done, pieces, deps);
    await deps.clock.wait(LOOK);
  }
}

/** One piece: every version follows the event, and the page says how. */
export async function handleEvent(
  task: EventTask,
  receives: number,
  deps: PieceDeps & EventDeps,
): Promise<void> {
  const { id, piece, event, action, selector } = task;
  const at = parseInstant(task.at);
  const results = await atOnce(
    task.versions,
    async ({ bucket, key, versionId }): Promise<Result | undefined> => {
      const ref = { bucket, key, versionId: versionIdOf(versionId) };
      if (selector !== undefined && !(await deps.coverage.covers(selector, { ref }))) return undefined;
      try {
        const report = { event, at, cause: id };
        return await (action === 'release'
          ? releaseEvent(ref, report, deps)
          : reholdEvent(ref, report, deps));
      } catch (cause) {
        const isSilent =
          cause instanceof HoldfastError && (cause.code === 'throttled' || cause.code === 'unreachable');
        if (!isSilent || receives < 4) throw cause;
        return { bucket, key, versionId, outcome: 'no-verdict', detail: cause.message };
      }
    },
  );
  const found = results.filter((result) => result !== undefined);
  const head = { matter: id, scope: 'event', at: formatInstant(deps.clock.now()), counts: countsOf(found) };
  await putPage(`${resultPrefix(id)}${String(piece).padStart(8, '0')}.ndjson`, head, found, deps);
}

const resultPrefix = (id: string): string => `rolls/posted-${id}/results/`;
const requestName = (id: string): string => `rolls/posted-${id}/request.ndjson`;
const requestLine = z.object({ request: z.string(), pieces: z.number() });

/** How many pieces the same request was sent in before. */
async function begunWith(id: string, hash: string, deps: ServiceDeps): Promise<number | undefined> {
  for await (const line of deps.rolls.lines(requestName(id))) {
    const { request, pieces } = requestLine.parse(jsonOf(line));
    if (request === hash) return pieces;
    throw new HoldfastError('key-reused', {
      what: 'the Idempotency-Key was used for another event',
      next: 'take a new key for a new event',
    });
  }
  return undefined;
}

async function begin(
  id: string,
  hash: string,
  request: EventRequest,
  caller: Caller,
  deps: ServiceDeps,
): Promise<number> {
  const { event, action, scope } = request;
  if (!deps.policy.rules.some(({ term }) => term.form === 'event' && term.event === event)) {
    throw new HoldfastError('bad-request', {
      what: `no rule of the policy waits for the event ${JSON.stringify(event)}`,
      next: 'check its name: rules name it as from: { event: … }',
    });
  }
  const at = formatInstant(deps.clock.now());
  await recordDeed(
    { action: 'event-posted', cause: id, detail: `${event}: ${action}` },
    { ...deps, actor: actorOf(caller) },
  );
  const common = { task: 'event' as const, id, event, action, at };
  let pieces = 0;
  const send = async (
    versions: readonly NamedVersion[],
    more: Pick<EventTask, 'selector'>,
  ): Promise<void> => {
    const task: EventTask = { ...common, piece: pieces, versions: [...versions], ...more };
    await deps.holds.send([JSON.stringify(task)]);
    pieces += 1;
  };
  if ('versions' in scope) await send(await namedVersions(scope, deps), {});
  else
    for await (const versions of listed(scope.selector, deps))
      await send(versions, { selector: scope.selector });
  await deps.rolls.putText(requestName(id), `${JSON.stringify({ request: hash, pieces })}\n`);
  return pieces;
}

async function* listed(selector: Selector, deps: ServiceDeps): AsyncGenerator<NamedVersion[]> {
  requireManaged(selector.bucket, deps);
  let waiting: NamedVersion[] = [];
  let marker: Marker | undefined;
  do {
    const page = await deps.listing.page(selector.bucket, marker, prefixOf(selector));
    for (const one of page.versions) {
      if (deps.coverage.mayCover(selector, one) === 'no') continue;
      waiting.push({ bucket: selector.bucket, key: one.ref.key, versionId: one.ref.versionId });
      if (waiting.length < PIECE) continue;
      yield waiting;
      waiting = [];
    }
    marker = page.next;
  } while (marker !== undefined);
  if (waiting.length > 0) yield waiting;
}

async function answerOf(
  id: string,
  names: readonly string[],
  pieces: number,
  deps: ServiceDeps,
): Promise<EventAnswer> {
  const counts: Record<string, number> = {};
  const wrong: Result[] = [];
  const right: Result[] = [];
  for (const name of names) {
    const head = await headOf(name, deps);
    for (const [outcome, count] of Object.entries(head?.counts ?? {}))
      counts[outcome] = (counts[outcome] ?? 0) + count;
    if (wrong.length >= SHOWN) continue;
    for await (const result of linesOf(name, deps, (line) => resultSchema.parse(line))) {
      const isCovered =
        result.outcome in OUTCOMES && OUTCOMES[result.outcome as keyof typeof OUTCOMES].covered;
      (isCovered ? right : wrong).push(result);
    }
  }
  return {
    id,
    state: names.length >= pieces ? 'done' : 'working',
    versions: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts,
    results: [...wrong, ...right].slice(0, SHOWN),
  };
}

function countsOf(results: readonly Result[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
