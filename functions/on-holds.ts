/** Works on matters: lists what they cover, places holds, and takes off those of released ones, piece by piece. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { handleHoldMessage } from '../lib/app/matters/hold-message.ts';
import { composeHolds, type Holds } from '../lib/compose/holds.ts';
import { instantOf } from '../lib/lock/instant.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'holds' });
const processor = new BatchProcessor(EventType.SQS);
let composed: Holds | undefined;

/** Time kept back for storing what was done (milliseconds). */
const RESERVE = 60_000;

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event, context) => {
    const holds = (composed ??= compose());
    const left = Math.max(context.getRemainingTimeInMillis() - RESERVE, 0);
    const deadline = instantOf(holds.clock.now() + left);
    const response = await processPartialResponse(
      event,
      async ({ body, messageId, attributes, messageAttributes }: SQSRecord) => {
        const waits = Number(messageAttributes.waits?.stringValue ?? 0);
        const tries = waits + Number(attributes.ApproximateReceiveCount);
        try {
          const deps = await holds.stepping();
          const isOurs = await handleHoldMessage(body, tries, deadline, deps);
          if (!isOurs) trouble('HoldMessageUnknown', 'it is none of ours', { messageId });
        } catch (cause) {
          trouble('HoldFailed', cause, { messageId });
          throw cause;
        }
      },
      processor,
      { context, throwOnFullBatchFailure: false },
    );
    metrics.addMetric('HoldMessages', MetricUnit.Count, event.Records.length);
    await holds.copied();
    return response;
  });

function compose(): Holds {
  return composeHolds(process.env, {
    onPolicyStale: (cause) => {
      trouble('PolicyStale', cause);
    },
    onCopyFailed: (cause) => {
      trouble('AuditCopyFailed', cause);
    },
    onFoundOff: (count) => {
      metrics.addMetric('HoldFoundOff', MetricUnit.Count, count);
    },
  });
}

function trouble(metric: string, cause: unknown, more: object = {}): void {
  metrics.addMetric(metric, MetricUnit.Count, 1);
  logger.error(metric, { ...more, error: cause instanceof Error ? cause : String(cause) });
}
