/** Where versions and events go: replication, events to Holdfast, inventories for bulk plans. */
import { type Inventory } from '../ports/bucket-admin.ts';
import { type EventWiring, type Seen } from '../ports/bucket-survey.ts';
import { type Check } from '../probe/check.ts';
import { changing, type Patient } from './patient.ts';
import { good, skipped, unseen, warn } from './row.ts';

/** What bulk plans read of the locks in an inventory. */
export const LOCK_COLUMNS = ['ObjectLockRetainUntilDate', 'ObjectLockMode', 'ObjectLockLegalHoldStatus'];

/** Whether an inventory shows all that bulk plans need. */
export function isEnough({ enabled, allVersions, prefix, fields }: Inventory): boolean {
  return (
    enabled && allVersions && prefix === undefined && LOCK_COLUMNS.every((field) => fields.includes(field))
  );
}

export function replicationCheck(answer: Seen<readonly string[]>, { connection }: Patient): Check {
  const about = { id: 'replication', expected: 'replicas are locked like their sources' };
  if (answer.kind !== 'seen') return unseen(about, answer);
  if (answer.value.length === 0) return good(about, 'none');
  const [first = ''] = answer.value;
  return warn(
    about,
    `to ${answer.value.join(', ')}: a replica takes the lock of its source if the destination has Object Lock and the role may read locks; whether later extensions follow is not documented`,
    `holdfast doctor --bucket ${first}${connection}, then holdfast ls s3://${first}/${connection}`,
  );
}

const ELSEWHERE =
  'only AWS has EventBridge: lock with a default rule, with upload headers or with holdfast lock (docs/stores)';

/** Without rules of Holdfast nobody waits for events. */
const NO_RULES = 'no rules of Holdfast were named (--policy)';

export function eventsCheck(answer: Seen<EventWiring>, patient: Patient): Check {
  const { bucket, tool, policy } = patient;
  const about = { id: 'events', expected: 'uploads are told to EventBridge, for rules to act on' };
  if (tool !== undefined && policy === undefined) return skipped(about, NO_RULES);
  if (answer.kind === 'not-offered')
    return skipped(
      about,
      `this store sends no such events (${answer.code}): lock with holdfast lock, or by upload headers`,
    );
  if (answer.kind === 'denied') return unseen(about, answer);
  const { eventBridge, notifications } = answer.value;
  if (eventBridge) return good(about, 'wired');
  if (!patient.isAmazon) return skipped(about, ELSEWHERE);
  const others = notifications === 0 ? '' : `; its ${notifications} notifications go elsewhere`;
  return warn(
    about,
    `not wired: no rule acts on uploads${others}`,
    changing(patient, `bucket adopt ${bucket} --apply`),
  );
}

export function inventoryCheck(answer: Seen<readonly Inventory[]>, patient: Patient): Check {
  const { bucket, tool, policy } = patient;
  const about = { id: 'inventory', expected: 'an inventory of all versions with their locks' };
  if (tool !== undefined && policy === undefined) return skipped(about, NO_RULES);
  if (answer.kind !== 'seen') return unseen(about, answer);
  const serves = answer.value.find(isEnough);
  if (serves !== undefined) return good(about, serves.id);
  if (!patient.isAmazon)
    return skipped(about, 'only AWS writes inventories, as far as we know: versions are listed instead');
  const mend = changing(patient, `bucket adopt ${bucket} --inventory-to BUCKET --apply`);
  if (answer.value.length === 0) return warn(about, 'none: whole buckets are listed instead', mend);
  return warn(about, answer.value.map(lackOf).join('; '), mend);
}

function lackOf({ id, enabled, allVersions, prefix, fields }: Inventory): string {
  const missing = LOCK_COLUMNS.filter((field) => !fields.includes(field));
  const lacks = [
    ...(enabled ? [] : ['is switched off']),
    ...(allVersions ? [] : ['shows current versions only']),
    ...(prefix === undefined ? [] : [`shows ${prefix} alone`]),
    ...(missing.length === 0 ? [] : [`lacks ${missing.join(', ')}`]),
  ];
  return `${id} ${lacks.join(', ')}`;
}
