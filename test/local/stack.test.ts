import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStack } from '../../local/stack.ts';

describe('the wiring of serverless.yml', () => {
  it('is what the local cloud runs', () => {
    const stack = readStack('serverless.yml', { buckets: [{ exists: true }] });

    expect(stack.functions).toMatchObject([
      {
        name: 'onObjectEvent',
        handler: 'dist/on-object-event.handler',
        queues: [{ queue: 'UploadQueue', batchSize: 10 }],
        environment: { HOLDFAST_QUEUE_URL: { intrinsic: 'Ref', argument: 'UploadQueue' } },
      },
      { name: 'onSweep', handler: 'dist/on-sweep.handler', everyMs: 3_600_000, queues: [] },
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
    expect(stack.rules).toMatchObject([
      {
        name: 'UploadRule',
        targets: ['UploadQueue'],
        pattern: { detail: { bucket: { name: [{ exists: true }] } } },
      },
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
