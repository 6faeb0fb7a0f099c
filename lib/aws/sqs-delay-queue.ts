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
        MessageBody: body,
        DelaySeconds: seconds,
        MessageAttributes: { waits: { DataType: 'Number', StringValue: String(waits) } },
      }),
    );
  }
}
