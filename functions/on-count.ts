/** Counts one file of an inventory, or puts the counts of all files together to a plan. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { handlePlanMessage, messageSchema } from '../lib/app/bulk-plan.ts';
import { composeBulk, type Bulk } from '../lib/compose/bulk.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'bulk' });
const processor = new BatchProcessor(EventType.SQS);
let composed: Bulk | undefined;

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event, context) => {
    const deps = (composed ??= composeBulk(process.env, { metrics, logger }));
    const response = await processPartialResponse(
      event,
      async (record: SQSRecord) => onRecord(record, deps),
      processor,
      {
        context,
        throwOnFullBatchFailure: false,
      },
    );
    await deps.copied();
    return response;
  });

/** A thrown error leaves its message in the queue, to be delivered again. */
async function onRecord({ body }: SQSRecord, deps: Bulk): Promise<void> {
  try {
    const run = await handlePlanMessage(messageSchema.parse(JSON.parse(body)), deps.planning);
    if (run === undefined) return;
    metrics.addMetric(run.state === 'waiting' ? 'RunWaits' : 'RunPlanned', MetricUnit.Count, 1);
    logger.info('planned', { run: run.id, state: run.state, waitsFor: run.waitsFor });
  } catch (cause) {
    metrics.addMetric('PlanFailed', MetricUnit.Count, 1);
    logger.error('not counted, and left in the queue', {
      error: cause instanceof Error ? cause : String(cause),
    });
    throw cause;
  }
}
