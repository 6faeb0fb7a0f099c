/** What DynamoDB answers beside items; what all ledgers do alike is in the contract. */
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { DynamoLedger } from '../../../lib/aws/dynamo-ledger.ts';
import { type LedgerItem } from '../../../lib/ports/ledger.ts';
import { startLedgerTable } from '../../helpers/dynalite.ts';

const KEY = { group: 'g', name: 'n\u001b[2J' };

describe('the ledger on a table', () => {
  let server: Server;
  let client: DynamoDBClient;
  let ledger: DynamoLedger;
  /** What every request is answered. */
  let answer: { readonly status: number; readonly code: string };

  beforeEach(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => {
        response
          .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
          .end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${answer.code}`, message: 'no' }));
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    client = new DynamoDBClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
    ledger = new DynamoLedger(client, 'ledger-table');
  });
  afterEach(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });

  it.each([
    [400, 'ProvisionedThroughputExceededException', 'throttled'],
    [400, 'ThrottlingException', 'throttled'],
    [400, 'RequestLimitExceeded', 'throttled'],
    [503, 'ThrottlingException', 'throttled'],
    [500, 'InternalServerError', 'unreachable'],
    [503, 'ServiceUnavailable', 'unreachable'],
    [400, 'ExpiredTokenException', 'unreachable'],
    [400, 'UnrecognizedClientException', 'no-permission'],
    [400, 'AccessDeniedException', 'no-permission'],
    [400, 'ResourceNotFoundException', 'bad-input'],
    [400, 'ValidationException', 'bad-input'],
  ])('names an answer of %i %s: %s', async (status, code, named) => {
    answer = { status, code };
    const failure = { name: 'HoldfastError', code: named };

    await expect(ledger.get(KEY)).rejects.toMatchObject(failure);
    await expect(ledger.put(KEY, 'body', 'none')).rejects.toMatchObject(failure);
    await expect(first(ledger.list('g'))).rejects.toMatchObject(failure);
  });

  it('says what was asked for, which table that was, and nothing that a terminal obeys', async () => {
    answer = { status: 400, code: 'ResourceNotFoundException' };

    await expect(ledger.get(KEY)).rejects.toMatchObject({
      message:
        'read the item "n\\u001b[2J" of "g" in the ledger: DynamoDB refused (ResourceNotFoundException); ' +
        'check that the table ledger-table is there and active, with the string keys pk and sk',
    });
  });

  it('does not take what is no item of its own for one', async () => {
    const tables = await startLedgerTable();
    const foreign = { pk: { S: 'g' }, sk: { S: 'n' }, body: { S: 'body' } };
    await tables.clientFor().send(new PutItemCommand({ TableName: tables.table, Item: foreign }));
    const own = new DynamoLedger(tables.clientFor(), tables.table);

    await expect(own.get({ group: 'g', name: 'n' })).rejects.toMatchObject({ code: 'bad-input' });
    await expect(first(own.list('g'))).rejects.toMatchObject({ code: 'bad-input' });

    await tables.close();
  });
});

async function first(items: AsyncIterable<LedgerItem>): Promise<LedgerItem | undefined> {
  for await (const item of items) return item;
  return undefined;
}
