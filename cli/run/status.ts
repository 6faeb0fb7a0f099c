/** Shows one version in full; loaded only when somebody asks for it. */
import { statusByHand, type VersionStatus } from '../../lib/app/by-hand-status.ts';
import { lockInRecord } from '../../lib/audit/record.ts';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { formatInstant } from '../../lib/lock/instant.ts';
import { type ObjectRef, type StoredVersion, versionIdOf } from '../../lib/ports/lock-store.ts';
import { addressOf, daysLeft, daysText, deletionText } from '../by-hand-text.ts';
import { lockText } from '../decision-text.ts';
import { paint, print, printJson, visible } from '../output.ts';
import { isDenied, objectTarget, openStore, type OpenStore, type StoreOptions } from '../store-options.ts';

export interface StatusOptions extends StoreOptions {
  readonly versionId?: string;
}

type Seen = Extract<VersionStatus, { kind: 'version' }>;
type SeenMarker = Extract<VersionStatus, { kind: 'marker' }>;

export async function runStatus(address: string, { versionId, ...options }: StatusOptions): Promise<void> {
  const target = objectTarget(address);
  const { bucket, key } = target;
  const ref = versionId === undefined ? { bucket, key } : { bucket, key, versionId: versionIdOf(versionId) };
  const status = await statusByHand(ref, { ...(await openStore(target, options)), isDenied });
  switch (status.kind) {
    case 'version':
      if (options.json === true) printJson(versionJson(status));
      else sayVersion(status);
      return;
    case 'marker':
      if (options.json === true) printJson(markerJson(status));
      else sayMarker(status);
      return;
    default:
      throw unseen(status, ref);
  }
}

/**
 * The version that a person names for a deed: never one that a marker hides, unless it is named by its id.
 *
 * @throws HoldfastError when there is none, or it cannot be locked.
 */
export async function foundVersion(ref: ObjectRef, open: OpenStore): Promise<StoredVersion> {
  const status = await statusByHand(ref, { ...open, isDenied });
  if (status.kind === 'version') {
    if (ref.versionId !== undefined || status.place !== 'hidden') return status.version;
    throw new HoldfastError('delete-marker', {
      what: `${addressOf(ref)} is hidden by a delete marker; the version below is still there`,
      next: `name it with --version-id=${status.version.ref.versionId}`,
    });
  }
  if (status.kind === 'marker') {
    throw new HoldfastError('delete-marker', {
      what: `${addressOf(ref)} is a delete marker, which cannot be locked`,
      next: 'find the versions below it with holdfast ls',
    });
  }
  throw unseen(status, ref);
}

function unseen(status: Exclude<VersionStatus, Seen | SeenMarker>, ref: ObjectRef): HoldfastError {
  const name = addressOf(ref);
  switch (status.kind) {
    case 'gone':
      return new HoldfastError('no-such-version', {
        what: `${name} is not there`,
        next: 'check the key, or look with holdfast ls',
      });
    case 'no-lock-on-bucket':
      return new HoldfastError('no-lock-on-bucket', {
        what: `${name}: its bucket keeps no versions, so nothing in it can be locked`,
        next: 'enable versioning and Object Lock on the bucket',
      });
    case 'no-permission':
      return new HoldfastError('no-permission', {
        what: `${name} may not be read`,
        next: `get the permission ${status.action}`,
      });
  }
}

function versionJson({ version, place }: Seen): object {
  const { ref, created, size, lock } = version;
  const now = systemClock.now();
  return {
    kind: 'version',
    ...ref,
    created: formatInstant(created),
    size,
    place,
    ...lockInRecord(lock),
    daysLeft: daysLeft(lock, now) ?? null,
    deletable: deletionText(lock, now),
  };
}

function sayVersion({ version, place }: Seen): void {
  const { ref, created, size, lock } = version;
  const now = systemClock.now();
  const days = daysLeft(lock, now);
  print(`${paint('bold', visible(`s3://${ref.bucket}/${ref.key}`))}  version ${visible(ref.versionId)}`);
  print(`  created     ${formatInstant(created)}, ${size === 'unknown' ? 'size not seen' : `${size} bytes`}`);
  print(`  place       ${placeText(version, place)}`);
  print(`  lock        ${lockText(lock)}${days === undefined ? '' : `  (${daysText(days)})`}`);
  print(`  hold        ${lock.hold === 'on' ? 'ON' : lock.hold === 'none' ? 'OFF' : 'not seen'}`);
  print(`  deletable   ${deletionText(lock, now)}`);
}

function placeText(version: StoredVersion, place: Seen['place']): string {
  const { retention } = version.lock;
  switch (place) {
    case 'current':
      return 'the current version';
    case 'older':
      return 'an older version: a newer one is current';
    case 'not-seen':
      return 'not seen: s3:ListBucketVersions is needed to tell whether it is current';
    case 'hidden': {
      if (daysLeft(version.lock, systemClock.now()) === undefined || retention.state !== 'locked')
        return 'hidden by a delete marker; still there';
      return `hidden by a delete marker; still there; locked until ${formatInstant(retention.until)}`;
    }
  }
}

function markerJson({ ref, hides }: SeenMarker): object {
  return { kind: 'marker', ...ref, hides: hides?.ref.versionId ?? null };
}

function sayMarker({ ref, hides }: SeenMarker): void {
  print(
    `${paint('bold', visible(`s3://${ref.bucket}/${ref.key}`))}  version ${visible(ref.versionId ?? '')}`,
  );
  print('  a delete marker: it cannot be locked, and deleting it deletes no data');
  if (hides !== undefined)
    print(`  the versions below it are still there; the newest of them is ${visible(hides.ref.versionId)}`);
}
