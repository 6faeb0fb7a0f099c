/** SQS on the loopback address, and the poller that Lambda puts between a queue and a function. */
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import type { Lambda } from './lambda.ts';
import type { StackQueue } from './stack.ts';

export interface Queues {
  readonly url: string;
  urlOf(queue: string): string;
  send(queue: string, body: string): Promise<void>;
  /** Feeds a function from a queue until the queues are closed. */
  feed(queue: string, batchSize: number, lambda: Lambda, onError: (error: Error) => void): void;
  close(): Promise<void>;
}

const QUEUE_CREDENTIALS = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };

export async function startQueues(queues: readonly StackQueue[], region: string): Promise<Queues> {
  const app = buildApp({ logger: false, host: '127.0.0.1', defaultRegion: region });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = new SQSClient({ endpoint: url, region, credentials: QUEUE_CREDENTIALS });
  const urls = await createQueues(client, queues, url);
  const stopped = new AbortController();
  const pollers: Promise<void>[] = [];

  const urlOf = (queue: string): string => {
    const found = urls.get(queue);
    if (found === undefined) throw new Error(`serverless.yml has no queue "${queue}"`);
    return found;
  };
  return {
    url,
    urlOf,
    async send(queue, body) {
      await client.send(new SendMessageCommand({ QueueUrl: urlOf(queue), MessageBody: escapeAstral(body) }));
    },
    feed(queue, batchSize, lambda, onError) {
      const QueueUrl = urlOf(queue);
      pollers.push(poll(client, QueueUrl, batchSize, lambda, stopped.signal, onError));
    },
    async close() {
      stopped.abort();
      await Promise.all(pollers);
      client.destroy();
      await app.close();
    },
  };
}

/** Dead-letter queues first, since the others name them by ARN. */
async function createQueues(
  client: SQSClient,
  queues: readonly StackQueue[],
  endpoint: string,
): Promise<Map<string, string>> {
  const urls = new Map<string, string>();
  const ordered = queues.toSorted(
    (a, b) => Number(a.deadLetters !== undefined) - Number(b.deadLetters !== undefined),
  );
  for (const { name, visibilitySeconds, deadLetters } of ordered) {
    const redrive = deadLetters && {
      deadLetterTargetArn: await arnOf(client, urls.get(deadLetters.queue) ?? ''),
      maxReceiveCount: deadLetters.maxReceives,
    };
    const created = await client.send(
      new CreateQueueCommand({
        QueueName: name,
        Attributes: {
          VisibilityTimeout: String(visibilitySeconds),
          ...(redrive && { RedrivePolicy: JSON.stringify(redrive) }),
        },
      }),
    );
    // It names itself after a host that only a DNS of AWS would know; the path is what counts.
    const path = /^\w+:\/\/[^/]+(\/.*)$/.exec(created.QueueUrl ?? '')?.[1] ?? '';
    urls.set(name, endpoint + path);
  }
  return urls;
}

async function arnOf(client: SQSClient, QueueUrl: string): Promise<string | undefined> {
  const answer = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  return answer.Attributes?.QueueArn;
}

/** This SQS wrongly refuses characters beyond the basic plane, which the real one takes; JSON may escape them. */
function escapeAstral(json: string): string {
  return json.replaceAll(/[\ud800-\udfff\ufffe\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16)}`);
}

async function poll(
  client: SQSClient,
  QueueUrl: string,
  batchSize: number,
  lambda: Lambda,
  stopped: AbortSignal,
  onError: (error: Error) => void,
): Promise<void> {
  const isStopped = (): boolean => stopped.aborted;
  while (!isStopped()) {
    try {
      const received = await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: Math.min(batchSize, 10),
          WaitTimeSeconds: 20,
          MessageSystemAttributeNames: ['All'],
          MessageAttributeNames: ['All'],
        }),
        { abortSignal: stopped },
      );
      const messages = received.Messages ?? [];
      if (messages.length > 0) await deliver(client, QueueUrl, messages, lambda);
    } catch (error) {
      if (!isStopped()) onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** What the function does not name as failed is done, and deleted; the rest comes again after its visibility timeout. */
async function deliver(
  client: SQSClient,
  QueueUrl: string,
  messages: readonly Message[],
  lambda: Lambda,
): Promise<void> {
  const answer = await lambda.invoke({ Records: messages.map(toRecord) });
  const failed = failedIds(answer);
  const done = messages.filter(({ MessageId }) => !failed.has(MessageId));
  if (done.length === 0) return;
  const Entries = done.map(({ ReceiptHandle }, at) => ({
    Id: String(at),
    ReceiptHandle: ReceiptHandle ?? '',
  }));
  await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}

function toRecord(message: Message): object {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, { StringValue, DataType }]) => [
        name,
        { stringValue: StringValue, dataType: DataType, stringListValues: [], binaryListValues: [] },
      ]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    awsRegion: 'us-east-1',
  };
}

function failedIds(answer: unknown): ReadonlySet<unknown> {
  const failures = (answer as { batchItemFailures?: readonly { itemIdentifier: string }[] } | null)
    ?.batchItemFailures;
  return new Set((failures ?? []).map(({ itemIdentifier }) => itemIdentifier));
}
