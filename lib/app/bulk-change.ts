/** A piece of a run: some versions of one group, each read, decided, written and recorded by a function. */
import * as z from 'zod';
import { type Group } from '../plan/plan.ts';
import { type BulkStore } from '../ports/bulk-store.ts';
import { type Documents } from '../ports/documents.ts';
import { versionIdOf } from '../ports/lock-store.ts';
import { type GroupRow, type RowEnd } from '../ports/run-store.ts';
import { Places } from '../runs/tally-ends.ts';
import { getRun } from './bulk-runs.ts';
import { type LockDeps } from './deps.ts';
import { runDirect } from './run-direct.ts';

export const chunkSchema = z.object({
  run: z.string().regex(/^run-[0-9a-f]{16}$/),
  policy: z.string(),
  tolerance: z.number().nonnegative(),
  group: z.object({
    id: z.string().regex(/^g\d{3,}$/),
    bucket: z.string().min(1),
    to: z.enum(['GOVERNANCE', 'COMPLIANCE', 'hold']),
    until: z.string().optional(),
  }),
  /** How often the group was sent before. */
  sending: z.number().int().nonnegative(),
  /** Its number within what was sent for the group. */
  chunk: z.number().int().nonnegative(),
  rows: z.array(
    z.object({
      at: z.number().int().nonnegative(),
      key: z.string().min(1),
      versionId: z.string().min(1),
      until: z.string().optional(),
    }),
  ),
});

export type Chunk = z.infer<typeof chunkSchema>;

/** How the versions of a piece ended. */
export const endSchema = z.object({
  succeeded: z.number().int().nonnegative(),
  failed: z.array(
    z.object({ key: z.string(), versionId: z.string(), outcome: z.string(), detail: z.string().optional() }),
  ),
});

export type ChunkEnd = z.infer<typeof endSchema>;

export interface ChunkDeps extends LockDeps {
  readonly documents: Documents;
  readonly bulk: Pick<BulkStore, 'putText'>;
  /** By how much a date may be later than its rule asks, in this deployment (milliseconds). */
  readonly mostTolerance: number;
}

/** Versions at once; a message has some hundreds, and a function a quarter of an hour. */
const MOST = 32;

/**
 * Works through a piece and stores how it ended; doing it twice does it once.
 *
 * @returns `moved` when the policy is another one now, `cancelled` when no such run is under way: then nothing is
 * written (law 9).
 * @throws Error when the store gave no verdict, or Holdfast is paused: the message comes again.
 */
export async function handleChunk(chunk: Chunk, deps: ChunkDeps): Promise<ChunkEnd | 'moved' | 'cancelled'> {
  if (deps.policy.hash !== chunk.policy) return 'moved';
  // Only a run that is under way asks for anything, and never for more lateness than the deployment allows.
  if ((await getRun(chunk.run, deps.documents))?.run.state !== 'running') return 'cancelled';
  const tolerance = Math.min(chunk.tolerance, deps.mostTolerance);
  const group: Group = {
    ...chunk.group,
    route: 'plain',
    engine: 'direct',
    versions: chunk.rows.length,
    bytes: 0,
  };
  const ends: RowEnd[] = [];
  const note = (): void => undefined;
  const stopped = await runDirect(
    { run: chunk.run, group, rows: rowsOf(chunk), done: new Places(), tolerance },
    { ...deps, most: MOST, runs: { note, flush: async () => undefined } },
    (end) => {
      ends.push(end);
    },
  );
  if (stopped !== undefined && stopped.kind !== 'no-lock-on-bucket') throw new Error(stopped.detail);
  const byPlace = new Map(ends.map((end) => [end.at, end]));
  const end: ChunkEnd = {
    succeeded: ends.filter(({ asPlanned }) => asPlanned).length,
    failed: chunk.rows.flatMap(({ at, key, versionId }) => {
      // What was not tried any more, since the bucket has no lock at all, failed like the rest.
      const { asPlanned, outcome, detail } = byPlace.get(at) ?? {
        asPlanned: false,
        outcome: stopped?.kind ?? 'no-verdict',
        detail: stopped?.detail,
      };
      return asPlanned ? [] : [{ key, versionId, outcome, ...(detail !== undefined && { detail }) }];
    }),
  };
  await deps.bulk.putText(endName(chunk), JSON.stringify(end));
  return end;
}

/** @param sending - a group that is sent again begins to count anew. */
export function endsPrefix(run: string, group: string, sending: number): string {
  return `runs/${run}/ends/${group}-${sending}-`;
}

function endName({ run, group, sending, chunk }: Chunk): string {
  return `${endsPrefix(run, group.id, sending)}${String(chunk).padStart(6, '0')}.json`;
}

async function* rowsOf({ group, rows }: Chunk): AsyncGenerator<GroupRow> {
  for (const { at, key, versionId, until } of rows) {
    const ref = { bucket: group.bucket, key, versionId: versionIdOf(versionId) };
    yield { at, ref, ...(until !== undefined && { until }) };
  }
  await Promise.resolve();
}
