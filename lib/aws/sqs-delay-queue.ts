import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type DelayQueue } from '../ports/delay-queue.ts';

/** Sends messages back to one SQS queue, to be delivered after a delay. */
export class SqsDelayQueue implements DelayQueue {
  private readonly client: SQSClient;
  private readonly url: string;

  constructor(client: SQSClient, url: string) {
    this.client = client;
    this.url = url;
  }

  async sendLater(body: string, seconds: number, waits: number): Promise<void> {
    await this.client.send(
      new SendMessageCommand({
        QueueUrl: this.url,
        MessageBody: sqsText(body),
        DelaySeconds: seconds,
        MessageAttributes: { waits: { DataType: 'Number', StringValue: String(waits) } },
      }),
    );
  }
}

/**
 * SQS takes no U+FFFE and U+FFFF, which keys may hold, and some emulators take nothing beyond the basic plane; the
 * body is JSON, which can escape them.
 */
export function sqsText(json: string): string {
  return json.replaceAll(/[\ud800-\udfff\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}
