/** Looks, on a schedule, for uploads whose event never came; and anchors the chains of records. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { recordCheckpoint } from '../lib/app/checkpoint.ts';
import { sweepAll, type SweepResult } from '../lib/app/sweep.ts';
import { composeUploads, type Uploads } from '../lib/compose/uploads.ts';
import { instantOf } from '../lib/lock/instant.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'uploads' });
let composed: Uploads | undefined;

/** Time kept back for remembering the place and for the records (milliseconds). */
const RESERVE = 60_000;

export const handler = middy<unknown, Readonly<Record<string, SweepResult>>>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (_, context) => {
    const deps = (composed ??= compose());
    const deadline = instantOf(deps.clock.now() + Math.max(context.getRemainingTimeInMillis() - RESERVE, 0));
    await attempt('CheckpointFailed', async () =>
      recordCheckpoint((day) => deps.auditStore.names(day), deps),
    );
    const policy = await deps.policies.current();
    const results = await sweepAll(await managedBuckets(deps), policy, deadline, deps, (bucket, cause) => {
      trouble('SweepFailed', cause, { bucket });
    });
    for (const { sent } of Object.values(results))
      metrics.addMetric('SweptWithoutLock', MetricUnit.Count, sent);
    metrics.addMetric('Swept', MetricUnit.Count, Object.keys(results).length);
    await deps.copied();
    return results;
  });

function compose(): Uploads {
  return composeUploads(process.env, {
    onPolicyStale: (cause) => {
      trouble('PolicyStale', cause);
    },
    onCopyFailed: (cause) => {
      trouble('AuditCopyFailed', cause);
    },
  });
}

/** The buckets of the list; where it holds patterns, as in the local cloud, those that exist and match. */
async function managedBuckets({ environment, listing, manages }: Uploads): Promise<string[]> {
  const names = environment.HOLDFAST_BUCKETS.split(',').map((name) => name.trim());
  const candidates = names.some((name) => name.includes('*')) ? await listing.buckets() : names;
  return candidates.filter(manages);
}

async function attempt(metric: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    trouble(metric, cause);
  }
}

function trouble(metric: string, cause: unknown, more: object = {}): void {
  metrics.addMetric(metric, MetricUnit.Count, 1);
  logger.error(metric, { ...more, error: cause instanceof Error ? cause : String(cause) });
}
