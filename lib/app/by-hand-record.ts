/** The records of what a person locked by hand: the same as a function's, with no rule behind them. */
import { OUTCOMES } from '../audit/outcome.ts';
import {
  lockInRecord,
  recordId,
  residualInRecord,
  type VersionRecord,
  wantedInRecord,
} from '../audit/record.ts';
import { type Wish, type Write } from '../lock/change.ts';
import { formatInstant } from '../lock/instant.ts';
import { type StoredVersion, type VersionRef } from '../ports/lock-store.ts';
import { type WishResult } from './apply-wish.ts';
import { type RecordDeps } from './record-deps.ts';

/** What stands in a record in place of the hash of a policy. */
const BY_HAND = 'by-hand';

type Ending = Pick<WishResult, 'outcome'> & Partial<WishResult>;

/** Writes the records about one version. */
export class HandScribe {
  private readonly ref: VersionRef;
  private readonly wish: Wish;
  private readonly run: string;
  private readonly deps: RecordDeps;
  private version: StoredVersion | undefined;

  constructor(ref: VersionRef, wish: Wish, run: string, deps: RecordDeps) {
    this.ref = ref;
    this.wish = wish;
    this.run = run;
    this.deps = deps;
  }

  found(version: StoredVersion): void {
    this.version = version;
  }

  async intend(write: Write): Promise<void> {
    await this.write({ phase: 'intent', wanted: [wantedInRecord(write)] });
  }

  async ended({ outcome, write, after, residual, requestId, detail }: Ending): Promise<void> {
    const { next } = OUTCOMES[outcome];
    await this.write({
      phase: 'outcome',
      wanted: [wantedInRecord(write ?? this.wish)],
      outcome,
      ...(next !== '' && { next }),
      ...(after && { after: lockInRecord(after) }),
      ...(residual && { residuals: [residualInRecord(residual)] }),
      ...(requestId !== undefined && { requestId }),
      ...(detail !== undefined && { detail }),
    });
  }

  /** The store did not answer: what was sent may have been done, and the record says so. */
  async unanswered(detail: string): Promise<void> {
    await this.write({
      phase: 'outcome',
      wanted: [wantedInRecord(this.wish)],
      detail: `no verdict: ${detail}`,
      next: 'run it again: what is already right is found so',
    });
  }

  private async write(part: Pick<VersionRecord, 'phase' | 'wanted'> & Partial<VersionRecord>): Promise<void> {
    const { audit, clock, actor, newId } = this.deps;
    const now = clock.now();
    await audit.append({
      id: recordId(now, newId()),
      time: formatInstant(now),
      actor,
      ...this.ref,
      rules: [],
      policy: BY_HAND,
      ...(this.version && { before: lockInRecord(this.version.lock) }),
      cause: this.run,
      ...part,
    });
  }
}
