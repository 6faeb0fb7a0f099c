import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { HoldfastError } from '../errors.ts';
import { type WorkQueue } from '../ports/work-queue.ts';
import { sqsText } from './sqs-delay-queue.ts';

/** The most that SQS takes in one request: messages, and bytes of all of them. */
const MOST = 10;
const BYTES = 240_000;

/** Sends pieces of work to one SQS queue. */
export class SqsWorkQueue implements WorkQueue {
  private readonly client: SQSClient;
  private readonly url: string;

  constructor(client: SQSClient, url: string) {
    this.client = client;
    this.url = url;
  }

  async send(bodies: readonly string[]): Promise<void> {
    let batch: string[] = [];
    let bytes = 0;
    for (const body of bodies.map(sqsText)) {
      const size = Buffer.byteLength(body);
      if (batch.length === MOST || bytes + size > BYTES) {
        await this.sendBatch(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(body);
      bytes += size;
    }
    await this.sendBatch(batch);
  }

  private async sendBatch(bodies: readonly string[]): Promise<void> {
    if (bodies.length === 0) return;
    const Entries = bodies.map((MessageBody, at) => ({ Id: String(at), MessageBody }));
    const { Failed } = await this.client.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries }));
    const [first] = Failed ?? [];
    if (first === undefined) return;
    throw new HoldfastError('throttled', {
      what: `${Failed?.length ?? 0} of ${bodies.length} pieces of work could not be queued (${first.Code ?? 'no code'})`,
      next: 'nothing is lost: they are sent again',
    });
  }
}
