import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildApp } from 'fauxqs';
import { SqsWorkQueue } from '../../../lib/aws/sqs-work-queue.ts';
import { HOSTILE } from '../../helpers/bulk.ts';

let app: ReturnType<typeof buildApp>;
let client: SQSClient;
let url: string;
let queue: SqsWorkQueue;
/** How many messages and bytes each request had. */
const requests: { messages: number; bytes: number }[] = [];
let names = 0;

beforeAll(async () => {
  app = buildApp({ logger: false, host: '127.0.0.1' });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  client.middlewareStack.add(
    (next) => async (args) => {
      const { Entries } = args.input as { Entries?: readonly { MessageBody?: string }[] };
      if (Entries !== undefined)
        requests.push({
          messages: Entries.length,
          bytes: Entries.reduce((sum, { MessageBody = '' }) => sum + Buffer.byteLength(MessageBody), 0),
        });
      return next(args);
    },
    { step: 'initialize' },
  );
});
afterAll(async () => {
  client.destroy();
  await app.close();
});
beforeEach(async () => {
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: `q${(names += 1)}` }));
  url = QueueUrl;
  queue = new SqsWorkQueue(client, url);
});
afterEach(() => {
  requests.length = 0;
});

async function received(): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body = '' }) => Body));
    const Entries = Messages.map(({ ReceiptHandle = '' }, at) => ({ Id: String(at), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
    requests.pop();
  }
}

describe('pieces of work', () => {
  it('are sent by tens, and all arrive', async () => {
    const bodies = Array.from({ length: 23 }, (_, at) => JSON.stringify({ at }));

    await queue.send(bodies);

    expect(requests.map(({ messages }) => messages)).toStrictEqual([10, 10, 3]);
    expect((await received()).sort()).toStrictEqual([...bodies].sort());
  });

  it('never weigh more together than a request may', async () => {
    const bodies = Array.from({ length: 7 }, (_, at) => JSON.stringify({ at, text: 'é'.repeat(40_000) }));

    await queue.send(bodies);

    expect(requests.map(({ messages }) => messages)).toStrictEqual([2, 2, 2, 1]);
    expect(Math.max(...requests.map(({ bytes }) => bytes))).toBeLessThan(262_144);
    expect((await received()).sort()).toStrictEqual([...bodies].sort());
  });

  it('may hold every character that a key may', async () => {
    const key = `${HOSTILE}\ufffe\uffff\u0001`;

    await queue.send([JSON.stringify({ key })]);

    const [body = ''] = await received();
    expect(JSON.parse(body)).toStrictEqual({ key });
  });

  it('may be none', async () => {
    await queue.send([]);

    expect(requests).toStrictEqual([]);
  });

  it('that were refused are told of, though others were taken', async () => {
    // What is no text for SQS; as a piece of work it never comes.
    await expect(queue.send(['good', 'bad \u0000'])).rejects.toMatchObject({
      code: 'throttled',
      message: expect.stringContaining('1 of 2 pieces of work could not be queued'),
    });
  });

  it('are not lost silently where there is no queue', async () => {
    await expect(new SqsWorkQueue(client, `${url}-missing`).send(['x'])).rejects.toThrow();
  });
});
