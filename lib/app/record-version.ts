/** The record of one hold that was placed for a matter, or found to be gone. */
import { OUTCOMES, type OutcomeCode } from '../audit/outcome.ts';
import { recordId } from '../audit/record.ts';
import { formatInstant } from '../lock/instant.ts';
import { type VersionRef } from '../ports/lock-store.ts';
import { type LockDeps } from './deps.ts';

export async function recordVersion(
  { bucket, key, versionId }: VersionRef,
  ended: {
    readonly outcome: OutcomeCode;
    readonly cause: string;
    readonly requestId?: string;
    readonly detail?: string;
  },
  { audit, clock, actor, newId, policy }: Pick<LockDeps, 'audit' | 'clock' | 'actor' | 'newId' | 'policy'>,
): Promise<void> {
  const now = clock.now();
  const { next } = OUTCOMES[ended.outcome];
  await audit.append({
    ...{ id: recordId(now, newId()), time: formatInstant(now), actor, phase: 'outcome' },
    ...{ bucket, key, versionId, rules: [], policy: policy.hash, wanted: [{ kind: 'hold' }] },
    ...ended,
    ...(next !== '' && { next }),
  });
}
