import { bucketOf, type Answer, type Call } from '../call.ts';
import { bypasses } from '../create.ts';
import { iso, parseIso } from '../dates.ts';
import { malformedXml, notImplemented, protectedByLock, S3Error } from '../errors.ts';
import { raiseRetention } from '../events.ts';
import { requireProof } from '../integrity.ts';
import { isRetentionMode, mayRetain, type Retention } from '../lock.ts';
import { lockable } from '../lookup.ts';
import { checkUntil, missingLockConfiguration } from '../upload-headers.ts';
import { leaf, members, readXml, xmlDocument } from '../xml.ts';

const noLock = ({ service }: Call): S3Error => {
  const { status, code } = service.dialect.none ?? { status: 404, code: 'NoSuchObjectLockConfiguration' };
  return new S3Error(status, code, 'The specified object does not have a ObjectLock configuration');
};

const SECONDS_IN_32_BITS = 2 ** 32 * 1000;

/** PutObjectRetention. The order of checks is S3's: document, bucket, version, date, stored lock. */
export function putObjectRetention(call: Call): Answer {
  const bucket = bucketOf(call);
  const wanted = readRetention(call);
  requireProof(call.integrity);
  if (!bucket.objectLock) throw missingLockConfiguration();
  const version = lockable(call, bucket);
  if (wanted) checkUntil(wanted.until, call.now, 'RetainUntilDate');
  const { lies } = call.service;
  const allowed = lies.has('shorten') || mayRetain(version.lock.retention, wanted, call.now, bypasses(call));
  const { refusal } = call.service.dialect;
  if (!allowed)
    throw refusal ? new S3Error(refusal.status, refusal.code, 'Object is WORM protected') : protectedByLock();
  const kept = wanted && lies.has('far') ? { ...wanted, until: wanted.until % SECONDS_IN_32_BITS } : wanted;
  if (!lies.has('forget')) version.lock = { ...version.lock, retention: kept };
  raiseRetention(call, bucket, version, wanted);
  return { status: 200 };
}

// An empty document asks to remove retention.
function readRetention(call: Call): Retention | undefined {
  if (call.body.length === 0) throw malformedXml();
  const found = members(readXml(call.body, 'Retention'), [
    'Mode',
    'RetainUntilDate',
    'EventHold',
    'EventHoldDuration',
  ]);
  // Keeping only the date would leave a version less protected than its owner believes.
  if (found.EventHold || found.EventHoldDuration)
    throw notImplemented('This embedded S3 does not implement event holds.', { Header: 'EventHold' });
  const { Mode: mode, RetainUntilDate: date } = found;
  if (!mode && !date) return undefined;
  const until = date ? parseIso(date.text.trim()) : undefined;
  const word = mode?.text.trim() ?? '';
  if (until === undefined || !isRetentionMode(word)) throw malformedXml();
  return { mode: word, until };
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
      leaf('RetainUntilDate', iso(retention.until)),
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
