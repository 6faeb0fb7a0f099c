import { checkDate, settled, type AskedRetention } from '../asked-retention.ts';
import { bucketOf, type Answer, type Call } from '../call.ts';
import { bypasses } from '../create.ts';
import { iso, parseIso } from '../dates.ts';
import { malformedXml, protectedByLock, S3Error } from '../errors.ts';
import { durationElement, durationOf, eventHoldOf, heedsEventHolds, readDuration } from '../event-hold.ts';
import { raiseRetention } from '../events.ts';
import { requireProof } from '../integrity.ts';
import { isOpen, isRetentionMode, mayRetain, untilAt, type EventHold, type Retention } from '../lock.ts';
import { lockable } from '../lookup.ts';
import { missingLockConfiguration } from '../upload-headers.ts';
import { leaf, members, readXml, xmlDocument, type XmlNode } from '../xml.ts';

const noLock = ({ service }: Call): S3Error => {
  const { status, code } = service.dialect.none ?? { status: 404, code: 'NoSuchObjectLockConfiguration' };
  return new S3Error(status, code, 'The specified object does not have a ObjectLock configuration');
};

const SECONDS_IN_32_BITS = 2 ** 32 * 1000;

/** PutObjectRetention. The order of checks is S3's: document, bucket, version, date, stored lock. */
export function putObjectRetention(call: Call): Answer {
  const bucket = bucketOf(call);
  const asked = readRetention(call);
  requireProof(call.integrity);
  if (!bucket.objectLock) throw missingLockConfiguration();
  const version = lockable(call, bucket);
  if (asked) checkDate(asked, call.now, 'RetainUntilDate');
  const wanted = grantedRetention(call, version.lock.retention, asked);
  if (!call.service.lies.has('forget')) version.lock = { ...version.lock, retention: cut(call, wanted) };
  raiseRetention(call, bucket, version, wanted);
  return { status: 200 };
}

/** What is stored from now on; throws where the stored lock refuses that. */
function grantedRetention(
  call: Call,
  stored: Retention | undefined,
  asked: AskedRetention | undefined,
): Retention | undefined {
  const { now, service } = call;
  const bypass = bypasses(call);
  const lets = service.lies.has('shorten');
  const wanted = asked && settled(stored, asked, now, lets || isOpen(stored, now, bypass));
  if (lets || mayRetain(stored, wanted, now, bypass)) return wanted;
  const { refusal } = service.dialect;
  throw refusal ? new S3Error(refusal.status, refusal.code, 'Object is WORM protected') : protectedByLock();
}

const cut = ({ service }: Call, retention: Retention | undefined): Retention | undefined =>
  retention && service.lies.has('far')
    ? { ...retention, until: retention.until % SECONDS_IN_32_BITS }
    : retention;

// An empty document asks to remove retention.
function readRetention(call: Call): AskedRetention | undefined {
  if (call.body.length === 0) throw malformedXml();
  const found = members(readXml(call.body, 'Retention'), [
    'Mode',
    'RetainUntilDate',
    'EventHold',
    'EventHoldDuration',
  ]);
  const { Mode: mode, RetainUntilDate: date, EventHold: status, EventHoldDuration: duration } = found;
  const isHeld = (status ?? duration) !== undefined && heedsEventHolds(call, 'EventHold');
  if (!mode && !date && !isHeld) return undefined;
  const until = date && parseIso(date.text.trim());
  const word = mode?.text.trim() ?? '';
  if (!isRetentionMode(word) || (date && until === undefined)) throw malformedXml();
  const eventHold = isHeld ? readEventHold(status, duration) : undefined;
  if (eventHold) return { mode: word, until, eventHold };
  if (until === undefined) throw malformedXml();
  return { mode: word, until };
}

function readEventHold(status: XmlNode | undefined, duration: XmlNode | undefined): EventHold | undefined {
  const word = status?.text.trim();
  if (word !== undefined && word !== 'ON' && word !== 'OFF') throw malformedXml();
  return eventHoldOf(word, duration && readDuration(duration));
}

/** GetObjectRetention; an expired retention is still told. */
export function getObjectRetention(call: Call): Answer {
  const bucket = bucketOf(call);
  if (!bucket.objectLock) throw missingLockConfiguration();
  const { retention } = lockable(call, bucket).lock;
  if (!retention) throw noLock(call);
  return {
    status: 200,
    body: xmlDocument(
      'Retention',
      leaf('Mode', retention.mode),
      leaf('RetainUntilDate', iso(untilAt(retention, call.now))),
      leaf('EventHold', retention.eventHold?.status),
      durationElement('EventHoldDuration', durationOf(retention.eventHold)),
    ),
  };
}

/** PutObjectLegalHold; whoever may set one may clear it. */
export function putObjectLegalHold(call: Call): Answer {
  const bucket = bucketOf(call);
  if (call.body.length === 0) throw malformedXml();
  const { Status: status } = members(readXml(call.body, 'LegalHold'), ['Status']);
  const legalHold = status?.text.trim();
  if (legalHold !== 'ON' && legalHold !== 'OFF') throw malformedXml();
  requireProof(call.integrity);
  if (!bucket.objectLock) throw missingLockConfiguration();
  const version = lockable(call, bucket);
  version.lock = { ...version.lock, legalHold };
  return { status: 200 };
}

/** GetObjectLegalHold; OFF once there was one, 404 when there never was. */
export function getObjectLegalHold(call: Call): Answer {
  const bucket = bucketOf(call);
  if (!bucket.objectLock) throw missingLockConfiguration();
  const { legalHold } = lockable(call, bucket).lock;
  if (!legalHold) throw noLock(call);
  return { status: 200, body: xmlDocument('LegalHold', leaf('Status', legalHold)) };
}
