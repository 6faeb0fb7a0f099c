/** Lifecycle rules: S3 never lets them delete what is locked, and they can still hide it or leave it lying. */
import { type LifecycleRule, type Seen } from '../ports/bucket-survey.ts';
import { type Check } from '../probe/check.ts';
import { type Patient } from './patient.ts';
import { bad, good, unseen, warn } from './row.ts';

export function lifecycleChecks(answer: Seen<readonly LifecycleRule[]>, patient: Patient): readonly Check[] {
  const hides = { id: 'lifecycle', expected: 'no lifecycle rule hides locked versions' };
  const clears = {
    id: 'lifecycle-old',
    expected: 'old versions and markers are taken away when locks have ended',
  };
  const asked = patient.tool?.leavesVersions === true;
  if (answer.kind !== 'seen') return [unseen(hides, answer), ...(asked ? [unseen(clears, answer)] : [])];
  return [
    hideCheck(hides, answer.value, patient),
    ...(asked ? [clearCheck(clears, answer.value, patient)] : []),
  ];
}

type About = Pick<Check, 'id' | 'expected'>;

function hideCheck(about: About, rules: readonly LifecycleRule[], { tool }: Patient): Check {
  const hiding = rules.filter(({ expiresCurrent }) => expiresCurrent);
  if (hiding.length > 0) {
    const named = hiding.map(({ id, about: keys }) => `${id} (${keys})`).join(', ');
    const seen = `${named}: current versions expire, which hides them behind delete markers while their locks last`;
    const mend = 'let rules end old versions (NoncurrentVersionExpiration), not current ones (Expiration)';
    return tool?.leavesVersions === true && hiding.some(({ isForAll }) => isForAll)
      ? bad(about, `${seen}; ${tool.name} would miss what it still needs`, mend)
      : warn(about, seen, mend);
  }
  const ending = rules.filter(({ noncurrentDays }) => noncurrentDays !== undefined);
  if (ending.length === 0) return good(about, rules.length === 0 ? 'no rules' : 'none does');
  const days = Math.min(...ending.map(({ noncurrentDays = 0 }) => noncurrentDays));
  return good(
    about,
    `old versions end after ${days} ${days === 1 ? 'day' : 'days'} or more, and never before their lock`,
  );
}

function clearCheck(about: About, rules: readonly LifecycleRule[], patient: Patient): Check {
  const { bucket, tool } = patient;
  const theirs =
    / --endpoint (\S+)/.exec(patient.connection)?.[0].replace('--endpoint', '--endpoint-url') ?? '';
  const whole = rules.filter(({ isForAll }) => isForAll);
  const lacks = [
    ...(whole.some(({ noncurrentDays }) => noncurrentDays !== undefined) ? [] : ['old versions']),
    ...(whole.some(({ removesMarkers }) => removesMarkers) ? [] : ['expired delete markers']),
  ];
  if (lacks.length === 0) return good(about, 'they are');
  const parts = rules.filter(({ isForAll, noncurrentDays }) => !isForAll && noncurrentDays !== undefined);
  if (parts.length > 0)
    return warn(
      about,
      `for ${parts.map((rule) => rule.about).join('; ')} alone: see whether that is all that ${tool?.name ?? 'the tool'} writes`,
    );
  return warn(
    about,
    `${tool?.name ?? 'the tool'} deletes without naming versions, and nothing takes away ${lacks.join(' and ')}: storage only grows; the line replaces rules that are there`,
    `aws s3api put-bucket-lifecycle-configuration --bucket ${bucket} --lifecycle-configuration '${LIFECYCLE}'${theirs}`,
  );
}

const LIFECYCLE = JSON.stringify({
  Rules: [
    {
      ID: 'old-versions',
      Status: 'Enabled',
      Filter: { Prefix: '' },
      NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      Expiration: { ExpiredObjectDeleteMarker: true },
    },
  ],
});
