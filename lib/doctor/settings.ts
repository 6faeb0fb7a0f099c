/** Versioning, Object Lock and MFA Delete: without the first two nothing can be locked. */
import { type LifecycleRule, type LockSetting, type Seen, type Versioning } from '../ports/bucket-survey.ts';
import { type Check } from '../probe/check.ts';
import { changing, type Patient } from './patient.ts';
import { bad, good, skipped, unseen, warn } from './row.ts';

export function versioningCheck(answer: Seen<Versioning>, patient: Patient): Check {
  const about = { id: 'versioning', expected: 'every upload is kept as a version' };
  if (answer.kind !== 'seen') return unseen(about, answer);
  const { status } = answer.value;
  if (status === 'enabled') return good(about, 'enabled');
  return bad(
    about,
    status === 'never' ? 'off' : 'suspended',
    changing(patient, `bucket enable ${patient.bucket}`),
  );
}

export function lockCheck(answer: Seen<LockSetting>, patient: Patient): Check {
  const about = { id: 'object-lock', expected: 'versions of this bucket can be locked' };
  if (answer.kind === 'denied') return unseen(about, answer);
  if (answer.kind === 'not-offered') return bad(about, `this store has no Object Lock (${answer.code})`);
  if (answer.value.enabled) return good(about, 'enabled');
  return bad(
    about,
    'off; versions that are there already stay unprotected after it is enabled',
    changing(patient, `bucket enable ${patient.bucket} --mode GOVERNANCE --days 1`),
  );
}

export function mfaCheck(answer: Seen<Versioning>, lifecycle: Seen<readonly LifecycleRule[]>): Check {
  const about = {
    id: 'mfa-delete',
    expected: 'MFA Delete and lifecycle rules do not stand against each other',
  };
  if (answer.kind !== 'seen') return unseen(about, answer);
  if (!answer.value.mfaDelete) return good(about, 'off; locks do not need it');
  if (lifecycle.kind !== 'seen') return skipped(about, 'on; the lifecycle rules were not seen');
  if (lifecycle.value.length === 0) return good(about, 'on: versions are deleted with a device in hand only');
  return warn(
    about,
    'on, beside lifecycle rules: S3 does not let them go together, and one of them will not work',
  );
}
