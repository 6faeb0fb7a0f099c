import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { askAsMachine } from './support/machine.ts';

const STACK = `
functions:
  api:
    handler: dist/api.handler
    environment:
      HOLDFAST_LEDGER_TABLE: !Ref LedgerTable
      HOLDFAST_HOLD_QUEUE_URL: !Ref HoldQueue
      HOLDFAST_TOKEN_ISSUER: https://login.example
      HOLDFAST_TOKEN_AUDIENCE: api
      HOLDFAST_DOCKET_FRESH_SECONDS: 60
    events:
      - httpApi: { method: GET, path: /me, authorizer: { type: jwt } }
      - httpApi: { method: '*', path: '/machine/{proxy+}', authorizer: { type: aws_iam } }
  other:
    handler: dist/api.handler
    environment: { HOLDFAST_TOKEN_AUDIENCE: api }
    events: [{ httpApi: GET /other }]
resources:
  Resources:
    HoldQueue: { Type: AWS::SQS::Queue }
    LedgerTable:
      Type: AWS::DynamoDB::Table
      Properties:
        KeySchema: [{ AttributeName: pk, KeyType: HASH }]
        AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
`;

/** It answers what it was told, and what it has around it. */
const FUNCTION = `
export const handler = async ({ routeKey, requestContext: { authorizer } }) => {
  return { routeKey, authorizer, environment: { ...process.env } };
};
`;

interface Answer {
  readonly routeKey: string;
  readonly authorizer?: unknown;
  readonly environment: Readonly<Record<string, string>>;
}

function rootOf(stack: string): string {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-api-'));
  mkdirSync(join(root, 'dist'));
  writeFileSync(join(root, 'serverless.yml'), stack);
  writeFileSync(join(root, 'dist/api.mjs'), FUNCTION);
  return root;
}

describe('the HTTP API of the local cloud', () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await startCloud({ root: rootOf(STACK), policyFile: 'unused' });
  }, 20_000);
  afterAll(async () => cloud.close());

  it('leads people and machines to the function of the route', async () => {
    const authorization = `Bearer ${await cloud.tokens.issue({ sub: 'ann' })}`;

    const person = await fetch(`${cloud.api.url}/me`, { headers: { authorization } });
    const machine = await askAsMachine(cloud.api.url, { path: '/machine/x', credentials: cloud.credentials });

    expect(await person.json()).toMatchObject({ authorizer: { jwt: { claims: { sub: 'ann' } } } });
    expect(await machine.json()).toMatchObject({ authorizer: { iam: { accessKey: 'holdfast' } } });
    expect((await fetch(`${cloud.api.url}/me`)).status).toBe(401);
  });

  it('gives its functions the tables, the queue and the issuer, whatever the file says', async () => {
    const answer = await askAsMachine(cloud.api.url, { path: '/machine/x' });

    const { environment } = (await answer.json()) as Answer;
    expect(environment).toMatchObject({
      HOLDFAST_LEDGER_TABLE: 'ledger-table',
      HOLDFAST_HOLD_QUEUE_URL: expect.stringContaining('HoldQueue'),
      HOLDFAST_TOKEN_ISSUER: cloud.tokens.url,
      HOLDFAST_TOKEN_AUDIENCE: 'holdfast',
      HOLDFAST_DOCKET_FRESH_SECONDS: '1',
      AWS_ENDPOINT_URL_DYNAMODB: cloud.tables.url,
    });
  });

  it('gives a function none of these that the file does not name', async () => {
    const answer = (await (await fetch(`${cloud.api.url}/other`)).json()) as Answer;

    expect(answer.environment).toMatchObject({ HOLDFAST_TOKEN_AUDIENCE: 'holdfast' });
    expect(answer.environment).not.toHaveProperty('HOLDFAST_TOKEN_ISSUER');
    expect(answer.environment).not.toHaveProperty('HOLDFAST_DOCKET_FRESH_SECONDS');
  });

  it('has the tables of the stack', async () => {
    const client = new DynamoDBClient({
      endpoint: cloud.tables.url,
      region: cloud.region,
      credentials: cloud.credentials,
    });

    const { TableNames } = await client.send(new ListTablesCommand({}));
    client.destroy();

    expect(TableNames).toStrictEqual(['ledger-table']);
  });

  it('is not there where no function has a route', async () => {
    const plain = await startCloud({ root: rootOf('service: empty\n'), policyFile: 'unused' });
    await plain.close();

    expect([plain.api.url, plain.tokens.url, plain.tables.url]).toStrictEqual(['', '', '']);
    await expect(plain.tokens.issue({ sub: 'ann' })).rejects.toThrow('no function with an HTTP API');
  });
});
