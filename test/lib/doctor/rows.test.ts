/** The other rows of doctor, each from what was seen to what it says. */
import { describe, expect, it } from '@jest/globals';
import { holdsCheck } from '../../../lib/doctor/holds.ts';
import { lifecycleChecks } from '../../../lib/doctor/lifecycle.ts';
import { type Patient } from '../../../lib/doctor/patient.ts';
import { permissionChecks } from '../../../lib/doctor/permissions.ts';
import { lockCheck, mfaCheck, versioningCheck } from '../../../lib/doctor/settings.ts';
import { type Sample, type Samples, toolChecks } from '../../../lib/doctor/tool-checks.ts';
import { toolNamed } from '../../../lib/doctor/tools.ts';
import { eventsCheck, inventoryCheck, LOCK_COLUMNS, replicationCheck } from '../../../lib/doctor/wiring.ts';
import { DAY, instantOf, parseInstant } from '../../../lib/lock/instant.ts';
import { type Mode } from '../../../lib/lock/state.ts';
import { parsePolicy } from '../../../lib/policy/parse.ts';
import { type Attempt, type LifecycleRule, type Permission } from '../../../lib/ports/bucket-survey.ts';
import { type Check } from '../../../lib/probe/check.ts';

const NOW = parseInstant('2026-11-20T12:00:00Z');
const patient: Patient = { bucket: 'b', now: NOW, isAmazon: true, connection: '' };
const seen = <T>(value: T) => ({ kind: 'seen', value }) as const;
const DENIED = { kind: 'denied', action: 's3:Some' } as const;
const ABSENT = { kind: 'not-offered', code: 'NotImplemented' } as const;
const resultOf = ({ ok, tried, warning }: Check): string =>
  !tried ? 'not tried' : !ok ? 'failing' : warning === true ? 'warning' : 'ok';
const said = (check: Check | undefined): [string, string] =>
  check === undefined ? ['missing', ''] : [resultOf(check), check.seen];

describe('settings', () => {
  const versioning = (status: 'enabled' | 'suspended' | 'never', mfaDelete = false) =>
    seen({ status, mfaDelete });

  it.each([
    [versioning('enabled'), 'ok'],
    [versioning('suspended'), 'failing'],
    [versioning('never'), 'failing'],
    [DENIED, 'not tried'],
  ])('versioning', (answer, result) => {
    expect(resultOf(versioningCheck(answer, patient))).toBe(result);
  });

  it.each([
    [seen({ enabled: true }), 'ok'],
    [seen({ enabled: false }), 'failing'],
    [ABSENT, 'failing'],
    [DENIED, 'not tried'],
  ])('Object Lock', (answer, result) => {
    expect(resultOf(lockCheck(answer, patient))).toBe(result);
  });

  const rule: LifecycleRule = {
    id: 'r',
    about: 'everything',
    isForAll: true,
    expiresCurrent: false,
    removesMarkers: true,
  };
  it.each([
    ['off', versioning('enabled'), seen([]), 'ok'],
    ['on', versioning('enabled', true), seen([]), 'ok'],
    ['on, beside a lifecycle rule', versioning('enabled', true), seen([rule]), 'warning'],
    ['on, beside who knows what', versioning('enabled', true), DENIED, 'not tried'],
    ['not seen', DENIED, seen([]), 'not tried'],
  ])('MFA Delete %s', (_, answer, lifecycle, result) => {
    expect(resultOf(mfaCheck(answer, lifecycle))).toBe(result);
  });
});

describe('lifecycle rules', () => {
  const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
    id: 'old',
    about: 'everything',
    isForAll: true,
    expiresCurrent: false,
    removesMarkers: false,
    ...more,
  });

  it.each<[string, readonly LifecycleRule[], string | undefined, string[]]>([
    ['none', [], undefined, ['ok']],
    ['none, and a tool that leaves versions', [], 'kopia', ['ok', 'warning']],
    ['one that hides', [rule({ expiresCurrent: true })], undefined, ['warning']],
    [
      'one that hides what a tool still needs',
      [rule({ expiresCurrent: true })],
      'velero',
      ['failing', 'warning'],
    ],
    [
      'one that ends old versions',
      [rule({ noncurrentDays: 30, removesMarkers: true })],
      'portworx',
      ['ok', 'ok'],
    ],
    [
      'one that hides a part of the keys',
      [rule({ expiresCurrent: true, isForAll: false, about: 'tmp/' })],
      'velero',
      ['warning', 'warning'],
    ],
    [
      'one that ends old versions of a part of the keys',
      [rule({ noncurrentDays: 30, removesMarkers: true, isForAll: false, about: 'logs/' })],
      'kopia',
      ['ok', 'warning'],
    ],
    ['one that leaves the markers', [rule({ noncurrentDays: 30 })], 'restic', ['ok', 'warning']],
    ['none, for a tool that is not known to leave any', [], 'cloudback', ['ok']],
  ])('%s', (_, rules, tool, results) => {
    const checks = lifecycleChecks(seen(rules), {
      ...patient,
      ...(tool !== undefined && { tool: toolNamed(tool) }),
    });

    expect(checks.map(resultOf)).toStrictEqual(results);
  });

  it('that may not be read are not called none', () => {
    expect(lifecycleChecks(DENIED, patient).map(said)).toStrictEqual([['not tried', 'it needs s3:Some']]);
  });
});

describe('wiring', () => {
  it.each([
    ['none', seen<readonly string[]>([]), 'ok'],
    ['some', seen(['copy']), 'warning'],
    ['not seen', DENIED, 'not tried'],
  ])('replication: %s', (_, answer, result) => {
    expect(resultOf(replicationCheck(answer, patient))).toBe(result);
  });

  it.each([
    ['wired', seen({ eventBridge: true, notifications: 3 }), patient, 'ok'],
    ['elsewhere', seen({ eventBridge: false, notifications: 3 }), patient, 'warning'],
    ['not there', ABSENT, patient, 'not tried'],
    [
      'not wired, where nobody but AWS could',
      seen({ eventBridge: false, notifications: 0 }),
      { ...patient, isAmazon: false },
      'not tried',
    ],
    [
      'of no use to a tool without rules',
      seen({ eventBridge: false, notifications: 0 }),
      { ...patient, tool: toolNamed('kopia') },
      'not tried',
    ],
  ])('events %s', (_, answer, who, result) => {
    expect(resultOf(eventsCheck(answer, who))).toBe(result);
  });

  const inventory = { id: 'i', enabled: true, allVersions: true, fields: LOCK_COLUMNS };
  it.each([
    ['none', [], 'warning', /whole buckets/],
    ['one that is enough', [inventory], 'ok', /^i$/],
    ['one that is off', [{ ...inventory, enabled: false }], 'warning', /i is switched off/],
    ['one of current versions', [{ ...inventory, allVersions: false }], 'warning', /current versions only/],
    ['one of a part of the keys', [{ ...inventory, prefix: 'in/' }], 'warning', /i shows in\/ alone/],
    [
      'one without the locks',
      [{ ...inventory, fields: ['Size'] }],
      'warning',
      /lacks ObjectLockRetainUntilDate/,
    ],
  ])('inventory: %s', (_, inventories, result, words) => {
    const row = inventoryCheck(seen(inventories), patient);

    expect(resultOf(row)).toBe(result);
    expect(row.seen).toMatch(words);
  });
});

describe('who may take holds off', () => {
  const KEPT = JSON.stringify({
    Statement: {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObjectLegalHold',
      Resource: 'arn:aws:s3:::b/*',
      Condition: { ArnNotEquals: { 'aws:PrincipalArn': 'arn:r' } },
    },
  });

  it.each([
    ['a role alone', seen(KEPT), patient, 'ok'],
    ['whoever has the permission', seen(undefined), patient, 'warning'],
    ['not seen', DENIED, patient, 'not tried'],
    ['another store', seen(KEPT), { ...patient, isAmazon: false }, 'not tried'],
  ])('%s', (_, answer, whose, result) => {
    expect(resultOf(holdsCheck(answer, whose))).toBe(result);
  });
});

describe('permissions', () => {
  const allowed: Attempt = { kind: 'allowed' };
  const denied: Attempt = { kind: 'denied' };
  const rows = (
    attempts: readonly (readonly [Permission, Attempt])[],
    policy: Parameters<typeof permissionChecks>[1] = seen(undefined),
    who: Patient = patient,
  ): Record<string, string> =>
    Object.fromEntries(
      permissionChecks(new Map(attempts), policy, who).map((check) => [check.id, resultOf(check)]),
    );

  it('tells what is missing', () => {
    expect(
      rows([
        ['s3:ListBucket', allowed],
        ['s3:PutObjectRetention', denied],
        ['s3:GetObjectRetention', { kind: 'unclear', why: 'the store answered Odd' }],
      ]),
    ).toMatchObject({
      's3:ListBucket': 'ok',
      's3:PutObjectRetention': 'failing',
      's3:GetObjectRetention': 'not tried',
    });
  });

  it('believes no denial of an object where the bucket may not be listed', () => {
    expect(
      rows([
        ['s3:ListBucket', denied],
        ['s3:PutObjectRetention', denied],
        ['s3:DeleteObjectVersion', denied],
      ]),
    ).toMatchObject({
      's3:ListBucket': 'failing',
      's3:PutObjectRetention': 'not tried',
      's3:DeleteObjectVersion': 'not tried',
    });
  });

  it.each([
    [allowed, 'warning'],
    [denied, 'ok'],
  ])('warns of who may delete versions', (attempt, result) => {
    expect(rows([['s3:DeleteObjectVersion', attempt]])['s3:DeleteObjectVersion']).toBe(result);
  });

  const bypass = (policy: Parameters<typeof permissionChecks>[1]): string | undefined =>
    rows([], policy)['s3:BypassGovernanceRetention'];
  const statement = (Effect: string): string =>
    JSON.stringify({
      Statement: { Effect, Principal: '*', Action: 's3:Bypass*', Resource: 'arn:aws:s3:::b/*' },
    });
  it.each([
    ['denied to all by the policy', seen(statement('Deny')), 'ok'],
    ['allowed by the policy', seen(statement('Allow')), 'warning'],
    ['no policy', seen(undefined), 'not tried'],
    ['a policy that may not be read', DENIED, 'not tried'],
    ['a policy that cannot be read', seen('{'), 'not tried'],
  ])('judges the bypass by the policy alone: %s', (_, policy, result) => {
    expect(bypass(policy)).toBe(result);
  });
});

describe('what the objects show of a tool', () => {
  const sample = (key: string, mode: Mode | 'none', days: number, hold: 'on' | 'none' = 'none'): Sample => ({
    key,
    created: NOW,
    size: 10,
    lock: {
      retention:
        mode === 'none' ? { state: 'none' } : { state: 'locked', mode, until: instantOf(NOW + days * DAY) },
      hold,
    },
  });
  const judged = (tool: string, samples: Samples, rules?: string): Record<string, string> => {
    const parsed =
      rules === undefined ? undefined : parsePolicy(`version: 1\nrules:\n  - ${rules}\n`, { hash: '' });
    if (parsed?.ok === false) throw new Error(JSON.stringify(parsed.problems));
    const who = { ...patient, tool: toolNamed(tool), ...(parsed && { policy: parsed.policy }) };
    return Object.fromEntries(toolChecks(samples, who).map((check) => [check.id, resultOf(check)]));
  };

  it.each<[string, Sample | undefined, string]>([
    ['nothing yet', undefined, 'not tried'],
    ['a lock', sample('p1', 'COMPLIANCE', 30), 'ok'],
    ['no lock', sample('p1', 'none', 0), 'failing'],
    ['a lock that has ended', sample('p1', 'COMPLIANCE', -1), 'failing'],
    ['a hold alone', sample('p1', 'none', 0, 'on'), 'warning'],
    ['a hold that never ends', sample('p1', 'COMPLIANCE', 30, 'on'), 'warning'],
    ['another mode than the guide knows', sample('p1', 'GOVERNANCE', 30), 'warning'],
  ])('newest of Cloudback: %s', (_, newest, result) => {
    expect(judged('cloudback', newest ? { newest } : {})['newest-locked']).toBe(result);
  });

  it.each<[string, Sample, string]>([
    ['locked for long', sample('p1', 'COMPLIANCE', 30), 'ok'],
    ['locked for three days', sample('p1', 'COMPLIANCE', 3), 'warning'],
    ['not locked any more', sample('p1', 'COMPLIANCE', -3), 'failing'],
  ])('oldest of kopia: %s', (_, oldest, result) => {
    expect(judged('kopia', { oldest })['oldest-locked']).toBe(result);
  });

  it.each([
    ['kopia', '{ name: long, match: { prefix: p }, lock: { mode: COMPLIANCE, for: P60D } }', 'failing'],
    ['kopia', '{ name: net, match: { prefix: p }, lock: { mode: COMPLIANCE, for: P7D } }', 'ok'],
    ['kopia', '{ name: all, lock: { mode: COMPLIANCE, for: P7D } }', 'warning'],
    ['kopia', '{ name: long, match: { prefix: q }, lock: { mode: COMPLIANCE, for: P60D } }', 'failing'],
    ['portworx', '{ name: long, lock: { mode: COMPLIANCE, for: P60D } }', 'warning'],
    ['restic', '{ name: all, lock: { mode: GOVERNANCE, for: P30D } }', 'warning'],
    [
      'restic',
      '{ name: data, match: { except: [{ prefix: locks/ }] }, lock: { mode: GOVERNANCE, for: P60D } }',
      'ok',
    ],
  ])('rules beside %s: %s', (tool, rule, result) => {
    expect(judged(tool, { newest: sample('p1', 'COMPLIANCE', 30) }, rule)['rules-fit']).toBe(result);
  });

  it.each(['too-many', 'denied'] as const)(
    'says nothing of newest and oldest where the listing is %s',
    (unknown) => {
      expect(judged('kopia', { unknown })).toMatchObject({
        'newest-locked': 'not tried',
        'oldest-locked': 'not tried',
      });
    },
  );

  it.each([{ unknown: 'denied' }, { unknown: 'too-many' }, {}] as const)(
    'does not say that rules fit what was not seen: %o',
    (samples) => {
      const rule = '{ name: long, match: { prefix: p }, lock: { mode: COMPLIANCE, for: P10Y } }';

      expect(judged('kopia', samples, rule)['rules-fit']).toBe('not tried');
    },
  );

  it('takes a lock that was not seen for neither missing nor shorter than the rules', () => {
    const unseen: Sample = {
      ...sample('p1', 'none', 0),
      lock: { retention: { state: 'absent' }, hold: 'absent' },
    };
    const rule = '{ name: long, match: { prefix: p }, lock: { mode: COMPLIANCE, for: P60D } }';

    expect(judged('kopia', { newest: unseen, oldest: unseen }, rule)).toMatchObject({
      'newest-locked': 'not tried',
      'oldest-locked': 'not tried',
      'rules-fit': 'not tried',
    });
  });

  it('says what the bucket cannot show', () => {
    expect(judged('velero', {})).toMatchObject({ 'velero-settings': 'not tried' });
  });
});
