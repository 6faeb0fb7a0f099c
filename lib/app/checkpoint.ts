/** Anchors the chains of records: one writer notes where every other stands, so that a cut-off end is noticed. */
import { parseBatchName } from '../audit/chain.ts';
import { type Head } from '../audit/head.ts';
import { formatInstant, instantOf } from '../lock/instant.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

/** Lists the names of the batches of a day, such as `2026/11/20`. */
export type BatchNames = (day: string) => AsyncIterable<string>;

const A_DAY = 86_400_000;
/** Heads in one record; a day with more writers gets several. */
const MOST = 500;

/** Records the heads of all chains that grew today or yesterday. Answers how many there are. */
export async function recordCheckpoint(names: BatchNames, deps: RecordDeps): Promise<number> {
  const now = deps.clock.now();
  const heads = new Map<string, Head>();
  for (const moment of [now - A_DAY, now]) {
    const day = formatInstant(instantOf(moment)).slice(0, 10).replaceAll('-', '/');
    for await (const name of names(day)) {
      const batch = parseBatchName(name);
      if (batch === undefined || batch.last <= (heads.get(batch.writer)?.seq ?? 0)) continue;
      heads.set(batch.writer, { writer: batch.writer, seq: batch.last, hash: batch.hash });
    }
  }
  const all = [...heads.values()];
  for (let at = 0; at < all.length; at += MOST) {
    const part = all.slice(at, at + MOST);
    await recordDeed({ action: 'checkpoint', heads: part, detail: `${part.length} chains` }, deps, now);
  }
  return all.length;
}
