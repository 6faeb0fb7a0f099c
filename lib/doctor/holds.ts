/** Who may take legal holds off: Holdfast can only promise not to clear what others set where nobody else can. */
import { type Seen } from '../ports/bucket-survey.ts';
import { type Check } from '../probe/check.ts';
import { keptTo } from './bucket-policy.ts';
import { type Patient } from './patient.ts';
import { good, skipped, unseen, warn } from './row.ts';

const ACTION = 's3:PutObjectLegalHold';
/** Whoever may only place them does no harm. */
const CLEARING = { 's3:object-lock-legal-hold': 'OFF' };

export function holdsCheck(answer: Seen<string | undefined>, { bucket, isAmazon }: Patient): Check {
  const about = { id: 'hold-writers', expected: 'only the role of onHolds may take legal holds off' };
  if (!isAmazon) return skipped(about, 'only policies of AWS are understood: look who has that permission');
  if (answer.kind !== 'seen') return unseen(about, answer);
  const kept = keptTo(ACTION, answer.value, bucket, CLEARING);
  if (kept === undefined)
    return warn(
      about,
      `whoever has ${ACTION} can take holds off, those of matters too`,
      'deny it in the bucket policy to everybody but the role of onHolds (docs/HOLDS.md)',
    );
  return good(about, kept.length === 0 ? 'denied to everybody' : `kept to ${kept.join(', ')}`);
}
