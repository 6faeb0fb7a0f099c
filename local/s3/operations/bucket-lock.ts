import { bucketOf, type Answer, type Call } from '../call.ts';
import { invalidArgument, malformedXml, S3Error } from '../errors.ts';
import { durationElement, heedsEventHolds, readDuration } from '../event-hold.ts';
import { requireProof } from '../integrity.ts';
import { isRetentionMode, type DefaultRetention } from '../lock.ts';
import { isLonger, readTerm, type Term } from '../term.ts';
import { branch, leaf, members, readXml, xmlDocument, type XmlNode } from '../xml.ts';

/** PutObjectLockConfiguration: turns Object Lock on, and sets or clears the default rule. */
export function putObjectLockConfiguration(call: Call): Answer {
  const bucket = bucketOf(call);
  if (call.body.length === 0) throw malformedXml();
  const { ObjectLockEnabled: enabled, Rule: rule } = members(readXml(call.body, 'ObjectLockConfiguration'), [
    'ObjectLockEnabled',
    'Rule',
  ]);
  if (enabled?.text.trim() === 'Disabled' && call.service.lies.has('unlock')) {
    bucket.objectLock = undefined;
    return { status: 200 };
  }
  if (enabled?.text.trim() !== 'Enabled') throw malformedXml();
  const defaultRetention = rule && readRule(call, rule);
  requireProof(call.integrity);
  if (bucket.versioning !== 'Enabled')
    throw new S3Error(
      409,
      'InvalidBucketState',
      "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
    );
  if (bucket.objectLock && call.service.lies.has('default-stays')) return { status: 200 };
  bucket.objectLock = { defaultRetention };
  return { status: 200 };
}

function readRule(call: Call, rule: XmlNode): DefaultRetention {
  const { DefaultRetention: retention } = members(rule, ['DefaultRetention']);
  if (!retention) throw malformedXml();
  const found = members(retention, ['Mode', 'Days', 'Years', 'DefaultEventHold']);
  const mode = found.Mode?.text.trim() ?? '';
  if (!isRetentionMode(mode)) throw malformedXml();
  const period = readPeriod(found.Days, found.Years);
  const held = found.DefaultEventHold;
  const eventHold = held && heedsEventHolds(call, held.name) ? readDuration(held) : undefined;
  if (!period && !eventHold) throw malformedXml();
  if (period && eventHold && isLonger(eventHold, period))
    throw invalidArgument(
      'Default event hold duration must not exceed the default retention period.',
      'DefaultEventHold',
    );
  return { mode, period, eventHold };
}

function readPeriod(days: XmlNode | undefined, years: XmlNode | undefined): Term | undefined {
  const only = days ?? years;
  if (!only) return undefined;
  if (days && years) throw malformedXml();
  const term = readTerm(days ? 'Days' : 'Years', only.text.trim(), { what: 'Default retention period' });
  if (!term) throw malformedXml();
  return term;
}

const writeRule = ({ mode, period, eventHold }: DefaultRetention): string =>
  branch(
    'DefaultRetention',
    leaf('Mode', mode),
    period ? leaf(period.unit, period.length) : '',
    durationElement('DefaultEventHold', eventHold),
  );

/** GetObjectLockConfiguration. */
export function getObjectLockConfiguration(call: Call): Answer {
  const bucket = bucketOf(call);
  if (!bucket.objectLock)
    throw new S3Error(
      404,
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
      { BucketName: bucket.name },
    );
  const rule = bucket.objectLock.defaultRetention;
  return {
    status: 200,
    body: xmlDocument(
      'ObjectLockConfiguration',
      leaf('ObjectLockEnabled', 'Enabled'),
      rule ? branch('Rule', writeRule(rule)) : '',
    ),
  };
}
