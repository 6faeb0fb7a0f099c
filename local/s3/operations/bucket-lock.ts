import { bucketOf, type Answer, type Call } from '../call.ts';
import { invalidArgument, malformedXml, notImplemented, S3Error } from '../errors.ts';
import { requireProof } from '../integrity.ts';
import { isRetentionMode, type DefaultRetention } from '../lock.ts';
import { branch, leaf, members, readXml, xmlDocument, type XmlNode } from '../xml.ts';

const LONGEST = { Days: 36_500, Years: 100 } as const;

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
  const defaultRetention = rule && readRule(rule);
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

function readRule(rule: XmlNode): DefaultRetention {
  const { DefaultRetention: retention } = members(rule, ['DefaultRetention']);
  if (!retention) throw malformedXml();
  const found = members(retention, ['Mode', 'Days', 'Years', 'DefaultEventHold']);
  if (found.DefaultEventHold)
    throw notImplemented('This embedded S3 does not implement event holds.', { Header: 'DefaultEventHold' });
  const mode = found.Mode?.text.trim() ?? '';
  const unit = found.Days ? 'Days' : 'Years';
  const text = found[unit]?.text.trim() ?? '';
  if (!isRetentionMode(mode) || (found.Days && found.Years) || !/^[+-]?\d{1,10}$/.test(text))
    throw malformedXml();
  const length = Number(text);
  if (length <= 0)
    throw invalidArgument('Default retention period must be a positive integer value.', unit, text);
  if (length > LONGEST[unit]) throw invalidArgument('Default retention period too large.', unit, text);
  return { mode, unit, length };
}

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
      rule
        ? branch('Rule', branch('DefaultRetention', leaf('Mode', rule.mode), leaf(rule.unit, rule.length)))
        : '',
    ),
  };
}
