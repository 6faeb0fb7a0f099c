/** DynamoDB on the loopback address, with the tables of serverless.yml. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { AddressInfo } from 'node:net';
import type { StackTable } from './stack.ts';

export interface Tables {
  readonly url: string;
  close(): Promise<void>;
}

const TABLE_CREDENTIALS = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };

/** What dynalite knows of a table; backups, protection and encryption guard what is not kept here anyway. */
const KNOWN = ['KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes'];

export async function startTables(tables: readonly StackTable[], region: string): Promise<Tables> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({ endpoint: url, region, credentials: TABLE_CREDENTIALS });
  for (const table of tables) await createTable(client, table);
  client.destroy();
  return {
    url,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function createTable(client: DynamoDBClient, { name, properties }: StackTable): Promise<void> {
  const known = Object.entries(properties).filter(([property]) => KNOWN.includes(property));
  // The template and the API spell them alike, and the server checks what they hold.
  const definition = Object.fromEntries(known) as Partial<CreateTableCommandInput>;
  await client.send(
    new CreateTableCommand({ ...definition, TableName: name, BillingMode: 'PAY_PER_REQUEST' }),
  );
  for (;;) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (Table?.TableStatus === 'ACTIVE') return;
  }
}
