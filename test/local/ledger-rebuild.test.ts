import { createHash } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  GetObjectLegalHoldCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { rebuildLedger } from '../../lib/app/matters/rebuild-ledger.ts';
import { dynamoClient } from '../../lib/aws/dynamo-client.ts';
import { DynamoLedger } from '../../lib/aws/dynamo-ledger.ts';
import { S3AuditStore } from '../../lib/aws/s3-audit-store.ts';
import { S3RollStore } from '../../lib/aws/s3-roll-store.ts';
import { s3Client } from '../../lib/aws/s3-client.ts';
import { instantOf } from '../../lib/lock/instant.ts';
import { type MatterView, matterViewSchema } from '../../lib/matters/messages.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { fileOf, holdfast } from '../helpers/cli.ts';
import { onePolicy } from '../helpers/deps.ts';

jest.setTimeout(180_000);

const TABLE = 'ledger-table';
const BUCKET = 'files';
const POLICY = onePolicy('{ mode: GOVERNANCE, for: P1D }');

/** The ledger is lost while four matters are in different states; what is under lock brings it back. */
describe('a ledger that was lost', () => {
  let cloud: Cloud;
  let client: S3Client;
  let control: S3Client;
  let tables: DynamoDBClient;
  let env: Record<string, string>;
  const tokens = { ann: '', bob: '' };
  const ids: Record<string, string> = {};

  const call = async (
    who: keyof typeof tokens,
    method: string,
    path: string,
    body?: object,
  ): Promise<MatterView> => {
    const response = await fetch(cloud.api.url + path, {
      method,
      headers: { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { matter?: unknown };
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return matterViewSchema.parse(answer.matter ?? answer);
  };
  const settled = async (id: string): Promise<MatterView> => {
    for (let tries = 0; tries < 600; tries += 1) {
      const matter = await call('ann', 'GET', `/matters/${id}`);
      if (matter.scopes.every(({ working }) => working === undefined)) return matter;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${id} was not settled`);
  };
  const open = async (title: string, scope: object): Promise<string> => {
    const { id } = await call('ann', 'POST', '/matters', { title, reason: 'complaint', scope });
    ids[title] = id;
    return id;
  };
  const release = async (id: string): Promise<MatterView> => {
    await call('ann', 'POST', `/matters/${id}/release`, { reason: 'settled' });
    await call('bob', 'POST', `/matters/${id}/release/approval`);
    return settled(id);
  };
  const put = async (key: string): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: key }));
  };
  const isOn = async (key: string): Promise<boolean> => {
    const asked = client.send(new GetObjectLegalHoldCommand({ Bucket: BUCKET, Key: key }));
    return (await asked.catch(() => undefined))?.LegalHold?.Status === 'ON';
  };
  const list = async (): Promise<unknown> =>
    JSON.parse((await holdfast(['matters', 'list', '--json'], env)).out);
  async function* records(): AsyncGenerator<Record<string, unknown>> {
    const store = new S3AuditStore({ client: control, bucket: cloud.bucketOf('AuditBucket') });
    for await (const { text = '' } of store.read())
      for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line) as Record<string, unknown>;
  }
  const rebuild = async (now: number): ReturnType<typeof rebuildLedger> =>
    rebuildLedger(records(), {
      ledger: new DynamoLedger(
        dynamoClient({ endpoint: cloud.tables.url, credentials: cloud.credentials }),
        TABLE,
      ),
      rolls: new S3RollStore(control, cloud.bucketOf('AuditBucket')),
      hash: (text) => createHash('sha256').update(text).digest('hex'),
      now: instantOf(now),
    });

  beforeAll(async () => {
    cloud = await startCloud({ policyFile: fileOf('policy.yaml', POLICY), unheard: [BUCKET] });
    const { region, credentials } = cloud;
    client = s3Client({ endpoint: cloud.url, region, credentials });
    control = s3Client({ endpoint: cloud.control.url, region, credentials });
    tables = new DynamoDBClient({ endpoint: cloud.tables.url, region, credentials });
    const groups = ['legal'];
    tokens.ann = await cloud.tokens.issue({
      sub: 'ann',
      name: 'Ann',
      scope: 'matters:read matters:write',
      groups,
    });
    tokens.bob = await cloud.tokens.issue({ sub: 'bob', name: 'Bob', scope: 'matters:approve', groups });
    env = { HOLDFAST_API: cloud.api.url, HOLDFAST_TOKEN: tokens.ann };
    await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
    await Promise.all(Array.from({ length: 8 }, async (_, at) => put(`a/${at}`)));
    await Promise.all(Array.from({ length: 4 }, async (_, at) => put(`c/${at}`)));
    await client.send(
      new PutObjectLegalHoldCommand({ Bucket: BUCKET, Key: 'a/7', LegalHold: { Status: 'ON' } }),
    );
    const selector = (prefix: string): object => ({ selector: { bucket: BUCKET, prefix } });
    const opened = await Promise.all([
      open('in force', selector('a/')),
      open('release asked', selector('a/1')),
      open('released', selector('c/')),
    ]);
    for (const id of opened) await settled(id);
    await open('a list', { versions: [0, 2].map((at) => ({ bucket: BUCKET, key: `a/${at}` })) });
    await release(ids.released ?? '');
    await call('ann', 'POST', `/matters/${ids['release asked'] ?? ''}/release`, { reason: 'settled' });
  });
  afterAll(async () => {
    for (const one of [client, control]) one.destroy();
    tables.destroy();
    await cloud.close();
  });

  it('is not built over one that is there', async () => {
    const env = { AWS_ENDPOINT_URL_S3: cloud.control.url, AWS_ENDPOINT_URL_DYNAMODB: cloud.tables.url };
    const { accessKeyId, secretAccessKey } = cloud.credentials;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const args = ['ledger', 'rebuild', '--audit', cloud.bucketOf('AuditBucket'), '--table', TABLE];

    const { code, err } = await holdfast([...args, '--region', cloud.region], { ...env, ...keys });

    expect(err).toContain('there is a ledger already');
    expect(code).toBe(2);
  });

  it('is built again as it was, and goes on as if nothing had been', async () => {
    const before = await list();
    await tables.send(new DeleteTableCommand({ TableName: TABLE }));
    await waitUntilTableNotExists({ client: tables, maxWaitTime: 30, minDelay: 1 }, { TableName: TABLE });
    await tables.send(
      new CreateTableCommand({
        TableName: TABLE,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: ['pk', 'sk'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
      }),
    );
    expect(await list()).toEqual({ matters: [] });

    // A hold was taken off a moment ago: what was sent could still land.
    await expect(rebuild(Date.now())).rejects.toMatchObject({ code: 'moved' });
    const rebuilt = await rebuild(Date.now() + 17 * 60_000);

    expect(rebuilt).toEqual({ matters: 4, open: 3, claims: 11, unrecorded: [] });
    expect(await list()).toEqual(before);
    const { scopes } = await release(ids['in force'] ?? '');
    expect(scopes[0]?.released).toEqual({ off: 4, needed: 3, notOurs: 1, gone: 0, failed: 0 });
    const on = await Promise.all(Array.from({ length: 8 }, async (_, at) => isOn(`a/${at}`)));
    expect(on).toEqual([true, true, true, false, false, false, false, true]);
  });
});
