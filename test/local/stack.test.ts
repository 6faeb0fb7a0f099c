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

  it('lacks a function that the file lacks', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'holdfast-stack-')), 'serverless.yml');
    writeFileSync(path, 'service: empty\n');

    expect(readStack(path, {})).toStrictEqual({ functions: [], queues: [], buckets: [], rules: [] });
  });
});
