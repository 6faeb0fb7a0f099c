/** Goes on, on a schedule, with matters that stand still, and has every hold looked at again. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { reconcileAll, type Reconciled } from '../lib/app/matters/reconcile.ts';
import { composeHolds, type Holds } from '../lib/compose/holds.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'holds' });
let composed: Holds | undefined;

export const handler = middy<unknown, Reconciled>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async () => {
    const holds = (composed ??= compose());
    const result = await reconcileAll(
      holds.holdEnvironment.HOLDFAST_RECONCILE_EVERY,
      await holds.stepping(),
      (matter, cause) => {
        trouble('ReconcileFailed', cause, { matter });
      },
    );
    metrics.addMetric('Reconciled', MetricUnit.Count, result.matters);
    await holds.copied();
    return result;
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
