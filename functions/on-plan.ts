/** Plans, on a schedule, from the newest inventory of every managed bucket: sends one message per file to count. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { startPlan } from '../lib/app/bulk-plan.ts';
import { composeBulk, type Bulk } from '../lib/compose/bulk.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'bulk' });
let composed: Bulk | undefined;

interface Started {
  readonly inventory: string;
  readonly plan?: string;
  readonly sent?: number;
}

export const handler = middy<unknown, readonly Started[]>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async () => {
    const deps = (composed ??= composeBulk(process.env, { metrics, logger }));
    const started: Started[] = [];
    for (const place of deps.inventories) {
      try {
        const found = await deps.newestInventory(place);
        if (found === undefined) {
          metrics.addMetric('NoInventory', MetricUnit.Count, 1);
          logger.warn('no inventory that is new enough', { place });
          started.push({ inventory: place });
        } else
          started.push({
            inventory: `s3://${found.bucket}/${found.key}`,
            ...(await startPlan(found, deps.planning)),
          });
      } catch (cause) {
        metrics.addMetric('PlanFailed', MetricUnit.Count, 1);
        logger.error('an inventory could not be planned from', {
          place,
          error: cause instanceof Error ? cause : String(cause),
        });
        started.push({ inventory: place });
      }
    }
    metrics.addMetric('PlansLooked', MetricUnit.Count, 1);
    await deps.copied();
    return started;
  });
