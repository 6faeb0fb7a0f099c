import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStack } from '../../local/stack.ts';

describe('the wiring of serverless.yml', () => {
  it('is what the local cloud runs', () => {
    const stack = readStack('serverless.yml', { buckets: [{ exists: true }], engine: 'direct' });

    expect(stack.functions).toMatchObject([
      {
        name: 'onObjectEvent',
        handler: 'dist/on-object-event.handler',
        queues: [{ queue: 'UploadQueue', batchSize: 10 }],
        environment: { HOLDFAST_QUEUE_URL: { intrinsic: 'Ref', argument: 'UploadQueue' } },
      },
      { name: 'onSweep', handler: 'dist/on-sweep.handler', everyMs: 3_600_000, queues: [] },
      {
        ...{ name: 'onPlan', handler: 'dist/on-plan.handler', everyMs: 86_400_000, queues: [] },
        environment: {
          HOLDFAST_COUNT_QUEUE_URL: { intrinsic: 'Ref', argument: 'CountQueue' },
          HOLDFAST_BATCH_ROLE: { intrinsic: 'GetAtt', argument: 'BatchRole.Arn' },
          HOLDFAST_ENGINE: 'direct',
        },
      },
      {
        ...{ name: 'onCount', handler: 'dist/on-count.handler' },
        queues: [{ queue: 'CountQueue', batchSize: 1 }],
      },
      {
        ...{ name: 'onRun', handler: 'dist/on-run.handler', everyMs: 300_000 },
        queues: [{ queue: 'RunQueue', batchSize: 10 }],
        environment: {
          HOLDFAST_BATCH_FUNCTION: { intrinsic: 'GetAtt', argument: 'BatchTaskLambdaFunction.Arn' },
        },
      },
      {
        ...{ name: 'onChange', handler: 'dist/on-change.handler' },
        queues: [{ queue: 'ChangeQueue', batchSize: 1 }],
      },
      { name: 'batchTask', handler: 'dist/batch-task.handler', queues: [] },
      { name: 'api', handler: 'dist/api.handler', queues: [] },
      {
        ...{ name: 'onHolds', handler: 'dist/on-holds.handler' },
        queues: [{ queue: 'HoldQueue', batchSize: 1 }],
        environment: { HOLDFAST_LEDGER_TABLE: { intrinsic: 'Ref', argument: 'LedgerTable' } },
      },
      { name: 'onReconcile', handler: 'dist/on-reconcile.handler', everyMs: 600_000, queues: [] },
    ]);
    expect(stack.buckets).toStrictEqual([
      { name: 'audit-bucket', resource: 'AuditBucket', lock: { mode: 'GOVERNANCE', days: 3_653 } },
      { name: 'config-bucket', resource: 'ConfigBucket' },
    ]);
    expect(stack.queues).toContainEqual({
      name: 'UploadQueue',
      visibilitySeconds: 720,
      deadLetters: { queue: 'UploadDeadLetters', maxReceives: 5 },
    });
    for (const name of ['CountQueue', 'ChangeQueue', 'RunQueue'])
      expect(stack.queues).toContainEqual({
        ...{ name, visibilitySeconds: 5_400 },
        deadLetters: { queue: 'BulkDeadLetters', maxReceives: 5 },
      });
    expect(stack.rules).toMatchObject([
      {
        name: 'UploadRule',
        targets: ['UploadQueue'],
        pattern: { detail: { bucket: { name: [{ exists: true }] } } },
      },
      { name: 'JobRule', targets: ['RunQueue'], pattern: { detail: { eventName: ['JobStatusChanged'] } } },
    ]);
  });

  it('is refused where a schedule is one that it would not keep', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'holdfast-stack-')), 'serverless.yml');
    writeFileSync(path, 'functions: { f: { handler: h, events: [{ schedule: cron(0 2 * * ? *) }] } }\n');

    expect(() => readStack(path, { buckets: [] })).toThrow('cron(0 2 * * ? *)');
  });

  it('says which routes of the HTTP API a function answers, and who may call them', () => {
    const { functions } = readStack(
      fileOf(`
provider:
  httpApi: { authorizers: { people: { type: jwt }, machines: { type: aws_iam } } }
functions:
  api:
    handler: dist/api.handler
    events:
      - httpApi: { method: post, path: /matters, authorizer: { name: people, type: jwt } }
      - httpApi: { method: GET, path: '/matters/{id}', authorizer: { name: people } }
      - httpApi: { method: '*', path: '/machine/{proxy+}', authorizer: { type: aws_iam } }
      - httpApi: { method: GET, path: /as-named, authorizer: machines }
      - httpApi: { method: GET, path: /openapi.json }
      - schedule: rate(1 hour)
      - httpApi: GET /short
      - httpApi: '*'
`),
      {},
    );

    expect(functions).toMatchObject([
      {
        everyMs: 3_600_000,
        routes: [
          { method: 'POST', path: '/matters', authorizer: 'jwt' },
          { method: 'GET', path: '/matters/{id}', authorizer: 'jwt' },
          { method: '*', path: '/machine/{proxy+}', authorizer: 'iam' },
          { method: 'GET', path: '/as-named', authorizer: 'iam' },
          { method: 'GET', path: '/openapi.json', authorizer: 'none' },
          { method: 'GET', path: '/short', authorizer: 'none' },
          { method: '*', path: '*', authorizer: 'none' },
        ],
      },
    ]);
  });

  it.each(['{ name: unknown }', '{ type: request }', 'unknown'])(
    'is refused where a route has the authorizer %s, and would be open here',
    (authorizer) => {
      const path = fileOf(
        `functions: { f: { handler: h, events: [{ httpApi: { path: /x, authorizer: ${authorizer} } }] } }`,
      );

      expect(() => readStack(path, {})).toThrow('has no authorizer');
    },
  );

  it('names tables as it names buckets', () => {
    const path = fileOf(
      'resources: { Resources: { LedgerTable: { Type: AWS::DynamoDB::Table, Properties: { KeySchema: [] } } } }',
    );

    expect(readStack(path, {}).tables).toStrictEqual([
      { name: 'ledger-table', resource: 'LedgerTable', properties: { KeySchema: [] } },
    ]);
  });

  it('lacks a function that the file lacks', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'holdfast-stack-')), 'serverless.yml');
    writeFileSync(path, 'service: empty\n');

    const nothing = { functions: [], queues: [], buckets: [], tables: [], rules: [] };
    expect(readStack(path, {})).toStrictEqual(nothing);
  });
});

function fileOf(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'holdfast-stack-')), 'serverless.yml');
  writeFileSync(path, content);
  return path;
}
