/** Locks the versions of one piece of a run. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { chunkSchema, handleChunk } from '../lib/app/bulk-change.ts';
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
    const chunk = chunkSchema.parse(JSON.parse(body));
    if (!deps.manages(chunk.group.bucket)) {
      logger.warn('not ours', { run: chunk.run });
      return;
    }
    const { documents, planning } = deps;
    const end = await handleChunk(chunk, {
      ...(await deps.planned()),
      documents,
      bulk: planning.bulk,
      mostTolerance: planning.tolerance,
    });
    if (end === 'moved' || end === 'cancelled') {
      const why = end === 'moved' ? 'the policy changed since the plan' : 'the run was cancelled';
      logger.warn(`${why}: nothing was written`, { run: chunk.run, chunk: chunk.chunk });
      return;
    }
    metrics.addMetric('BulkSucceeded', MetricUnit.Count, end.succeeded);
    metrics.addMetric('BulkFailed', MetricUnit.Count, end.failed.length);
  } catch (cause) {
    metrics.addMetric('ChunkFailed', MetricUnit.Count, 1);
    logger.error('not finished, and left in the queue', {
      error: cause instanceof Error ? cause : String(cause),
    });
    throw cause;
  }
}
