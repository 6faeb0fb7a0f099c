/** Looks, on a schedule, for uploads whose event never came; then anchors the chains of records. */
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import { recordCheckpoint } from '../lib/app/checkpoint.ts';
import { sweepBucket, type SweepResult } from '../lib/app/sweep.ts';
import { composeUploads, type Uploads } from '../lib/compose/uploads.ts';
import { instantOf } from '../lib/lock/instant.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const metrics = new Metrics({ namespace: 'Holdfast', serviceName: 'uploads' });
let composed: Uploads | undefined;

/** Time kept back for remembering the place and for the checkpoint (milliseconds). */
const RESERVE = 60_000;

export const handler = middy<unknown, Readonly<Record<string, SweepResult>>>()
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .handler(async (_, context) => {
    const deps = (composed ??= composeUploads(process.env, { onPolicyStale: warn, onCopyFailed: warn }));
    const deadline = instantOf(deps.clock.now() + Math.max(context.getRemainingTimeInMillis() - RESERVE, 0));
    const policy = await deps.policies.current();
    const results: Record<string, SweepResult> = {};
    for (const bucket of await managedBuckets(deps)) {
      const result = await sweepBucket(bucket, policy, deadline, deps);
      metrics.addMetric('SweptWithoutLock', MetricUnit.Count, result.sent);
      results[bucket] = result;
    }
    await recordCheckpoint((day) => deps.auditStore.names(day), deps);
    await deps.copied();
    return results;
  });

/** The buckets of the list; where it holds patterns, those that exist and match. */
async function managedBuckets({ environment, listing, manages }: Uploads): Promise<string[]> {
  const names = environment.HOLDFAST_BUCKETS.split(',').map((name) => name.trim());
  const candidates = names.some((name) => name.includes('*')) ? await listing.buckets() : names;
  return candidates.filter(manages);
}

function warn(cause: unknown): void {
  logger.error('trouble', { error: cause instanceof Error ? cause : String(cause) });
}
