/** Looks at some versions of a listing, and estimates what a policy changes in all of them. */
import { type Difference, Differ } from '../plan/difference.ts';
import { type Cluster, type Estimate, estimate } from '../plan/estimate.ts';
import { type PlanRow } from '../plan/row.ts';
import { type Policy } from '../policy/compile.ts';
import { type Listing, type ListingPart } from '../ports/listing.ts';
import { type LockStore } from '../ports/lock-store.ts';
import { learnAll, type PassProgress } from './plan-changes.ts';

export interface SampleOptions {
  readonly listing: Listing;
  readonly policy: Policy;
  /** Versions to look at. */
  readonly size: number;
  readonly prefix?: string;
  readonly store: Pick<LockStore, 'readLock' | 'readTags' | 'readCurrent'>;
  /** A number from 0 to 1, as `Math.random` gives it; tests give their own. */
  readonly random: () => number;
  readonly onProgress?: (progress: PassProgress) => void;
}

export interface SampleLine {
  readonly bucket: string;
  readonly rule: string;
  readonly change: string;
  readonly to: string;
  readonly versions: Estimate;
}

export interface SampleResult {
  readonly looked: number;
  readonly parts: { readonly looked: number; readonly all: number };
  /** Versions of the whole; an estimate where not every part was read. */
  readonly total: number;
  readonly changes: Estimate;
  readonly satisfied: Estimate;
  readonly staysWrong: Estimate;
  readonly newlyCompliance: Estimate;
  readonly lines: readonly SampleLine[];
}

/** Parts that are read at most: more would not fit into a minute. */
const PARTS = 10;

/**
 * Reads some parts of the listing, picks versions from them at random, and judges those.
 *
 * @throws HoldfastError as the listing does.
 */
export async function sampleChanges(options: SampleOptions): Promise<SampleResult> {
  const { listing, size, prefix = '', random, onProgress } = options;
  const parts = [...(listing.parts ?? [{ listing, weight: 1 }])];
  const all = parts.length;
  const weightOfAll = parts.reduce((sum, { weight }) => sum + weight, 0);
  shuffle(parts, random);
  const each = Math.max(1, Math.ceil(size / Math.min(all, PARTS)));
  const clusters: Cluster[] = [];
  const lines = new Map<string, Omit<SampleLine, 'versions'>>();
  let looked = 0;
  let listed = 0;
  let weight = 0;
  for (const part of parts) {
    if (looked >= size) break;
    const { rows, picked } = await pick(part.listing, each, prefix, random, (count) =>
      onProgress?.({ rows: listed + count }),
    );
    listed += rows;
    weight += part.weight;
    const judged = await judge(picked, options);
    looked += judged.length;
    clusters.push({ rows, looked: judged.length, found: foundIn(judged, lines) });
  }
  const total = weight === 0 || weight === weightOfAll ? listed : Math.round((listed * weightOfAll) / weight);
  const of = (name: string): Estimate => estimate(clusters, name, total, all);
  return {
    looked,
    parts: { looked: clusters.length, all },
    total,
    changes: of('changes'),
    satisfied: of('satisfied'),
    staysWrong: of('wrong'),
    newlyCompliance: of('newly-compliance'),
    lines: [...lines]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, line]) => ({ ...line, versions: of(name) })),
  };
}

/** A reservoir: each row of the part is as likely to be in it as any other. */
async function pick(
  listing: Listing,
  size: number,
  prefix: string,
  random: () => number,
  onRows: (count: number) => void,
): Promise<{ rows: number; picked: PlanRow[] }> {
  const picked: PlanRow[] = [];
  let rows = 0;
  for await (const batch of listing.batches()) {
    for (const row of batch.rows) {
      if (!row.key.startsWith(prefix)) continue;
      rows += 1;
      if (picked.length < size) picked.push(row);
      else {
        const at = Math.floor(random() * rows);
        if (at < size) picked[at] = row;
      }
    }
    onRows(rows);
  }
  return { rows, picked };
}

async function judge(rows: readonly PlanRow[], { listing, policy, store }: SampleOptions): Promise<Judged[]> {
  const { asOf, tellsEventHolds } = listing;
  return learnAll(rows, new Differ({ policy, asOf, tellsEventHolds }), store);
}

interface Judged {
  readonly row: PlanRow;
  readonly difference: Difference;
}

function foundIn(
  judged: readonly Judged[],
  lines: Map<string, Omit<SampleLine, 'versions'>>,
): Map<string, number> {
  const found = new Map<string, number>();
  const count = (name: string): void => {
    found.set(name, (found.get(name) ?? 0) + 1);
  };
  for (const { row, difference } of judged) {
    const { changes, wrong, state } = difference;
    const written = changes.filter(({ observed }) => !observed);
    if (written.length > 0) count('changes');
    if (state === 'satisfied') count('satisfied');
    if (wrong.length > 0) count('wrong');
    for (const { rule, kind, write, from } of written) {
      const to = write.kind === 'retention' ? write.mode : 'hold';
      if (to === 'COMPLIANCE' && from !== 'COMPLIANCE') count('newly-compliance');
      const name = ['line', row.bucket, rule, kind, to].join('\u0000');
      lines.set(name, { bucket: row.bucket, rule, change: kind, to });
      count(name);
    }
  }
  return found;
}

function shuffle(items: ListingPart[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const at = Math.floor(random() * (last + 1));
    const [one, other] = [items[last], items[at]];
    if (one === undefined || other === undefined) continue;
    items[last] = other;
    items[at] = one;
  }
}
