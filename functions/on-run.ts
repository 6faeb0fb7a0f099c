/** Takes a step with every run that is not over: on a schedule, and when a bulk job changes its state. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { activeRuns } from '../lib/app/bulk-runs.ts';
import { type StepResult, stepRun } from '../lib/app/bulk-step.ts';
import { composeBulk, type Bulk } from '../lib/compose/bulk.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'bulk' });
let composed: Bulk | undefined;

/** Whatever wakes it says no more than "look": job events may be lost, doubled, or late. */
export const handler = middy<unknown, Readonly<Record<string, StepResult | 'failed'>>>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async () => {
    const deps = (composed ??= composeBulk(process.env, { metrics, logger }));
    const results: Record<string, StepResult | 'failed'> = {};
    for (const id of await activeRuns(deps.documents)) {
      try {
        results[id] = await stepRun(id, deps.stepping());
      } catch (cause) {
        results[id] = 'failed';
        metrics.addMetric('RunFailed', MetricUnit.Count, 1);
        logger.error('a run could not go on', {
          run: id,
          error: cause instanceof Error ? cause : String(cause),
        });
      }
    }
    metrics.addMetric('RunsStepped', MetricUnit.Count, Object.keys(results).length);
    metrics.addMetric(
      'RunWaits',
      MetricUnit.Count,
      Object.values(results).filter((result) => result === 'waits').length,
    );
    await deps.copied();
    return results;
  });
