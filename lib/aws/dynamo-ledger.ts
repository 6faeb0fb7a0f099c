/** The ledger on one DynamoDB table: keys `pk` (the group) and `sk` (the name), both strings. */
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import { HoldfastError } from '../errors.ts';
import { type Ledger, type LedgerItem, type LedgerKey } from '../ports/ledger.ts';
import { Attempts, mayHaveHappened } from './attempts.ts';
import { askTable } from './dynamo-answers.ts';
import { itemAt, requireBody, requireKey, requireName } from './ledger-limits.ts';

export interface DynamoLedgerOptions {
  /** How many items a page of a list has at most; DynamoDB decides when left out. */
  readonly pageSize?: number;
  /** How long one request may take, its retries included (milliseconds). */
  readonly budget?: number;
}

/**
 * Keeps items in a table. Everything is read consistently; a list too, page by page.
 *
 * @example
 * const ledger = new DynamoLedger(dynamoClient({}), 'holdfast-ledger');
 */
export class DynamoLedger implements Ledger {
  private readonly client: DynamoDBClient;
  private readonly table: string;
  private readonly pageSize: number | undefined;
  private readonly budget: number;

  constructor(
    client: DynamoDBClient,
    table: string,
    { pageSize, budget = 10_000 }: DynamoLedgerOptions = {},
  ) {
    this.client = client;
    this.table = table;
    this.pageSize = pageSize;
    this.budget = budget;
  }

  async get(key: LedgerKey): Promise<LedgerItem | undefined> {
    requireKey(key);
    const { Item } = await askTable(`read ${itemAt(key)}`, this.table, () =>
      this.client.send(
        new GetItemCommand({ TableName: this.table, Key: keyOf(key), ConsistentRead: true }),
        this.options(),
      ),
    );
    return Item === undefined ? undefined : itemOf(Item);
  }

  async put(
    key: LedgerKey,
    body: string,
    expected: { readonly rev: string } | 'none',
  ): Promise<{ readonly rev: string } | undefined> {
    requireKey(key);
    requireBody(key, body);
    // No counter: an item that was deleted by hand and written again would count from one again.
    const rev = randomUUID();
    const attempts = new Attempts();
    const command = new PutItemCommand({
      TableName: this.table,
      Item: { ...keyOf(key), body: { S: body }, rev: { S: rev } },
      ...conditionOf(expected),
    });
    command.middlewareStack.add(attempts.middleware, { step: 'finalizeRequest', priority: 'low' });
    try {
      await askTable(`write ${itemAt(key)}`, this.table, () => this.client.send(command, this.options()));
      return { rev };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
    // Refused, perhaps only because an earlier attempt was taken and its answer lost.
    if ((await this.get(key))?.rev === rev) return { rev };
    if (attempts.isUnclear) throw mayHaveHappened(itemAt(key));
    return undefined;
  }

  async *list(group: string): AsyncGenerator<LedgerItem> {
    requireName('group', group);
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page: QueryCommandOutput = await askTable(
        `list the group ${JSON.stringify(group)} of the ledger`,
        this.table,
        () => this.client.send(this.query(group, start), this.options()),
      );
      for (const item of page.Items ?? []) yield itemOf(item);
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
  }

  private query(group: string, start: Record<string, AttributeValue> | undefined): QueryCommand {
    return new QueryCommand({
      TableName: this.table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :group',
      ExpressionAttributeValues: { ':group': { S: group } },
      ...(this.pageSize !== undefined && { Limit: this.pageSize }),
      ...(start !== undefined && { ExclusiveStartKey: start }),
    });
  }

  private options(): { abortSignal: AbortSignal } {
    return { abortSignal: AbortSignal.timeout(this.budget) };
  }
}

function keyOf({ group, name }: LedgerKey): { pk: { S: string }; sk: { S: string } } {
  return { pk: { S: group }, sk: { S: name } };
}

function conditionOf(
  expected: { readonly rev: string } | 'none',
): Pick<PutItemCommand['input'], 'ConditionExpression' | 'ExpressionAttributeValues'> {
  if (expected === 'none') return { ConditionExpression: 'attribute_not_exists(pk)' };
  return { ConditionExpression: 'rev = :rev', ExpressionAttributeValues: { ':rev': { S: expected.rev } } };
}

function itemOf({ pk, sk, body, rev }: Record<string, AttributeValue>): LedgerItem {
  if (pk?.S !== undefined && sk?.S !== undefined && body?.S !== undefined && rev?.S !== undefined)
    return { group: pk.S, name: sk.S, body: body.S, rev: rev.S };
  throw new HoldfastError('bad-input', {
    what: `the table has an item that is none of the ledger: ${JSON.stringify({ pk: pk?.S, sk: sk?.S })}`,
    next: 'remove it: nothing else may be kept in this table',
  });
}
