/** One version as the API shows it: its lock, and who needs its hold. */
import { HoldfastError } from '../../errors.ts';
import { formatInstant } from '../../lock/instant.ts';
import { needersOf } from '../../matters/custody.ts';
import { type LockView } from '../../matters/messages.ts';
import { type ObjectRef } from '../../ports/lock-store.ts';
import { seeFully } from '../by-hand-status.ts';
import { type Caller } from '../caller.ts';
import { atOnce } from './at-once.ts';
import { readCustody, readDocket, readMatter } from './ledger-items.ts';
import { requireManaged } from './scope-request.ts';
import { type ServiceDeps } from './service-deps.ts';

export async function lockViewOf(ref: ObjectRef, { groups }: Caller, deps: ServiceDeps): Promise<LockView> {
  requireManaged(ref.bucket, deps);
  const read = await deps.store.read(ref);
  if (read.kind !== 'found') throw notShown(ref, read.kind);
  const { version } = read;
  const { retention, hold } = await seeFully(deps.store, version);
  const [{ value: custody }, { value: docket }] = await Promise.all([
    readCustody(version.ref, deps),
    readDocket(deps),
  ]);
  const needers = custody === undefined ? [] : needersOf(custody, '', new Set(docket.open));
  const seen = await atOnce(needers, async (id) =>
    groups.includes((await readMatter(id, deps))?.value.group ?? ''),
  );
  const matters = needers.filter((_, at) => seen[at]);
  return {
    bucket: ref.bucket,
    key: ref.key,
    versionId: version.ref.versionId,
    created: formatInstant(version.created),
    size: version.size === 'unknown' ? null : version.size,
    mode: retention.state === 'locked' ? retention.mode : retention.state,
    ...(retention.state === 'locked' && { until: formatInstant(retention.until) }),
    eventHold: retention.state === 'locked' && retention.eventHeld === true,
    hold,
    matters,
    others: needers.length - matters.length,
  };
}

function notShown({ bucket, key }: ObjectRef, kind: string): HoldfastError {
  const what = `${bucket}/${JSON.stringify(key)}`;
  if (kind === 'marker')
    return new HoldfastError('delete-marker', {
      what: `${what} is a delete marker`,
      next: 'name the version below it',
    });
  if (kind === 'no-lock-on-bucket')
    return new HoldfastError('no-lock-on-bucket', {
      what: `${what} has no versions`,
      next: 'enable Object Lock on the bucket',
    });
  if (kind === 'no-permission')
    return new HoldfastError('no-permission', {
      what: `${what} may not be read`,
      next: 'give the function s3:GetObjectVersion',
    });
  return new HoldfastError('no-such-version', {
    what: `${what} is not there`,
    next: 'check the key and the version',
  });
}
