/** DynamoDB on the loopback address with a table for a ledger, for the length of one test file. */
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { type AddressInfo } from 'node:net';
import { dynamoClient } from '../../lib/aws/dynamo-client.ts';

export interface LedgerTable {
  readonly url: string;
  readonly table: string;
  /** A client as the adapter uses it, for this server or for what stands in front of it. */
  clientFor(endpoint?: string): DynamoDBClient;
  close(): Promise<void>;
}

export async function startLedgerTable(): Promise<LedgerTable> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clients: DynamoDBClient[] = [];
  const clientFor = (endpoint = url): DynamoDBClient => {
    const client = dynamoClient({ endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    clients.push(client);
    return client;
  };
  const table = 'ledger';
  await clientFor().send(
    new CreateTableCommand({
      TableName: table,
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
  return {
    url,
    table,
    clientFor,
    async close() {
      for (const client of clients) client.destroy();
      await new Promise<void>((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      });
    },
  };
}
