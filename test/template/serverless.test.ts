import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ROUTES } from '../../lib/http/routes.ts';

interface Statement {
  readonly Sid?: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: { readonly StringEquals?: Readonly<Record<string, string>> };
}

interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

interface Fn {
  readonly handler: string;
  readonly role?: string;
  readonly timeout: number;
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly events?: readonly {
    readonly sqs?: Readonly<Record<string, unknown>>;
    readonly httpApi?: HttpEvent;
  }[];
}

interface HttpEvent {
  readonly method: string;
  readonly path: string;
  readonly authorizer?: { readonly name?: string; readonly type?: string };
}

interface Template {
  readonly params: { readonly default: Readonly<Record<string, unknown>> };
  readonly provider: Readonly<Record<string, unknown>>;
  readonly functions: Readonly<Record<string, Fn>>;
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
const { Resources } = template.resources;
const resources = Object.entries(Resources);
const functions = Object.entries(template.functions);

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
/** What a role may do, action by action, and with which resources. */
const rightsOf = (wanted: string): string[] =>
  statements
    .filter(({ role }) => role === wanted)
    .flatMap(({ statement: { Action, Resource: on } }) =>
      [Action].flat().flatMap((action) => [on].flat().map((one) => `${action} ${String(one)}`)),
    );
const allowing = (action: string): { role: string; statement: Statement }[] =>
  statements.filter(({ statement }) => [statement.Action].flat().includes(action));
/** The functions that take from a queue, with what Lambda is told about it. */
const takersOf = (queue: string): { fn: Fn; event: Readonly<Record<string, unknown>> }[] =>
  functions.flatMap(([, fn]) =>
    (fn.events ?? []).flatMap(({ sqs }) => (sqs?.arn === `GetAtt:${queue}.Arn` ? [{ fn, event: sqs }] : [])),
  );

/** What a part of the template refers to. */
function namesIn(part: unknown): string[] {
  if (typeof part === 'string') {
    const [, whole] = /^(?:Ref|GetAtt):(\w+)/.exec(part) ?? [];
    const within = part.startsWith('Sub:') ? [...part.matchAll(/\$\{(\w+)[.}]/g)] : [];
    return [...(whole === undefined ? [] : [whole]), ...within.map(([, name = '']) => name)];
  }
  return typeof part === 'object' && part !== null ? Object.values(part).flatMap(namesIn) : [];
}

/** Everything that is deployed, with what must be there before it. */
const needs = new Map<string, readonly string[]>([
  ...resources.map(([name, resource]) => [name, namesIn(resource)] as const),
  ...functions.map(([name, { role, environment }]) => {
    const logical = `${name.slice(0, 1).toUpperCase()}${name.slice(1)}LambdaFunction`;
    return [logical, namesIn({ role, environment })] as const;
  }),
]);

function circleFrom(name: string, path: readonly string[] = []): readonly string[] | undefined {
  if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
  for (const next of needs.get(name) ?? []) {
    const circle = circleFrom(next, [...path, name]);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

describe('the stack', () => {
  it('has no two things that each need the other first', () => {
    expect(needs.get('OnRunLambdaFunction')).toContain('BatchTaskLambdaFunction');
    expect([...needs.keys()].flatMap((name) => circleFrom(name)?.join(' → ') ?? [])).toStrictEqual([]);
  });

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

  it('lets holds be placed and never cleared, but by the one function that releases matters', () => {
    const placing = allowing('s3:PutObjectLegalHold');
    const clearing = placing.filter(
      ({ statement }) => statement.Condition?.StringEquals?.['s3:object-lock-legal-hold'] !== 'ON',
    );

    expect(placing.map(({ role }) => role)).toStrictEqual([
      'OnObjectEventRole',
      'OnChangeRole',
      'BatchTaskRole',
      'ApiRole',
      'OnHoldsRole',
      'BatchRole',
    ]);
    expect(clearing).toMatchObject([{ role: 'OnHoldsRole' }]);
    expect(functions.filter(([, { role }]) => role === 'GetAtt:OnHoldsRole.Arn')).toMatchObject([
      ['onHolds', { handler: 'dist/on-holds.handler' }],
    ]);
    // Where a statement allows more, its condition is one for all of it.
    for (const { statement } of placing) expect(statement.Action).toBe('s3:PutObjectLegalHold');
  });

  it('lets the API look, hold and send work, and take nothing off and delete nothing', () => {
    const writes = rightsOf('ApiRole').filter((right) => !/^\w+:(?:Get|List|Query)/.test(right));

    expect(writes.sort()).toStrictEqual([
      'dynamodb:PutItem GetAtt:LedgerTable.Arn',
      'logs:CreateLogStream GetAtt:ApiLogGroup.Arn',
      'logs:CreateLogStream GetAtt:AuditLogGroup.Arn',
      'logs:PutLogEvents GetAtt:ApiLogGroup.Arn',
      'logs:PutLogEvents GetAtt:AuditLogGroup.Arn',
      's3:PutObject Sub:${AuditBucket.Arn}/records/*',
      's3:PutObject Sub:${AuditBucket.Arn}/rolls/*',
      's3:PutObject Sub:${ConfigBucket.Arn}/matters/*',
      's3:PutObject Sub:${ConfigBucket.Arn}/runs/*',
      's3:PutObject Sub:arn:${AWS::Partition}:s3:::*/.holdfast/ledger.json',
      's3:PutObjectLegalHold Sub:arn:${AWS::Partition}:s3:::*/*',
      'sqs:SendMessage GetAtt:HoldQueue.Arn',
    ]);
  });

  it('lets whoever reconciles touch no version', () => {
    const versions = rightsOf('OnReconcileRole').filter((right) => right.includes(':s3:::'));

    expect(versions).toStrictEqual([]);
  });

  it('gives the ledger to whoever places or clears holds, and to nobody else', () => {
    const roles = ['OnObjectEventRole', 'ApiRole', 'OnHoldsRole', 'OnReconcileRole'];
    // Whoever lists sees every matter.
    const listing = ['ApiRole', 'OnReconcileRole'];

    for (const [action, wanted] of [
      ['dynamodb:GetItem', roles],
      ['dynamodb:PutItem', roles],
      ['dynamodb:Query', listing],
    ] as const) {
      expect(allowing(action).map(({ role }) => role)).toStrictEqual(wanted);
      for (const { statement } of allowing(action)) expect(statement.Resource).toBe('GetAtt:LedgerTable.Arn');
    }
    const all = statements.flatMap(({ statement }) => statement.Action);
    expect(new Set(all.filter((action) => action.startsWith('dynamodb:')))).toStrictEqual(
      new Set(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query']),
    );
  });

  it('lets locks be extended by whoever locks versions, and by nobody else', () => {
    expect(allowing('s3:PutObjectRetention').map(({ role }) => role)).toStrictEqual([
      'OnObjectEventRole',
      'OnChangeRole',
      'BatchTaskRole',
      // It fixes the dates of what waited for an event.
      'OnHoldsRole',
      'BatchRole',
    ]);
  });

  it.each(['OnSweepRole', 'OnPlanRole', 'OnCountRole', 'OnRunRole', 'OnReconcileRole'])(
    'lets %s lock nothing',
    (role) => {
      const puts = actionsOf(role).filter((action) => action.startsWith('s3:Put'));

      expect(puts.length).toBeGreaterThan(0);
      expect(
        puts.filter((action) => action !== 's3:PutObject' && action !== 's3:PutJobTagging'),
      ).toStrictEqual([]);
    },
  );

  it('keeps every right over versions within the account', () => {
    const foreign = statements.filter(
      ({ statement }) =>
        [statement.Resource].flat().includes('Sub:arn:${AWS::Partition}:s3:::*/*') &&
        statement.Condition?.StringEquals?.['s3:ResourceAccount'] !== 'Ref:AWS::AccountId',
    );

    expect(foreign).toStrictEqual([]);
  });

  it('gives the role of the jobs to nobody but S3 Batch Operations, and only the function that steps runs may', () => {
    expect(allowing('iam:PassRole')).toMatchObject([
      {
        role: 'OnRunRole',
        statement: {
          Action: 'iam:PassRole',
          Resource: 'GetAtt:BatchRole.Arn',
          Condition: { StringEquals: { 'iam:PassedToService': 'batchoperations.s3.amazonaws.com' } },
        },
      },
    ]);
    expect(Resources.BatchRole?.Properties.AssumeRolePolicyDocument).toMatchObject({
      Statement: [{ Principal: { Service: 'batchoperations.s3.amazonaws.com' } }],
    });
    // S3 knows no resource for these two, and a statement that names one grants nothing.
    for (const action of ['s3:CreateJob', 's3:ListJobs'])
      expect(allowing(action)).toMatchObject([{ role: 'OnRunRole', statement: { Resource: '*' } }]);
    expect(allowing('lambda:InvokeFunction')).toMatchObject([
      { role: 'BatchRole', statement: { Resource: 'GetAtt:BatchTaskLambdaFunction.Arn' } },
    ]);
  });

  it('writes objects only into its own two buckets, and below a name; in others it leaves its mark', () => {
    const places = allowing('s3:PutObject').flatMap(({ role, statement }) =>
      [statement.Resource].flat().map((resource) => ({ role, resource: String(resource) })),
    );
    const elsewhere = places.filter(
      ({ resource }) => !/^Sub:\$\{(Audit|Config)Bucket\.Arn\}\/\w/.test(resource),
    );

    expect(places.length).toBeGreaterThan(20);
    expect(elsewhere).toStrictEqual([
      { role: 'ApiRole', resource: 'Sub:arn:${AWS::Partition}:s3:::*/.holdfast/ledger.json' },
    ]);
    expect(
      statements.filter(({ statement }) => String(statement.Resource).endsWith('/.holdfast/ledger.json')),
    ).toMatchObject([
      {
        statement: {
          Action: 's3:PutObject',
          Condition: { StringEquals: { 's3:ResourceAccount': 'Ref:AWS::AccountId' } },
        },
      },
    ]);
  });

  it('lets records be added by everybody who locks or decides, and jobs write nothing but reports', () => {
    const recording = allowing('s3:PutObject').filter(({ statement }) =>
      [statement.Resource].flat().includes('Sub:${AuditBucket.Arn}/records/*'),
    );
    const roles = functions.map(([, { role }]) => role?.replace(/^GetAtt:|\.Arn$/g, ''));

    expect(recording.map(({ role }) => role).sort()).toStrictEqual(roles.sort());
    expect(
      allowing('s3:PutObject')
        .filter(({ role }) => role === 'BatchRole')
        .map(({ statement }) => statement.Resource),
    ).toStrictEqual(['Sub:${ConfigBucket.Arn}/reports/*']);
  });

  it('keeps records under a lock that outlives them, and buckets that outlive the stack', () => {
    expect(Resources.AuditBucket).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          Rule: { DefaultRetention: { Mode: expect.any(String), Days: expect.any(String) } },
        },
      },
    });
    expect(Resources.ConfigBucket).toMatchObject({ DeletionPolicy: 'Retain' });
  });

  it('keeps the ledger longer than the stack, and as it was at any moment of the last weeks', () => {
    expect(Resources.LedgerTable).toMatchObject({
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      },
    });
    // An item that expired would be a hold that nobody needs.
    expect(Resources.LedgerTable?.Properties).not.toHaveProperty('TimeToLiveSpecification');
  });

  it('only observes until somebody decides otherwise', () => {
    expect(template.params.default.enforce).toBe('observe');
  });

  it('plans nothing until somebody names an inventory, and does by itself what the guardrails of the issue allow', () => {
    expect(template.params.default).toMatchObject({
      inventories: [],
      mostVersions: 1_000_000,
      mostUsd: 100,
      mostPercent: 20,
    });
  });
});

describe('the queues', () => {
  const queues = resources.filter(([, { Type }]) => Type === 'AWS::SQS::Queue');

  it.each(queues.map(([name, { Properties }]) => ({ name, Properties })))(
    '$name keeps messages for 14 days, encrypted',
    ({ Properties }) => {
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true });
    },
  );

  it.each([
    ['UploadQueue', 'UploadDeadLetters', 5],
    ['CountQueue', 'BulkDeadLetters', 5],
    ['ChangeQueue', 'BulkDeadLetters', 5],
    ['RunQueue', 'BulkDeadLetters', 5],
    // Its function calls what has no verdict an exception at the fourth delivery.
    ['HoldQueue', 'HoldDeadLetters', 6],
  ])('%s parks in %s what cannot be handled, and that alarms', (queue, letters, maxReceiveCount) => {
    expect(Resources[queue]?.Properties.RedrivePolicy).toStrictEqual({
      deadLetterTargetArn: `GetAtt:${letters}.Arn`,
      maxReceiveCount,
    });
    expect(Resources[`${letters}Alarm`]).toMatchObject({
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: `GetAtt:${letters}.QueueName` }],
        AlarmActions: '${param:alarmActions}',
      },
    });
  });

  it('hides a message for six times as long as its function may take', () => {
    const taken = queues.flatMap(([name, { Properties }]) =>
      takersOf(name).map(({ fn }) => [name, Properties.VisibilityTimeout, fn.timeout * 6]),
    );

    expect(taken.map(([name]) => name)).toStrictEqual([
      'UploadQueue',
      'CountQueue',
      'ChangeQueue',
      'RunQueue',
      'HoldQueue',
    ]);
    for (const [, visible, needed] of taken) expect(visible).toBeGreaterThanOrEqual(Number(needed));
  });

  it('leaves what failed in a queue, and limits how many functions work at once', () => {
    for (const queue of ['UploadQueue', 'CountQueue', 'ChangeQueue', 'HoldQueue'])
      expect(takersOf(queue)).toMatchObject([
        { event: { functionResponseType: 'ReportBatchItemFailures', maximumConcurrency: expect.anything() } },
      ]);
  });

  it('are each taken from where a rule or a function sends to them, by a role that may', () => {
    const sentTo = resources
      .filter(([, { Type }]) => Type === 'AWS::Events::Rule')
      .flatMap(([name, { Properties }]) =>
        (Properties.Targets as readonly { Arn: string }[]).map(({ Arn }) => ({ Arn, name })),
      );

    expect(sentTo.map(({ Arn }) => Arn)).toStrictEqual(['GetAtt:UploadQueue.Arn', 'GetAtt:RunQueue.Arn']);
    for (const { Arn, name } of sentTo) {
      const queue = Arn.replace(/^GetAtt:|\.Arn$/g, '');
      expect(takersOf(queue)).toHaveLength(1);
      expect(Resources[`${queue}Policy`]?.Properties.PolicyDocument).toMatchObject({
        Statement: [{ Condition: { ArnEquals: { 'aws:SourceArn': `GetAtt:${name}.Arn` } } }],
      });
    }
    for (const { statement } of allowing('sqs:SendMessage')) {
      const queue = String(statement.Resource).replace(/^GetAtt:|\.Arn$/g, '');
      const [taker] = takersOf(queue);
      const role = taker?.fn.role?.replace(/^GetAtt:|\.Arn$/g, '') ?? 'nobody';
      expect(allowing('sqs:ReceiveMessage').filter((may) => may.role === role)).toMatchObject([
        { statement: { Resource: statement.Resource } },
      ]);
    }
  });
});

describe('the alarms', () => {
  const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
    uploads: ['on-object-event', 'on-sweep'],
    bulk: ['on-plan', 'on-count', 'on-run', 'on-change', 'batch-task'],
    holds: ['api', 'on-holds', 'on-reconcile'],
  };
  const sourceOf = (service: string): string =>
    (FUNCTIONS[service] ?? []).map((name) => readFileSync(`functions/${name}.ts`, 'utf8')).join('\n');

  it.each([
    ['UploadDeadLettersAlarm', 'ApproximateNumberOfMessagesVisible'],
    ['UploadQueueAgeAlarm', 'ApproximateAgeOfOldestMessage'],
    ['BulkDeadLettersAlarm', 'ApproximateNumberOfMessagesVisible'],
    ['HoldDeadLettersAlarm', 'ApproximateNumberOfMessagesVisible'],
  ])('%s watches its queue', (name, MetricName) => {
    expect(Resources[name]).toMatchObject({
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { Namespace: 'AWS/SQS', MetricName, AlarmActions: '${param:alarmActions}' },
    });
  });

  it.each([
    ['ParkedAlarm', 'uploads', 'Parked'],
    ['PolicyStaleAlarm', 'uploads', 'PolicyStale'],
    ['AuditCopyAlarm', 'uploads', 'AuditCopyFailed'],
    ['PausedAlarm', 'uploads', 'Waiting'],
    ['SweepFailedAlarm', 'uploads', 'SweepFailed'],
    ['SweptWithoutLockAlarm', 'uploads', 'SweptWithoutLock'],
    ['SweepSilentAlarm', 'uploads', 'Swept'],
    ['CheckpointAlarm', 'uploads', 'CheckpointFailed'],
    ['RunWaitsAlarm', 'bulk', 'RunWaits'],
    ['RunFailedAlarm', 'bulk', 'RunFailed'],
    ['PlanFailedAlarm', 'bulk', 'PlanFailed'],
    ['BulkFailedAlarm', 'bulk', 'BulkFailed'],
    ['NoInventoryAlarm', 'bulk', 'NoInventory'],
    ['HoldFoundOffAlarm', 'holds', 'HoldFoundOff'],
    ['HoldMessageUnknownAlarm', 'holds', 'HoldMessageUnknown'],
    ['HoldFailedAlarm', 'holds', 'HoldFailed'],
    ['ApiFailedAlarm', 'holds', 'ApiFailed'],
    ['ReconcileFailedAlarm', 'holds', 'ReconcileFailed'],
    ['ReconcileSilentAlarm', 'holds', 'Reconciled'],
  ])('%s watches what the functions of %s emit', (name, service, MetricName) => {
    expect(Resources[name]).toMatchObject({
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        Namespace: 'Holdfast',
        MetricName,
        Dimensions: [{ Name: 'service', Value: service }],
        AlarmActions: '${param:alarmActions}',
      },
    });
    expect(sourceOf(service)).toContain(`'${MetricName}'`);
    expect(sourceOf(service)).toContain(`namespace: 'Holdfast', serviceName: '${service}'`);
  });

  it('count a failure the moment that there is one, and each has a name of its own', () => {
    const names = resources
      .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
      .map(
        ([, { Properties }]) =>
          `${String(Properties.Namespace)} ${String(Properties.MetricName)} ${JSON.stringify(Properties.Dimensions)}`,
      );

    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the routes', () => {
  const events = functions.flatMap(([name, { events: all = [] }]) =>
    all.flatMap(({ httpApi }) => (httpApi === undefined ? [] : [{ name, ...httpApi }])),
  );
  const machine = events.filter(({ path }) => path.startsWith('/machine'));
  const people = events.filter((event) => !machine.includes(event));
  const byPath = (one: string, other: string): number => (one < other ? -1 : 1);

  it('are those of the API, each behind its authorizer, and no others', () => {
    const wired = people.map(
      ({ method, path, authorizer }) => `${method} ${path} ${authorizer?.name ?? 'open'}`,
    );
    const served = ROUTES.map(
      ({ method, path, access }) => `${method} ${path} ${access === 'open' ? 'open' : 'people'}`,
    );

    expect(wired.toSorted(byPath)).toStrictEqual(served.toSorted(byPath));
    expect(new Set(events.map(({ name }) => name))).toStrictEqual(new Set(['api']));
  });

  it('are open to nobody without a token, but for the document', () => {
    expect(people.filter(({ authorizer }) => authorizer === undefined)).toMatchObject([
      { method: 'GET', path: '/openapi.json' },
    ]);
    expect(template.provider).toMatchObject({
      httpApi: {
        payload: '2.0',
        authorizers: {
          people: {
            type: 'jwt',
            identitySource: '$request.header.Authorization',
            issuerUrl: '${param:tokenIssuer}',
            audience: ['${param:tokenAudience}'],
          },
        },
      },
    });
  });

  it('lead machines nowhere without a signature of AWS, and to no approval with one', () => {
    expect(machine).toMatchObject([
      { method: '*', path: '/machine/{proxy+}', authorizer: { type: 'aws_iam' } },
    ]);
    // Behind the one route, the API itself refuses machines what is for people only.
    const decisions = ROUTES.filter(
      ({ path, access, method }) =>
        path.endsWith('/approval') || access.endsWith(':approve') || method === 'DELETE',
    );
    expect(decisions.map(({ operationId, peopleOnly }) => [operationId, peopleOnly])).toStrictEqual([
      ['approveRelease', true],
      ['approveRun', true],
      ['cancelRun', true],
    ]);
  });

  it('take only so many requests, and log neither headers nor bodies', () => {
    const { logs } = template.provider as {
      readonly logs: { readonly httpApi: { readonly format: string } };
    };
    const { extensions } = template.resources as unknown as { readonly extensions: unknown };

    expect(extensions).toMatchObject({
      HttpApiStage: {
        Properties: {
          DefaultRouteSettings: {
            ThrottlingRateLimit: '${param:apiRate}',
            ThrottlingBurstLimit: '${param:apiBurst}',
          },
        },
      },
    });
    expect(logs.httpApi.format).not.toMatch(/authorization|querystring|body|\$context\.path|authorizer/i);
  });
});

describe('the functions', () => {
  const needed = (file: string): string[] =>
    (readFileSync(file, 'utf8').match(/^ {2}HOLDFAST_\w+: z(?![^;]*?(?:optional|default))/gm) ?? []).map(
      (line) => line.trim().split(':')[0] ?? '',
    );
  const isBulk = ([, { handler }]: readonly [string, Fn]): boolean =>
    readFileSync(handler.replace('dist/', 'functions/').replace('.handler', '.ts'), 'utf8').includes(
      'composeBulk',
    );

  it('get the whole environment that they read', () => {
    for (const [, { environment = {} }] of functions) {
      const names = Object.keys(environment);
      for (const name of needed('lib/compose/environment.ts'))
        if (!name.includes('STORE')) expect(names).toContain(name);
    }
  });

  it('get what the bulk path reads, where they are part of it', () => {
    const bulk = functions.filter(isBulk);

    expect(bulk.map(([name]) => name)).toStrictEqual(['onPlan', 'onCount', 'onRun', 'onChange', 'batchTask']);
    for (const [, { environment = {} }] of bulk)
      expect(Object.keys(environment)).toEqual(
        expect.arrayContaining([...needed('lib/compose/bulk-environment.ts'), 'HOLDFAST_INVENTORIES']),
      );
    // Who counts decides whether there will be jobs; who steps makes them.
    for (const name of ['onCount', 'onRun'])
      expect(template.functions[name]?.environment).toMatchObject({
        HOLDFAST_BATCH_ROLE: 'GetAtt:BatchRole.Arn',
      });
    expect(template.functions.onRun?.environment).toMatchObject({
      HOLDFAST_BATCH_FUNCTION: 'GetAtt:BatchTaskLambdaFunction.Arn',
    });
  });

  it('get what they read who place or clear holds, and the API what it needs of people', () => {
    const [ofHolds = '', ofApi = ''] = readFileSync('lib/compose/hold-environment.ts', 'utf8').split(
      'const apiSchema',
    );
    const namesOf = (source: string): string[] =>
      [...source.matchAll(/^ {2}(HOLDFAST_\w+): z/gm)].map(([, name = '']) => name);

    for (const name of ['onObjectEvent', 'api', 'onHolds', 'onReconcile'])
      expect(Object.keys(template.functions[name]?.environment ?? {})).toEqual(
        expect.arrayContaining(namesOf(ofHolds)),
      );
    expect(Object.keys(template.functions.api?.environment ?? {})).toEqual(
      expect.arrayContaining(namesOf(ofApi)),
    );
    expect([...namesOf(ofHolds), ...namesOf(ofApi)].length).toBeGreaterThan(6);
    // An answer later than the gateway's patience is none.
    expect(template.functions.api?.timeout).toBeLessThan(30);
  });

  it('run where AWS still updates functions', () => {
    expect(template.provider).toMatchObject({ runtime: 'nodejs24.x', architecture: 'arm64' });
  });
});
