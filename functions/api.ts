/** The HTTP API: legal holds for matters, business events, and runs that wait for approval. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Api, composeApi } from '../lib/compose/api.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'holds' });
let composed: Api | undefined;

export const handler = middy<unknown, APIGatewayProxyStructuredResultV2>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (event) => {
    const { answer, copied } = (composed ??= compose());
    const response = await answer(event);
    metrics.addMetric('Asked', MetricUnit.Count, 1);
    await copied();
    return response;
  });

function compose(): Api {
  return composeApi(process.env, {
    onPolicyStale: (cause) => {
      trouble('PolicyStale', cause);
    },
    onCopyFailed: (cause) => {
      trouble('AuditCopyFailed', cause);
    },
    onFoundOff: (count) => {
      metrics.addMetric('HoldFoundOff', MetricUnit.Count, count);
    },
    onUnexpected: (error, id) => {
      trouble('ApiFailed', error, { id });
    },
  });
}

function trouble(metric: string, cause: unknown, more: object = {}): void {
  metrics.addMetric(metric, MetricUnit.Count, 1);
  logger.error(metric, { ...more, error: cause instanceof Error ? cause : String(cause) });
}
