/** Locks what was uploaded, copied or tagged: one SQS batch of S3 events, each answered for itself. */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { type MessageDeps } from '../lib/app/deps.ts';
import { handleMessage } from '../lib/app/handle-message.ts';
import { composeUploads } from '../lib/compose/uploads.ts';
import { HoldfastError } from '../lib/errors.ts';

const logger = new Logger({ serviceName: 'holdfast' });
const processor = new BatchProcessor(EventType.SQS);
let composed: MessageDeps | undefined;

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger))
  .handler(async (event, context) => {
    const deps = (composed ??= composeUploads(process.env, logger));
    return processPartialResponse(event, async (record: SQSRecord) => onRecord(record, deps), processor, {
      context,
      throwOnFullBatchFailure: false,
    });
  });

/** A thrown error leaves its message in the queue, to be delivered again and parked in the end. */
async function onRecord({ body, messageId }: SQSRecord, deps: MessageDeps): Promise<void> {
  try {
    const result = await handleMessage(body, deps);
    if (result.kind === 'skipped') logger.info('skipped', { messageId, reason: result.reason });
  } catch (error) {
    const code = error instanceof HoldfastError ? error.code : 'unexpected';
    logger.error('not handled', { messageId, code, error: error instanceof Error ? error : String(error) });
    throw error;
  }
}
