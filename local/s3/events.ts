import type { Bucket } from './bucket.ts';
import type { Call } from './call.ts';
import { iso } from './dates.ts';
import { durationOf } from './event-hold.ts';
import { untilAt, type Retention } from './lock.ts';
import type { S3Event } from './types.ts';
import { NULL_VERSION } from './version-id.ts';
import type { Version } from './version.ts';

const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

/** Tells of a creation, a marker or a removal: the events that carry a sequencer. */
export function raiseChange(
  call: Call,
  bucket: Bucket,
  name: `ObjectCreated:${string}` | `ObjectRemoved:${string}`,
  version: Version,
): void {
  const isCreation = name.startsWith('ObjectCreated:') && version.kind === 'object';
  raise(call, bucket, name, version, {
    sequencer: sequencer(call.service.versionIds.nextSequence()),
    ...(isCreation ? { size: version.data.length, eTag: version.etag } : {}),
    ...(name === 'ObjectRemoved:DeleteMarkerCreated' ? { eTag: EMPTY_MD5 } : {}),
  });
}

/** Tells of a tag change; S3 says neither size, nor tags, nor order. */
export function raiseTagging(
  call: Call,
  bucket: Bucket,
  name: 'ObjectTagging:Put' | 'ObjectTagging:Delete',
  version: Version,
): void {
  raise(call, bucket, name, version, version.kind === 'object' ? { eTag: version.etag } : {});
}

/** Tells of a retention change, with the new values when there are any. */
export function raiseRetention(
  call: Call,
  bucket: Bucket,
  version: Version,
  retention: Retention | undefined,
): void {
  raise(call, bucket, 'ObjectRetention:Put', version, {
    ...(version.kind === 'object' ? { eTag: version.etag } : {}),
    ...(retention ? { retention: newValues(retention, call.now) } : {}),
  });
}

function newValues(retention: Retention, now: number): NonNullable<S3Event['retention']> {
  const { mode, eventHold } = retention;
  const duration = durationOf(eventHold);
  return {
    mode,
    retainUntilDate: iso(untilAt(retention, now)),
    ...(eventHold && { eventHold: eventHold.status }),
    ...(duration && {
      eventHoldDuration: duration.unit === 'Days' ? { days: duration.length } : { years: duration.length },
    }),
  };
}

function raise(call: Call, bucket: Bucket, name: string, version: Version, extra: Partial<S3Event>): void {
  const event: S3Event = {
    name,
    time: call.now,
    bucket: bucket.name,
    key: version.key,
    ...(version.versionId === NULL_VERSION ? {} : { versionId: version.versionId }),
    requestId: call.requestId,
    principalId: `AWS:${call.principal.accessKeyId}`,
    sourceIp: call.request.sourceIp,
    notification: bucket.notification,
    ...extra,
  };
  try {
    call.service.notify(event);
  } catch (error) {
    // The change has happened; a listener's fault must not turn it into a refusal.
    process.stderr.write(`s3: a listener failed on ${name}: ${String(error)}\n`);
  }
}

// Comparable per key only, as strings of one length.
const sequencer = (sequence: number): string => `00${sequence.toString(16).padStart(16, '0').toUpperCase()}`;
