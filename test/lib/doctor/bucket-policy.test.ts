import { describe, expect, it } from '@jest/globals';
import { keptTo, verdictOn } from '../../../lib/doctor/bucket-policy.ts';

const BYPASS = 's3:BypassGovernanceRetention';
const policyOf = (...statements: readonly object[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({ Resource: 'arn:aws:s3:::b/*', ...statement })),
  });
const DENIED = { deniedToAll: true, allowedTo: [] };
const SILENT = { deniedToAll: false, allowedTo: [] };

describe('what a bucket policy says of the bypass', () => {
  it.each<[string, string | undefined, ReturnType<typeof verdictOn>]>([
    ['no policy', undefined, SILENT],
    ['a denial to everybody', policyOf({ Effect: 'Deny', Principal: '*', Action: BYPASS }), DENIED],
    [
      'a denial to everybody, written as AWS does',
      policyOf({ Effect: 'Deny', Principal: { AWS: ['*'] }, Action: [BYPASS] }),
      DENIED,
    ],
    ['a denial of all of S3', policyOf({ Effect: 'Deny', Principal: '*', Action: 's3:*' }), DENIED],
    [
      'a denial in other letters: actions have no case',
      policyOf({ Effect: 'Deny', Principal: '*', Action: 's3:bypassgovernance*' }),
      DENIED,
    ],
    [
      'a denial with a condition, which denies nothing for sure',
      policyOf({ Effect: 'Deny', Principal: '*', Action: BYPASS, Condition: { Bool: {} } }),
      SILENT,
    ],
    [
      'a denial to one user',
      policyOf({ Effect: 'Deny', Principal: { AWS: 'arn:u' }, Action: BYPASS }),
      SILENT,
    ],
    [
      'a denial for a part of the bucket',
      policyOf({ Effect: 'Deny', Principal: '*', Action: BYPASS, Resource: 'arn:aws:s3:::b/a/*' }),
      SILENT,
    ],
    [
      'a denial in another bucket',
      policyOf({ Effect: 'Deny', Principal: '*', Action: BYPASS, Resource: 'arn:aws:s3:::c/*' }),
      SILENT,
    ],
    [
      'a permission',
      policyOf({ Effect: 'Allow', Principal: { AWS: ['arn:x', 'arn:y'] }, Action: [BYPASS] }),
      { deniedToAll: false, allowedTo: ['arn:x', 'arn:y'] },
    ],
    [
      'a permission for a part of the bucket, under a condition',
      policyOf({
        Effect: 'Allow',
        Principal: '*',
        Action: 's3:*',
        Resource: 'arn:aws:s3:::b/a/*',
        Condition: {},
      }),
      { deniedToAll: false, allowedTo: ['*'] },
    ],
    [
      'a denial for keys of one letter',
      policyOf({ Effect: 'Deny', Principal: '*', Action: BYPASS, Resource: 'arn:aws:s3:::b/?' }),
      SILENT,
    ],
    [
      'a denial to all services',
      policyOf({ Effect: 'Deny', Principal: { Service: '*' }, Action: BYPASS }),
      SILENT,
    ],
    [
      'a denial for all buckets, in another partition',
      policyOf({ Effect: 'Deny', Principal: '*', Action: BYPASS, Resource: 'arn:aws-us-gov:s3:::*' }),
      DENIED,
    ],
    [
      'a denial of all but something',
      policyOf({ Effect: 'Deny', Principal: '*', NotAction: 's3:GetObject' }),
      SILENT,
    ],
    [
      'a permission of all but something',
      policyOf({ Effect: 'Allow', Principal: '*', NotAction: 'a' }),
      undefined,
    ],
    [
      'a permission for a part of any bucket',
      policyOf({ Effect: 'Allow', Principal: '*', Action: BYPASS, Resource: 'arn:aws:s3:::*/logs/*' }),
      { deniedToAll: false, allowedTo: ['*'] },
    ],
    [
      'a permission on the bucket alone, which is not on its keys',
      policyOf({ Effect: 'Allow', Principal: '*', Action: BYPASS, Resource: 'arn:aws:s3:::b' }),
      SILENT,
    ],
    [
      'a permission with stars for region and account',
      policyOf({ Effect: 'Allow', Principal: '*', Action: BYPASS, Resource: 'arn:aws:s3:*:*:b/*' }),
      { deniedToAll: false, allowedTo: ['*'] },
    ],
    [
      'a permission in another bucket',
      policyOf({ Effect: 'Allow', Principal: '*', Action: BYPASS, Resource: 'arn:aws:s3:::c/*' }),
      SILENT,
    ],
    ['something else', policyOf({ Effect: 'Deny', Principal: '*', Action: 's3:GetObject' }), SILENT],
    ['what is not JSON', '{', undefined],
    ['what is no policy', '[]', undefined],
  ])('%s', (_, policy, verdict) => {
    expect(verdictOn(BYPASS, policy, 'b')).toStrictEqual(verdict);
  });
});

describe('to whom a bucket policy keeps legal holds', () => {
  const HOLD = 's3:PutObjectLegalHold';
  const ROLE = 'arn:aws:iam::123456789012:role/on-holds';
  const butRole = { ArnNotEquals: { 'aws:PrincipalArn': ROLE } };
  const onlyOff = { StringEquals: { 's3:object-lock-legal-hold': 'OFF' } };
  const denial = (Condition?: object, more: object = {}): string =>
    policyOf({ Effect: 'Deny', Principal: '*', Action: HOLD, ...(Condition && { Condition }), ...more });

  it.each<[string, string | undefined, readonly string[] | undefined]>([
    ['no policy', undefined, undefined],
    ['a denial to everybody', denial(), []],
    ['a denial to everybody but a role', denial(butRole), [ROLE]],
    [
      'a denial of taking off, to everybody but roles by pattern',
      denial({ ...onlyOff, ArnNotLike: { 'aws:PrincipalArn': ['arn:a*', 'arn:b*'] } }),
      ['arn:a*', 'arn:b*'],
    ],
    ['a denial of taking off alone', denial(onlyOff), []],
    ['a denial of placing', denial({ StringEquals: { 's3:object-lock-legal-hold': 'ON' } }), undefined],
    ['a denial under another condition', denial({ Bool: { 'aws:SecureTransport': 'false' } }), undefined],
    ['a denial to all but an account', denial({ StringNotEquals: { 'aws:SourceAccount': '1' } }), undefined],
    ['a denial for a part of the bucket', denial(butRole, { Resource: 'arn:aws:s3:::b/a/*' }), undefined],
    ['a denial to one user', denial(butRole, { Principal: { AWS: 'arn:u' } }), undefined],
    ['a permission', policyOf({ Effect: 'Allow', Principal: '*', Action: HOLD }), undefined],
    ['no JSON', 'Deny', undefined],
  ])('%s', (_, policy, kept) => {
    expect(keptTo(HOLD, policy, 'b', { 's3:object-lock-legal-hold': 'OFF' })).toEqual(kept);
  });
});
