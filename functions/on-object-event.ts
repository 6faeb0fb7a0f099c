/** Locks what was uploaded, copied or tagged: one SQS batch of S3 events, each answered for itself. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { handleMessage, type MessageResult } from '../lib/app/handle-message.ts';
import { OUTCOMES } from '../lib/audit/outcome.ts';
import { composeArrivals } from '../lib/compose/arrivals.ts';
import { type Uploads } from '../lib/compose/uploads.ts';
import { HoldfastError } from '../lib/errors.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'uploads' });
const processor = new BatchProcessor(EventType.SQS);
let composed: Uploads | undefined;

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event, context) => {
    const deps = (composed ??= compose());
    const response = await processPartialResponse(
      event,
      async (record: SQSRecord) => onRecord(record, deps),
      processor,
      { context, throwOnFullBatchFailure: false },
    );
    await deps.copied();
    return response;
  });

function compose(): Uploads {
  return composeArrivals(process.env, {
    onPolicyStale: (cause) => {
      trouble('PolicyStale', 'the active policy could not be taken over', cause);
    },
    onCopyFailed: (cause) => {
      trouble('AuditCopyFailed', 'records are stored but missing in the searchable copy', cause);
    },
    onFoundOff: () => undefined, // it looks at no hold twice
  });
}

/** A thrown error leaves its message in the queue, to be delivered again. */
async function onRecord(record: SQSRecord, deps: Uploads): Promise<void> {
  const { body, messageId, attributes, messageAttributes } = record;
  const receives = Number(attributes.ApproximateReceiveCount);
  const waits = Number(messageAttributes.waits?.stringValue ?? 0);
  try {
    count(await handleMessage({ body, messageId, receives, waits }, deps), messageId);
  } catch (error) {
    const code = error instanceof HoldfastError ? error.code : 'unexpected';
    trouble('NotHandled', 'not handled, and left in the queue', error, { messageId, code });
    throw error;
  }
}

/** Metrics carry no keys and no buckets: each value of a dimension is paid for. */
function count(result: MessageResult, messageId: string): void {
  if (result.kind === 'parked') {
    metrics.addMetric('Parked', MetricUnit.Count, 1);
    logger.warn('parked', { messageId, reason: result.reason });
    return;
  }
  if (result.foreign > 0) metrics.addMetric('ForeignBucket', MetricUnit.Count, result.foreign);
  if (result.kind === 'skipped') {
    logger.info('skipped', { messageId, reason: result.reason });
    return;
  }
  if (result.paused) metrics.addMetric('Waiting', MetricUnit.Count, 1);
  for (const { outcome } of result.records) {
    if (outcome === undefined) continue;
    metrics.addMetric(outcome, MetricUnit.Count, 1);
    if (!OUTCOMES[outcome].covered) metrics.addMetric('NotCovered', MetricUnit.Count, 1);
  }
}

function trouble(metric: string, message: string, cause: unknown, more: object = {}): void {
  metrics.addMetric(metric, MetricUnit.Count, 1);
  logger.error(message, { ...more, error: cause instanceof Error ? cause : String(cause) });
}
