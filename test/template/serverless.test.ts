import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Statement {
  readonly Sid?: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

interface Template {
  readonly params: { readonly default: Readonly<Record<string, unknown>> };
  readonly provider: Readonly<Record<string, unknown>>;
  readonly functions: Readonly<Record<string, { readonly role?: string; readonly environment?: object }>>;
  readonly resources: { readonly Resources: Readonly<Record<string, Resource>> };
}

/** CloudFormation's functions, as plain text. */
const customTags = ['Ref', 'GetAtt', 'Sub'].map((name) => ({
  tag: `!${name}`,
  resolve: (text: string) => `${name}:${text}`,
}));
const join = { tag: '!Join', collection: 'seq' as const, resolve: () => 'Join' };
const template = parse(readFileSync('serverless.yml', 'utf8'), {
  customTags: [...customTags, join],
  merge: true,
}) as Template;
const resources = Object.entries(template.resources.Resources);

const statements = resources
  .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
  .flatMap(([role, { Properties }]) => {
    const { Policies } = Properties as {
      readonly Policies: readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[];
    };
    return Policies.flatMap(({ PolicyDocument }) =>
      PolicyDocument.Statement.map((statement) => ({ role, statement })),
    );
  });
const actionsOf = (wanted: string): string[] =>
  statements.filter(({ role }) => role === wanted).flatMap(({ statement }) => statement.Action);

describe('the stack', () => {
  it('gives every function a role of its own', () => {
    const roles = Object.values(template.functions).map(({ role }) => role);

    expect(roles).not.toContain(undefined);
    expect(new Set(roles).size).toBe(roles.length);
  });

  it('grants no wildcard, no bypass, and nothing that deletes', () => {
    const actions = statements.flatMap(({ statement }) => statement.Action);

    expect(actions.length).toBeGreaterThan(20);
    expect(actions.filter((action) => /\*|Bypass|Delete(?!Message)/.test(action))).toStrictEqual([]);
  });

  it('lets holds be placed and never cleared', () => {
    const placing = statements.filter(({ statement }) => statement.Action === 's3:PutObjectLegalHold');

    expect(placing).toHaveLength(1);
    expect(placing).toMatchObject([
      { statement: { Condition: { StringEquals: { 's3:object-lock-legal-hold': 'ON' } } } },
    ]);
  });

  it('lets the sweep read and send, and lock nothing', () => {
    expect(actionsOf('OnSweepRole').filter((action) => action.startsWith('s3:Put'))).toStrictEqual([
      's3:PutObject',
      's3:PutObject',
    ]);
  });

  it('writes objects only into its own two buckets', () => {
    const writing = statements.filter(({ statement }) => [statement.Action].flat().includes('s3:PutObject'));

    for (const { statement } of writing) {
      for (const resource of [statement.Resource].flat())
        expect(resource).toMatch(/^Sub:\$\{(Audit|Config)Bucket\.Arn\}\/\w/);
    }
  });

  it('keeps records under a lock that outlives them, and buckets that outlive the stack', () => {
    const bucket = template.resources.Resources.AuditBucket;

    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          Rule: { DefaultRetention: { Mode: expect.any(String), Days: expect.any(String) } },
        },
      },
    });
    expect(template.resources.Resources.ConfigBucket).toMatchObject({ DeletionPolicy: 'Retain' });
  });

  it('only observes until somebody decides otherwise', () => {
    expect(template.params.default.enforce).toBe('observe');
  });

  it('parks what cannot be handled: the queue keeps messages for 14 days, the dead-letter queue alarms', () => {
    const queues = resources
      .filter(([, { Type }]) => Type === 'AWS::SQS::Queue')
      .map(([, { Properties }]) => Properties);

    expect(queues.map(({ MessageRetentionPeriod }) => MessageRetentionPeriod)).toStrictEqual([
      1_209_600, 1_209_600,
    ]);
    expect(template.resources.Resources.UploadDeadLettersAlarm?.Type).toBe('AWS::CloudWatch::Alarm');
  });

  it.each([
    ['UploadDeadLettersAlarm', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible'],
    ['UploadQueueAgeAlarm', 'AWS/SQS', 'ApproximateAgeOfOldestMessage'],
    ['ParkedAlarm', 'Holdfast', 'Parked'],
    ['PolicyStaleAlarm', 'Holdfast', 'PolicyStale'],
    ['AuditCopyAlarm', 'Holdfast', 'AuditCopyFailed'],
    ['PausedAlarm', 'Holdfast', 'Waiting'],
    ['SweepFailedAlarm', 'Holdfast', 'SweepFailed'],
    ['SweptWithoutLockAlarm', 'Holdfast', 'SweptWithoutLock'],
    ['SweepSilentAlarm', 'Holdfast', 'Swept'],
    ['CheckpointAlarm', 'Holdfast', 'CheckpointFailed'],
  ])('%s watches what the functions emit', (name, Namespace, MetricName) => {
    const emitted = ['functions/on-object-event.ts', 'functions/on-sweep.ts']
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');

    expect(template.resources.Resources[name]).toMatchObject({
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { Namespace, MetricName, AlarmActions: '${param:alarmActions}' },
    });
    if (Namespace === 'Holdfast') {
      expect(template.resources.Resources[name]?.Properties.Dimensions).toStrictEqual([
        { Name: 'service', Value: 'uploads' },
      ]);
      expect(emitted).toContain(`'${MetricName}'`);
    }
  });

  it('gives every function the whole environment that it reads', () => {
    const needed =
      readFileSync('lib/compose/environment.ts', 'utf8').match(/^ {2}HOLDFAST_\w+: z(?![^;]*?optional)/gm) ??
      [];

    for (const { environment = {} } of Object.values(template.functions)) {
      const names = Object.keys(environment);
      for (const line of needed) {
        const name = line.trim().split(':')[0] ?? '';
        if (!name.includes('STORE')) expect(names).toContain(name);
      }
    }
  });

  it('runs where AWS still updates functions', () => {
    expect(template.provider).toMatchObject({ runtime: 'nodejs24.x', architecture: 'arm64' });
  });
});
