import {
  ConditionalCheckFailedException,
  DescribeTableCommand,
  DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTables, type Tables } from '../../local/tables.ts';

const TableName = 'ledger-table';

let tables: Tables;
let client: DynamoDBClient;

beforeAll(async () => {
  const table = {
    name: TableName,
    resource: 'LedgerTable',
    properties: {
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    },
  };
  tables = await startTables([table], 'us-east-1');
  client = new DynamoDBClient({
    endpoint: tables.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' },
  });
});
afterAll(async () => {
  client.destroy();
  await tables.close();
});

describe('the tables of the local cloud', () => {
  it('are those of serverless.yml, ready to use', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));

    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: 'pk' }, { AttributeName: 'sk' }],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    });
  });

  it('hold conditions of writes, and list by key', async () => {
    const put = async (sk: string): Promise<unknown> =>
      client.send(
        new PutItemCommand({
          TableName,
          Item: { pk: { S: 'matter' }, sk: { S: sk } },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      );
    await put('2');
    await put('1');

    await expect(put('1')).rejects.toThrow(ConditionalCheckFailedException);
    const { Items } = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'matter' } },
      }),
    );
    expect(Items?.map(({ sk }) => sk?.S)).toStrictEqual(['1', '2']);
  });
});
