/** What another policy would want of the versions of a listing: counted by what changes for them. */
import { type Instant } from '../lock/instant.ts';
import { type Wish } from '../lock/change.ts';
import { type PlanRow } from '../plan/row.ts';
import { type Policy } from '../policy/compile.ts';
import { decide, type Decision } from '../policy/decide.ts';
import { type Listing } from '../ports/listing.ts';
import { type PassProgress } from './plan-changes.ts';

/** How what is wanted of a version changes. */
export type WantedChange =
  | 'newly-covered'
  | 'no-longer-covered'
  | 'longer'
  | 'shorter'
  | 'stricter-mode'
  | 'weaker-mode'
  | 'hold-added'
  | 'hold-dropped'
  /** Its tags decide, and no listing tells tags. */
  | 'depends-on-tags';

export interface ComparedLine {
  readonly bucket: string;
  readonly change: WantedChange;
  /** The rules that decide, before and after. */
  readonly before: string;
  readonly after: string;
  versions: number;
  bytes: number;
}

export interface Compared {
  readonly rows: number;
  readonly same: number;
  readonly lines: readonly ComparedLine[];
}

export async function compareOver(
  listing: Listing,
  before: Policy,
  after: Policy,
  prefix: string,
  isSame: (rule: string) => boolean,
  onProgress: (progress: PassProgress) => void,
): Promise<Compared> {
  const lines = new Map<string, ComparedLine>();
  let rows = 0;
  let same = 0;
  for await (const batch of listing.batches()) {
    for (const row of batch.rows) {
      if (!row.key.startsWith(prefix)) continue;
      rows += 1;
      const [one, other] = [decide(before, row, listing.asOf), decide(after, row, listing.asOf)];
      const change = changeOf(one, other, listing.asOf, isSame);
      if (change === undefined) same += 1;
      else count(lines, row, change, one.decidedBy ?? '', other.decidedBy ?? '');
    }
    onProgress({ rows, ...(batch.done !== undefined && { done: batch.done }) });
  }
  const sorted = [...lines].sort(([one], [other]) => (one < other ? -1 : 1));
  return { rows, same, lines: sorted.map(([, line]) => line) };
}

function count(
  lines: Map<string, ComparedLine>,
  { bucket, size }: PlanRow,
  change: WantedChange,
  before: string,
  after: string,
): void {
  const name = [bucket, change, before, after].join('\u0000');
  const line = lines.get(name) ?? { bucket, change, before, after, versions: 0, bytes: 0 };
  lines.set(name, line);
  line.versions += 1;
  line.bytes += size === 'unknown' ? 0 : size;
}

function changeOf(
  before: Decision,
  after: Decision,
  now: Instant,
  isSame: (rule: string) => boolean,
): WantedChange | undefined {
  // A rule that is the same in both policies answers the same, whatever the tags are.
  const open = [...before.undecided, ...after.undecided].map(({ rule }) => rule);
  if (open.some((rule) => !isSame(rule))) return 'depends-on-tags';
  const [was, is] = [retentionOf(before, now), retentionOf(after, now)];
  if (was === undefined && is !== undefined) return 'newly-covered';
  if (was !== undefined && is === undefined) return 'no-longer-covered';
  if (was !== undefined && is !== undefined) {
    if (was.mode !== is.mode) return is.mode === 'COMPLIANCE' ? 'stricter-mode' : 'weaker-mode';
    if (was.until !== is.until) return is.until > was.until ? 'longer' : 'shorter';
  }
  const [held, holds] = [wantsHold(before), wantsHold(after)];
  if (held === holds) return undefined;
  return holds ? 'hold-added' : 'hold-dropped';
}

/** What is wanted beyond now: a term that is over wants nothing any more. */
function retentionOf({ wishes }: Decision, now: Instant): Extract<Wish, { kind: 'retention' }> | undefined {
  const wish = wishes.find((one) => one.kind === 'retention');
  return wish?.kind === 'retention' && wish.until > now ? wish : undefined;
}

function wantsHold({ wishes }: Decision): boolean {
  return wishes.some(({ kind }) => kind === 'hold');
}
