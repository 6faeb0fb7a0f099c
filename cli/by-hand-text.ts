/** What the commands for locking by hand say in words. */
import { OUTCOMES } from '../lib/audit/outcome.ts';
import { lockInRecord, residualInRecord, wantedInRecord } from '../lib/audit/record.ts';
import { type HandResult, isAsWanted } from '../lib/app/by-hand.ts';
import { type Write } from '../lib/lock/change.ts';
import { DAY, formatInstant, type Instant } from '../lib/lock/instant.ts';
import { activeRetention, type LockState } from '../lib/lock/state.ts';
import { type ObjectRef } from '../lib/ports/lock-store.ts';
import { lockText } from './decision-text.ts';
import { paint, visible } from './output.ts';

export function addressOf({ bucket, key, versionId }: ObjectRef): string {
  return `${visible(`s3://${bucket}/${key}`)}${versionId === undefined ? '' : `  version ${visible(versionId)}`}`;
}

/** Who could delete a version, and from when. */
export function deletionText({ retention, hold }: LockState, now: Instant): string {
  const active = activeRetention(retention, now);
  const held = hold === 'on' ? 'nobody while the legal hold is on; then ' : '';
  const unseen = hold === 'absent' ? ' (unless a legal hold is on, which was not seen)' : '';
  switch (active.state) {
    case 'none':
      return `${held}whoever has s3:DeleteObjectVersion${unseen}`;
    case 'absent':
      return `${held}not seen: s3:GetObjectRetention is needed to tell`;
    case 'locked': {
      if (active.eventHeld === true)
        return `${held}nobody until its event hold is released, and not at once then`;
      const until = formatInstant(active.until);
      return active.mode === 'COMPLIANCE'
        ? `${held}nobody until ${until}`
        : `${held}until ${until} only whoever has the permission of governance bypass${unseen}`;
    }
  }
}

/** Whole days that a lock still has. */
export function daysLeft({ retention }: LockState, now: Instant): number | undefined {
  const active = activeRetention(retention, now);
  return active.state === 'locked' ? Math.floor((active.until - now) / DAY) : undefined;
}

export function daysText(days: number): string {
  if (days === 0) return 'less than a day left';
  return days === 1 ? '1 day left' : `${days.toLocaleString('en')} days left`;
}

/** How a version ended; under a dry run, how it would. */
export function resultLines(result: HandResult, dryRun: boolean): string[] {
  const { ref, outcome, before, after, write, residual, detail } = result;
  const good = isAsWanted(result);
  const lines = [`${good ? paint('green', '✔') : paint('red', '✘')} ${addressOf(ref)}`];
  const lock = after ?? before;
  lines.push(`  ${meaningOf(outcome, dryRun)}${lock === undefined ? '' : `: ${seenText(lock)}`}`);
  if (dryRun && write !== undefined) {
    lines.push(`  would write: ${writeText(write)}`);
  }
  if (residual !== undefined) {
    const { mode, from, until } = residualInRecord(residual);
    lines.push(`  ${mode} stays unmet from ${from} to ${until}`);
  }
  if (detail !== undefined) lines.push(`  ${visible(detail)}`);
  if (!good && nextOf(outcome) !== '') lines.push(`  ${nextOf(outcome)}`);
  return lines;
}

function writeText(write: Write): string {
  if (write.kind === 'hold-on') return 'legal hold ON';
  const date = write.until === undefined ? '' : ` until ${formatInstant(write.until)}`;
  const again = write.kind === 'event-hold-on' ? ', with its event hold sent again' : '';
  return `${write.mode}${date}${again}`;
}

export function resultJson({ ref, outcome, before, after, write, residual, detail }: HandResult): object {
  return {
    key: ref.key,
    versionId: ref.versionId,
    outcome,
    ...(before && { before: lockInRecord(before) }),
    ...(after && { after: lockInRecord(after) }),
    ...(write && { write: wantedInRecord(write) }),
    ...(residual && { gap: residualInRecord(residual) }),
    ...(detail !== undefined && { detail }),
  };
}

export function meaningOf(outcome: HandResult['outcome'], dryRun = false): string {
  if (outcome === 'no-verdict') return 'the store gave no verdict';
  if (!dryRun) return OUTCOMES[outcome].meaning;
  switch (outcome) {
    case 'locked':
      return 'would be locked; now';
    case 'extended':
      return 'would be extended; now';
    case 'held':
      return 'a legal hold would be placed; now';
    default:
      return OUTCOMES[outcome].meaning;
  }
}

/** What was seen of a lock: a deed reads back only the part that it wrote. */
function seenText({ retention, hold }: LockState): string {
  if (retention.state === 'absent') return hold === 'on' ? 'legal hold ON' : 'no lock was seen';
  return lockText({ retention, hold: hold === 'absent' ? 'none' : hold });
}

function nextOf(outcome: HandResult['outcome']): string {
  if (outcome === 'no-verdict') return 'run it again: what is already right is found so';
  // Their advice speaks of rules; by hand there is none.
  if (outcome === 'mode-stricter')
    return 'nothing was sent: extending a COMPLIANCE lock needs --mode COMPLIANCE, and cannot be taken back';
  return OUTCOMES[outcome].next.replace('the role', 'these credentials').replace('in the record', 'above');
}
