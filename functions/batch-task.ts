/** Locks the versions that a bulk job hands over: each is read and decided once more before it is written. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { S3BatchResult, S3BatchResultResult } from 'aws-lambda';
import { handleTask, termsOf } from '../lib/app/bulk-task.ts';
import { composeBulk, type Bulk } from '../lib/compose/bulk.ts';
import { type BatchInvocation, parseBatchInvocation } from '../lib/events/batch-task.ts';
import { versionIdOf } from '../lib/ports/lock-store.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'bulk' });
let composed: Bulk | undefined;

export const handler = middy<unknown, S3BatchResult>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event) => {
    const deps = (composed ??= composeBulk(process.env, { metrics, logger }));
    const invocation = parseBatchInvocation(event);
    const results = await Promise.all(invocation.tasks.map(async (task) => resultOf(task, invocation, deps)));
    await deps.copied();
    return {
      invocationSchemaVersion: invocation.schemaVersion,
      invocationId: invocation.invocationId,
      // What no answer names is asked for again, and never counted as locked.
      treatMissingKeysAs: 'TemporaryFailure',
      results,
    };
  });

async function resultOf(
  task: BatchInvocation['tasks'][number],
  { userArguments }: BatchInvocation,
  deps: Bulk,
): Promise<S3BatchResultResult> {
  const { taskId } = task;
  const terms = termsOf(userArguments, deps.planning.tolerance);
  const fault =
    'fault' in task ? task.fault : terms === undefined ? 'the job does not say what was planned' : undefined;
  if ('fault' in task || terms === undefined)
    return { taskId, resultCode: 'PermanentFailure', resultString: fault ?? '' };
  if (!deps.manages(task.bucket))
    return {
      taskId,
      resultCode: 'PermanentFailure',
      resultString: 'the bucket is not managed by this deployment',
    };
  try {
    const { bucket, key, versionId } = task;
    const ref = { bucket, key, versionId: versionIdOf(versionId) };
    const { code, text } = await handleTask(ref, terms, await deps.planned());
    return { taskId, resultCode: code, resultString: text };
  } catch (cause) {
    metrics.addMetric('TaskFailed', MetricUnit.Count, 1);
    logger.error('a task failed', { taskId, error: cause instanceof Error ? cause : String(cause) });
    return {
      taskId,
      resultCode: 'TemporaryFailure',
      resultString: 'its record could not be stored, or something else broke',
    };
  }
}
