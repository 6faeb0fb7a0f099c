/** What the credentials may do: what is needed and missing, and what is there and should not be. */
import { type Attempt, type Permission, type Seen } from '../ports/bucket-survey.ts';
import { type Check } from '../probe/check.ts';
import { type PolicyVerdict, verdictOn } from './bucket-policy.ts';
import { type Patient } from './patient.ts';
import { bad, good, skipped, warn } from './row.ts';

/** What Holdfast's functions need of a bucket that they manage; docs/IAM.md has the reason for each. */
const OURS: readonly Permission[] = [
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectTagging',
  's3:GetObjectVersionTagging',
  's3:GetObjectRetention',
  's3:GetObjectLegalHold',
  's3:PutObjectRetention',
  's3:PutObjectLegalHold',
];

const DELETE_VERSION: Permission = 's3:DeleteObjectVersion';
const BYPASS = 's3:BypassGovernanceRetention';

/** What doctor tries for a tool, or for Holdfast itself. */
export const permissionsToTry = ({ tool }: Patient): readonly Permission[] => [
  ...(tool?.permissions ?? OURS),
  DELETE_VERSION,
];

export function permissionChecks(
  attempts: ReadonlyMap<Permission, Attempt>,
  policy: Seen<string | undefined>,
  patient: Patient,
): readonly Check[] {
  const { tool } = patient;
  const user = tool?.name ?? 'Holdfast';
  const mayList = attempts.get('s3:ListBucket')?.kind !== 'denied';
  const needed = [...attempts]
    .filter(([permission]) => permission !== DELETE_VERSION)
    .map(([permission, attempt]) => {
      const about = { id: permission, expected: `${user} needs it` };
      // Who may not list is denied what is missing, so that nothing is told by it.
      const isHidden = attempt.kind === 'denied' && !mayList && permission.includes('Object');
      if (isHidden) return skipped(about, 'denied, which tells nothing without s3:ListBucket');
      return neededCheck(about, attempt, patient);
    });
  const untried = tool === undefined || tool.untried.length === 0 ? [] : [untriedCheck(tool.untried, user)];
  return [
    ...needed,
    ...untried,
    dangerousCheck(patient),
    deleteCheck(attempts.get(DELETE_VERSION), mayList, patient),
    bypassCheck(policy, patient),
  ];
}

type About = Pick<Check, 'id' | 'expected'>;

function neededCheck(about: About, attempt: Attempt, { tool }: Patient): Check {
  switch (attempt.kind) {
    case 'allowed':
      return good(about, 'allowed');
    case 'unclear':
      return skipped(about, attempt.why);
    case 'denied':
      return bad(
        about,
        about.id === 's3:PutObject'
          ? 'denied, as an upload with nothing to it: a policy may ask for encryption or lock headers'
          : 'denied',
        tool === undefined
          ? `allow ${about.id} to these credentials (docs/IAM.md)`
          : `allow ${about.id} to these credentials (docs/guides/${tool.name}.md)`,
      );
  }
}

/** What undoes a bucket's protection as a whole. */
const DANGEROUS = [
  ...['s3:DeleteBucket', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy', 's3:PutLifecycleConfiguration'],
  ...['s3:PutBucketObjectLockConfiguration', 's3:PutBucketVersioning', 's3:PutReplicationConfiguration'],
];

function dangerousCheck({ bucket, isAmazon }: Patient): Check {
  const about = {
    id: 'permissions-dangerous',
    expected: 'these credentials cannot change the bucket itself',
  };
  const ask = `aws iam simulate-principal-policy --policy-source-arn ARN --action-names ${DANGEROUS.join(' ')} --resource-arns arn:aws:s3:::${bucket}`;
  const why = `${DANGEROUS.join(', ')}: no request that changes nothing can show them`;
  return skipped(about, why, isAmazon ? ask : undefined);
}

const untriedCheck = (actions: readonly string[], user: string): Check =>
  skipped(
    { id: 'permissions-untried', expected: `${user} needs these too` },
    `${actions.join(', ')}: no request that changes nothing can show them`,
  );

function deleteCheck(attempt: Attempt | undefined, mayList: boolean, { tool }: Patient): Check {
  const about = { id: DELETE_VERSION, expected: 'these credentials cannot delete versions' };
  if (attempt === undefined || attempt.kind === 'unclear')
    return skipped(about, attempt === undefined ? 'not asked' : attempt.why);
  if (attempt.kind === 'denied')
    return mayList
      ? good(about, 'denied')
      : skipped(about, 'denied, which tells little without s3:ListBucket');
  const why =
    tool === undefined
      ? 'Holdfast never needs it, and whoever has it deletes what no lock protects'
      : `whoever takes ${tool.name} over deletes what no lock protects`;
  return warn(about, `allowed: ${why}`, `take ${DELETE_VERSION} away from these credentials`);
}

/** Never tried: Holdfast sends the header for it nowhere but in the scratch bucket of the probe (law 2). */
function bypassCheck(policy: Seen<string | undefined>, { bucket, isAmazon, connection }: Patient): Check {
  const about = { id: BYPASS, expected: 'nobody can go round GOVERNANCE in this bucket' };
  const verdict = policy.kind === 'seen' ? verdictOn(BYPASS, policy.value, bucket) : undefined;
  const ask = isAmazon
    ? `aws iam simulate-principal-policy --policy-source-arn ARN --action-names ${BYPASS} --resource-arns 'arn:aws:s3:::${bucket}/*'`
    : `holdfast doctor --probe --unprivileged-profile PROFILE${connection}`;
  return verdict === undefined
    ? skipped(
        about,
        policy.kind === 'denied' ? `it needs ${policy.action}` : 'the bucket policy cannot be read',
        ask,
      )
    : judgeBypass(about, verdict, ask);
}

function judgeBypass(about: About, { deniedToAll, allowedTo }: PolicyVerdict, ask: string): Check {
  if (deniedToAll) return good(about, 'the bucket policy denies it to everybody');
  if (allowedTo.length > 0)
    return warn(
      about,
      `the bucket policy allows it to ${allowedTo.join(', ')}`,
      `deny ${BYPASS} in the bucket policy`,
    );
  return skipped(
    about,
    'the bucket policy does not deny it, and Holdfast never tries it; ask for each user',
    ask,
  );
}
