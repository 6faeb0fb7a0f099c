/** The record of something that concerns more than one version. */
import { type DeedRecord, recordId } from '../audit/record.ts';
import { formatInstant } from '../lock/instant.ts';
import { type RecordDeps } from './record-deps.ts';

/** Records what was done, by whom and when; it counts as done only then (law 7). */
export async function recordDeed(
  deed: Omit<DeedRecord, 'id' | 'time' | 'actor' | 'phase'>,
  { audit, clock, actor, newId }: RecordDeps,
  now = clock.now(),
): Promise<void> {
  await audit.append({ id: recordId(now, newId()), time: formatInstant(now), actor, phase: 'deed', ...deed });
}
