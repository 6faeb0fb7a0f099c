/** Sums up how the versions of a run ended. */
import { type RowEnd } from '../ports/run-store.ts';

/** A set of places in a group: one bit each, since a group may have millions. */
export class Places {
  private bits = new Uint8Array(1_024);

  add(at: number): void {
    const byte = at >>> 3;
    if (byte >= this.bits.length) {
      const larger = new Uint8Array(Math.max(byte + 1, this.bits.length * 2));
      larger.set(this.bits);
      this.bits = larger;
    }
    this.bits[byte] = (this.bits[byte] ?? 0) | (1 << (at & 7));
  }

  has(at: number): boolean {
    return ((this.bits[at >>> 3] ?? 0) & (1 << (at & 7))) !== 0;
  }
}

/** How many versions ended in which way, and a few of those that did not end as planned. */
export interface EndCounts {
  succeeded: number;
  failed: number;
  readonly byOutcome: Partial<Record<RowEnd['outcome'], number>>;
}

export function noEnds(): EndCounts {
  return { succeeded: 0, failed: 0, byOutcome: {} };
}

export function countEnd(
  counts: EndCounts,
  { outcome, asPlanned }: Pick<RowEnd, 'outcome' | 'asPlanned'>,
  times = 1,
): void {
  if (asPlanned) counts.succeeded += times;
  else counts.failed += times;
  counts.byOutcome[outcome] = (counts.byOutcome[outcome] ?? 0) + times;
}
