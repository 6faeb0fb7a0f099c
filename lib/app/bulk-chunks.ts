/** A group in pieces for the functions of the direct engine: cut to what fits into a message, sent, and counted. */
import { type Group } from '../plan/plan.ts';
import { type BulkStore } from '../ports/bulk-store.ts';
import { type Documents } from '../ports/documents.ts';
import { type GroupRow } from '../ports/run-store.ts';
import { type WorkQueue } from '../ports/work-queue.ts';
import { type Chunk, type ChunkEnd, endSchema, endsPrefix } from './bulk-change.ts';

/** Rows and bytes of a piece: what a function does in its quarter of an hour, and what fits into a message (256 KiB). */
const ROWS = 500;
const BYTES = 200_000;
/** Pieces that are sent together. */
const SENT_TOGETHER = 50;
/** Ends that are read at once. */
const READ_TOGETHER = 32;

/** What all pieces of one sending of a group have in common. */
export interface Sending extends Omit<Chunk, 'group' | 'chunk' | 'rows'> {
  readonly group: Group;
}

/** Sends versions of a group in pieces; the same versions are cut in the same way. */
export async function sendChunks(
  { run, policy, tolerance, group: { id, bucket, to, until }, sending }: Sending,
  versions: AsyncIterable<GroupRow>,
  changes: WorkQueue,
): Promise<{ readonly chunks: number; readonly versions: number }> {
  const group = { id, bucket, to, ...(until !== undefined && { until }) };
  let rows: Chunk['rows'] = [];
  let bytes = 0;
  let waiting: string[] = [];
  const sent = { chunks: 0, versions: 0 };
  const pack = (): void => {
    if (rows.length === 0) return;
    const chunk: Chunk = { run, policy, tolerance, group, sending, chunk: sent.chunks, rows };
    waiting.push(JSON.stringify(chunk));
    sent.chunks += 1;
    rows = [];
    bytes = 0;
  };
  for await (const { at, ref, until: own } of versions) {
    const row = { at, key: ref.key, versionId: ref.versionId, ...(own !== undefined && { until: own }) };
    // No less than its bytes in a message, however those are escaped.
    const size = encodeURIComponent(JSON.stringify(row)).length;
    if (rows.length >= ROWS || bytes + size > BYTES) pack();
    rows.push(row);
    bytes += size;
    sent.versions += 1;
    if (waiting.length >= SENT_TOGETHER) {
      await changes.send(waiting);
      waiting = [];
    }
  }
  pack();
  await changes.send(waiting);
  return sent;
}

/** The names under which the pieces of one sending noted their ends so far. */
export async function endNames(
  { run, group, sending }: { readonly run: string; readonly group: string; readonly sending: number },
  bulk: Pick<BulkStore, 'list'>,
): Promise<string[]> {
  const names: string[] = [];
  for await (const name of bulk.list(endsPrefix(run, group, sending))) names.push(name);
  return names;
}

/** How pieces ended. */
export async function* endsOf(names: readonly string[], documents: Documents): AsyncGenerator<ChunkEnd> {
  for (let at = 0; at < names.length; at += READ_TOGETHER) {
    const some = names.slice(at, at + READ_TOGETHER);
    for (const document of await Promise.all(some.map(async (name) => documents.get(name))))
      if (document !== undefined) yield endSchema.parse(JSON.parse(document.body));
  }
}
