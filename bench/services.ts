/** Starts DynamoDB and SQS, each in a process of its own, and makes what a benchmark keeps there. */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { dynamoClient } from '../lib/aws/dynamo-client.ts';

export type Service = 'tables' | 'queues';

export interface RunningService {
  readonly url: string;
  stop(): void;
}

/** What all servers of the benchmarks take. */
export const CREDENTIALS = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };
export const REGION = 'us-east-1';

export async function startService(service: Service): Promise<RunningService> {
  const child = fork(fileURLToPath(new URL('serve-aws.ts', import.meta.url)), [service]);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the ${service} ended before they told where they are`);
  });
  const [url] = (await Promise.race([once(child, 'message'), ended])) as [string];
  ended.catch(() => undefined);
  return {
    url,
    stop: () => {
      child.disconnect();
    },
  };
}

/** A new table for a ledger, as serverless.yml describes it; answers its name. */
export async function newTable(endpoint: string): Promise<string> {
  const client = dynamoClient({ endpoint, credentials: CREDENTIALS });
  const TableName = `ledger-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  client.destroy();
  return TableName;
}

/** A new queue; answers its address. */
export async function newQueue(endpoint: string): Promise<string> {
  const client = new SQSClient({ endpoint, region: REGION, credentials: CREDENTIALS });
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'events' }));
  client.destroy();
  // It names itself after a host that only a DNS of AWS would know; the path is what counts.
  return endpoint + (/^\w+:\/\/[^/]+(\/.*)$/.exec(QueueUrl)?.[1] ?? '');
}
