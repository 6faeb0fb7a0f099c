/** Writes the records about one version, and knows what they all have in common. */
import { OUTCOMES, type OutcomeCode } from '../audit/outcome.ts';
import {
  lockInRecord,
  recordId,
  residualInRecord,
  type VersionRecord,
  wantedInRecord,
} from '../audit/record.ts';
import { type Residual, type Wish, type Write } from '../lock/change.ts';
import { formatInstant } from '../lock/instant.ts';
import { type LockState } from '../lock/state.ts';
import { type Decision } from '../policy/decide.ts';
import { type ObjectRef, type ReadAnswer, type StoredVersion } from '../ports/lock-store.ts';
import { type WishResult } from './apply-wish.ts';
import { type LockDeps } from './deps.ts';

export interface EndingDetails {
  readonly wanted?: readonly (Wish | Write)[];
  readonly residual?: Residual;
  readonly requestId?: string;
  readonly detail?: string;
}

/** Records what is done to one version by the rules of a policy. */
export class Scribe {
  private readonly ref: ObjectRef;
  private readonly cause: string;
  private readonly deps: LockDeps;
  private version: StoredVersion | undefined;
  private decision: Decision | undefined;

  constructor(ref: ObjectRef, cause: string, deps: LockDeps) {
    this.ref = ref;
    this.cause = cause;
    this.deps = deps;
  }

  found(version: StoredVersion): void {
    this.version = version;
  }

  decided(decision: Decision): void {
    this.decision = decision;
  }

  async unread(read: Exclude<ReadAnswer, { kind: 'found' }>): Promise<VersionRecord> {
    const detail = read.kind === 'no-permission' ? `${read.action} was denied` : undefined;
    return this.write({
      phase: 'outcome',
      wanted: [],
      ...ending(read.kind),
      ...(detail !== undefined && { detail }),
    });
  }

  async intend(write: Write): Promise<void> {
    await this.write({ phase: 'intent', wanted: [wantedInRecord(write)] });
  }

  async ended(outcome: OutcomeCode, after: LockState, details: EndingDetails = {}): Promise<VersionRecord> {
    const { wanted = [], residual, ...rest } = details;
    const residuals = [...(this.decision?.residuals ?? []), ...(residual === undefined ? [] : [residual])];
    const reports = this.decision?.reports ?? [];
    return this.write({
      phase: 'outcome',
      wanted: wanted.map(wantedInRecord),
      after: lockInRecord(after),
      ...ending(outcome),
      ...(residuals.length > 0 && { residuals: residuals.map(residualInRecord) }),
      ...(reports.length > 0 && { reports }),
      ...rest,
    });
  }

  private async write(
    part: Pick<VersionRecord, 'phase' | 'wanted'> & Partial<VersionRecord>,
  ): Promise<VersionRecord> {
    const { deps, decision, version } = this;
    const now = deps.clock.now();
    const ref = version?.ref ?? this.ref;
    const decidedBy = decision?.decidedBy === undefined ? undefined : { decidedBy: decision.decidedBy };
    const record: VersionRecord = {
      id: recordId(now, deps.newId()),
      time: formatInstant(now),
      actor: deps.actor,
      bucket: ref.bucket,
      key: ref.key,
      ...(ref.versionId !== undefined && { versionId: ref.versionId }),
      rules: decision?.matched ?? [],
      ...decidedBy,
      policy: deps.policy.hash,
      ...(version && { before: lockInRecord(version.lock) }),
      cause: this.cause,
      ...part,
    };
    await deps.audit.append(record);
    return record;
  }
}

/** How a wish ended, as its record tells it. */
export function detailsOf({ write, residual, requestId, detail }: WishResult, wish: Wish): EndingDetails {
  return {
    wanted: [write ?? wish],
    ...(residual && { residual }),
    ...(requestId !== undefined && { requestId }),
    ...(detail !== undefined && { detail }),
  };
}

function ending(outcome: OutcomeCode): Pick<VersionRecord, 'outcome' | 'next'> {
  const { next } = OUTCOMES[outcome];
  return next === '' ? { outcome } : { outcome, next };
}
