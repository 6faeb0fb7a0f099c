import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  GetObjectLockConfigurationCommand,
  ListBucketInventoryConfigurationsCommand,
  type NotificationConfiguration,
  PutBucketInventoryConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';
import { FileAuditStore } from '../../lib/aws/file-audit-store.ts';
import { allOf } from '../helpers/records.ts';

/** Somebody's inventory, of which nothing serves a bulk plan. */
const INVENTORY = {
  Id: 'theirs',
  IsEnabled: true,
  IncludedObjectVersions: 'Current',
  Schedule: { Frequency: 'Weekly' },
  Destination: { S3BucketDestination: { Bucket: 'arn:aws:s3:::theirs', Format: 'CSV' } },
} as const;

describe('holdfast bucket', () => {
  let embedded: Embedded;
  let client: S3Client;
  let records: string;

  beforeAll(async () => {
    embedded = await startEmbedded({ stranger: ['s3:PutBucketObjectLockConfiguration'] });
    client = embedded.clientFor();
    records = mkdtempSync(join(tmpdir(), 'holdfast-bucket-'));
  });
  afterAll(async () => {
    await embedded.close();
  });

  const bucket = async (args: readonly string[], user = 'owner'): Promise<Ran> =>
    holdfast(['bucket', ...args, '--endpoint', embedded.s3.url], {
      AWS_ACCESS_KEY_ID: user,
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  const changed = async (args: readonly string[], user = 'owner'): Promise<Ran> =>
    bucket([...args, '--audit-folder', records], user);
  const ruleOf = async (Bucket: string): Promise<unknown> =>
    (await client.send(new GetObjectLockConfigurationCommand({ Bucket }))).ObjectLockConfiguration?.Rule
      ?.DefaultRetention;
  const freshName = (): string => `b-${randomBytes(5).toString('hex')}`;

  it('makes a bucket with Object Lock and a default rule', async () => {
    const name = freshName();

    const { code, out } = await changed(['create', name, '--mode', 'GOVERNANCE', '--days', '30']);

    expect(code).toBe(0);
    expect(out).toContain('default none → GOVERNANCE for 30 days');
    expect(await ruleOf(name)).toStrictEqual({ Mode: 'GOVERNANCE', Days: 30 });
  });

  it('adds a buffer to the protection that was promised', async () => {
    const name = freshName();

    await changed(['create', name, '--mode', 'COMPLIANCE', '--protect', '24', '--buffer', '6']);

    expect(await ruleOf(name)).toStrictEqual({ Mode: 'COMPLIANCE', Days: 30 });
  });

  it('warns of a default that is short, and of one that nobody can take back', async () => {
    const { err } = await changed(['create', freshName(), '--mode', 'COMPLIANCE', '--days', '6']);

    expect(err).toContain('is short');
    expect(err).toContain('nobody, the owner of the account included');
  });

  it('gives an existing bucket a lock, and says how many versions stay unprotected', async () => {
    const name = await makeBucket(client, 'plain');
    await upload(client, name, 'old/1');
    await upload(client, name, 'old/2');

    const { code, out } = await changed(['enable', name, '--mode', 'GOVERNANCE', '--days', '1']);

    expect(code).toBe(0);
    expect(out).toContain('enabled versioning');
    expect(out).toContain('enabled Object Lock, default GOVERNANCE for 1 day');
    expect(out).toContain('2 versions were there before. They stay unprotected');
  });

  it('doing it twice does it once', async () => {
    const name = await makeBucket(client, 'versioned');
    await changed(['enable', name, '--mode', 'GOVERNANCE', '--days', '1']);

    expect((await changed(['enable', name, '--mode', 'GOVERNANCE', '--days', '1'])).out).toContain(
      'nothing had to be changed',
    );
  });

  it('records that all was as wanted: the record of an earlier run may have been lost', async () => {
    const name = await makeBucket(client);
    const place = mkdtempSync(join(tmpdir(), 'holdfast-bucket-'));

    await bucket(['enable', name, '--audit-folder', place]);
    await bucket(['adopt', name, '--apply', '--audit-folder', place]);
    await bucket(['adopt', name, '--apply', '--audit-folder', place]);

    const records = (await allOf(new FileAuditStore(place).read())).map(({ text = '' }) => text).join('');
    // Each command is a writer of its own, and batches are read in the order of their names.
    expect(records.match(/"action":"[a-z-]+"/g)?.sort()).toStrictEqual([
      '"action":"bucket-adopted"',
      '"action":"bucket-found-in-place"',
      '"action":"bucket-found-in-place"',
    ]);
  });

  it('makes a bucket on a store that gives Object Lock only to one that is there', async () => {
    const late = await startEmbedded({}, { lies: ['create'] });
    const name = freshName();
    const args = ['create', name, '--mode', 'GOVERNANCE', '--days', '30', '--audit-folder', records];

    const ran = await holdfast(['bucket', ...args, '--endpoint', late.s3.url], {
      AWS_ACCESS_KEY_ID: 'owner',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });

    await late.close();
    expect(ran).toMatchObject({
      code: 0,
      out: expect.stringContaining('default       GOVERNANCE for 30 days'),
    });
  });

  it('says what was done, and the safe ways, where a store cannot give Object Lock later', async () => {
    const rigid = await startEmbedded(
      {},
      {
        fault: ({ operation }) =>
          operation === 'PutObjectLockConfiguration'
            ? { status: 409, code: 'InvalidBucketState', message: 'Object Lock must be enabled at creation' }
            : undefined,
      },
    );
    const name = await makeBucket(rigid.clientFor(), 'plain');
    const args = ['enable', name, '--mode', 'GOVERNANCE', '--days', '1', '--audit-folder', records];

    const { code, err } = await holdfast(['bucket', ...args, '--endpoint', rigid.s3.url], {
      AWS_ACCESS_KEY_ID: 'owner',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });

    await rigid.close();
    expect(code).toBe(2);
    expect(err).toContain('it was changed all the same: enabled versioning');
    expect(err).toContain(`holdfast bucket create NEW`);
    expect(err).toContain('Status=Enabled,MFADelete=Enabled --mfa "SERIAL 123456" --endpoint-url');
  });

  it('calls a wrong secret what it is', async () => {
    const name = await makeBucket(client);
    const env = { AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'wrong' };

    for (const args of [
      ['bucket', 'show', name],
      ['status', `s3://${name}/k`],
    ])
      expect(await holdfast([...args, '--endpoint', embedded.s3.url], env)).toMatchObject({
        code: 4,
        err: expect.stringContaining('does not accept the credentials (SignatureDoesNotMatch)'),
      });
  });

  it('does not believe a store that shows another default than it took', async () => {
    const deaf = await startEmbedded({}, { lies: ['default-stays'] });
    const name = await makeBucket(deaf.clientFor());
    const args = ['default', name, '--mode', 'GOVERNANCE', '--days', '30', '--audit-folder', records];

    const ran = await holdfast(['bucket', ...args, '--endpoint', deaf.s3.url], {
      AWS_ACCESS_KEY_ID: 'owner',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });

    await deaf.close();
    expect(ran).toMatchObject({ code: 6, err: expect.stringContaining('and shows none') });
  });

  it('records every change, and does nothing without a place for the record', async () => {
    const name = freshName();
    const { code, err } = await bucket(['create', name]);

    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringContaining('nothing is done without a record'),
    });
    expect(await bucket(['show', name])).toMatchObject({ code: 2 });
    expect(readdirSync(records)).toHaveLength(1);
  });

  it.each(['/proc/nope', fileOf('records', 'a file')])(
    'does nothing where records cannot be kept: %s',
    async (folder) => {
      const name = freshName();

      const { code, err } = await bucket(['create', name, '--audit-folder', folder]);

      expect(code).toBe(2);
      expect(err).toContain('nothing is done without a record');
      expect(await bucket(['show', name])).toMatchObject({ code: 2 });
    },
  );

  it('asks before new uploads would be protected less', async () => {
    const name = freshName();
    await changed(['create', name, '--mode', 'COMPLIANCE', '--days', '30']);

    for (const less of [
      ['--mode', 'COMPLIANCE', '--days', '29'],
      ['--mode', 'GOVERNANCE', '--days', '90'],
      ['--none'],
    ]) {
      expect(await changed(['default', name, ...less])).toMatchObject({
        code: 2,
        err: expect.stringContaining('protected less'),
      });
    }
    expect(await changed(['enable', name, '--mode', 'GOVERNANCE', '--days', '1'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/protected less[^]*holdfast bucket default .* --yes/),
    });
    expect(await changed(['create', name, '--mode', 'GOVERNANCE', '--days', '1'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('is there already'),
    });
    expect(await ruleOf(name)).toStrictEqual({ Mode: 'COMPLIANCE', Days: 30 });
    expect(await changed(['default', name, '--none', '--yes'])).toMatchObject({ code: 0 });
    expect(await ruleOf(name)).toBeUndefined();
  });

  it('shows how a bucket is set up, for people and for scripts', async () => {
    const name = await makeBucket(client);

    expect((await bucket(['show', name])).out).toContain('Object Lock alone protects nothing');
    expect(JSON.parse((await bucket(['show', name, '--json'])).out)).toStrictEqual({
      bucket: name,
      versioning: 'enabled',
      mfaDelete: false,
      lock: true,
    });
  });

  describe('adopt', () => {
    const queue = (name: string): string => `arn:aws:sqs:us-east-1:123456789012:${name}`;
    const foreign: NotificationConfiguration = {
      QueueConfigurations: [
        {
          Id: 'one',
          QueueArn: queue('one'),
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'a/' }] } },
        },
        { Id: 'two', QueueArn: queue('two'), Events: ['s3:ObjectRemoved:*'] },
      ],
      TopicConfigurations: [
        { Id: 'three', TopicArn: 'arn:aws:sns:us-east-1:123456789012:three', Events: ['s3:ObjectTagging:*'] },
      ],
    };
    beforeAll(async () => {
      await client.send(new CreateBucketCommand({ Bucket: 'lists' }));
    });
    const wired = async (): Promise<string> => {
      const Bucket = await makeBucket(client);
      await client.send(
        new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: foreign }),
      );
      await client.send(
        new PutBucketInventoryConfigurationCommand({
          Bucket,
          Id: 'theirs',
          InventoryConfiguration: INVENTORY,
        }),
      );
      return Bucket;
    };
    const stateOf = async (
      Bucket: string,
    ): Promise<{ notifications: object; theirs: object; ids: unknown[] }> => {
      const { QueueConfigurations, TopicConfigurations } = await client.send(
        new GetBucketNotificationConfigurationCommand({ Bucket }),
      );
      const { InventoryConfigurationList = [] } = await client.send(
        new ListBucketInventoryConfigurationsCommand({ Bucket }),
      );
      const theirs = InventoryConfigurationList.find(({ Id }) => Id === 'theirs') ?? {};
      const ids = InventoryConfigurationList.map(({ Id }) => Id);
      return { notifications: { QueueConfigurations, TopicConfigurations }, theirs, ids };
    };

    it('only shows what it would do, until it is told to', async () => {
      const name = await wired();
      const before = await stateOf(name);

      const { code, out } = await bucket(['adopt', name, '--inventory-to', 'lists']);

      expect(code).toBe(0);
      expect(out).toContain('keep  3 notifications');
      expect(out).toContain('+ send its events to EventBridge');
      expect(out).toContain('give --apply to do it');
      expect(await stateOf(name)).toStrictEqual(before);
    });

    it('writes over no inventory that has the name of ours', async () => {
      const name = await wired();
      const theirs = { ...INVENTORY, Id: 'holdfast', IncludedObjectVersions: 'Current' as const };
      await client.send(
        new PutBucketInventoryConfigurationCommand({
          Bucket: name,
          Id: 'holdfast',
          InventoryConfiguration: theirs,
        }),
      );

      await changed(['adopt', name, '--inventory-to', 'lists', '--apply']);
      await changed(['adopt', name, '--inventory-to', 'lists', '--apply']);

      const { InventoryConfigurationList = [] } = await client.send(
        new ListBucketInventoryConfigurationsCommand({ Bucket: name }),
      );
      expect(
        InventoryConfigurationList.map(({ Id, IncludedObjectVersions }) => [Id, IncludedObjectVersions]),
      ).toStrictEqual([
        ['holdfast', 'Current'],
        ['holdfast-2', 'All'],
        ['theirs', 'Current'],
      ]);
    });

    it('leaves three foreign notifications and a foreign inventory as they were, and twice is once', async () => {
      const name = await wired();
      const before = await stateOf(name);

      const first = await changed(['adopt', name, '--inventory-to', 'lists', '--apply']);
      const after = await stateOf(name);
      const second = await changed(['adopt', name, '--inventory-to', 'lists', '--apply']);

      expect([first.code, second.code]).toStrictEqual([0, 0]);
      expect(after.notifications).toStrictEqual(before.notifications);
      expect(after.theirs).toStrictEqual(before.theirs);
      expect(after.ids).toStrictEqual(['holdfast', 'theirs']);
      expect(second.out).toContain('nothing has to be changed');
      expect(await stateOf(name)).toStrictEqual(after);
      const { EventBridgeConfiguration } = await client.send(
        new GetBucketNotificationConfigurationCommand({ Bucket: name }),
      );
      expect(EventBridgeConfiguration).toBeDefined();
    });
  });

  it.each([
    [
      'both days and years',
      ['--mode', 'GOVERNANCE', '--days', '1', '--years', '1'],
      'give one of --days, --years or --protect',
    ],
    ['a mode without a length', ['--mode', 'GOVERNANCE'], 'give one of --days'],
    ['a length without a mode', ['--days', '1'], 'a default rule needs a mode'],
    ['a lower-case mode', ['--mode', 'compliance', '--days', '1'], 'in capitals'],
    ['101 years', ['--mode', 'GOVERNANCE', '--years', '101'], 'from 1 to 100'],
    ['no days at all', ['--mode', 'GOVERNANCE', '--days', '0'], 'from 1 to 36500'],
    [
      'a buffer without protection',
      ['--mode', 'GOVERNANCE', '--days', '1', '--buffer', '1'],
      '--buffer adds to --protect',
    ],
  ])('answers %s with one sentence, before any request', async (_, args, expected) => {
    const { code, err } = await holdfast([
      'bucket',
      'create',
      'some-bucket',
      ...args,
      '--audit-folder',
      records,
    ]);

    expect(code).toBe(2);
    expect(err).toContain(expected);
  });

  it.each([
    ['a directory bucket', 'logs--use1-az4--x-s3', 'is a directory bucket'],
    ['Outposts', 'arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-1/bucket/b', 'is on Outposts'],
    ['no name', 'No Name', 'is not the name of a bucket'],
  ])('refuses %s by name', async (_, name, expected) => {
    expect(await changed(['create', name])).toMatchObject({
      code: 2,
      err: expect.stringContaining(expected),
    });
  });

  it('names the permission that is missing', async () => {
    const name = await makeBucket(client, 'versioned');

    expect(await changed(['enable', name], 'stranger')).toMatchObject({
      code: 4,
      err: expect.stringContaining('s3:PutBucketObjectLockConfiguration'),
    });
  });
});

const rgw = process.env.HOLDFAST_TEST_RGW;
if (rgw !== undefined) {
  describe('holdfast bucket on Ceph RGW', () => {
    it('says that this store locks only buckets made for it, and what to do instead', async () => {
      const name = `b-${randomBytes(5).toString('hex')}`;
      const env = { AWS_ACCESS_KEY_ID: 'testaccess', AWS_SECRET_ACCESS_KEY: 'testsecret' };
      const { s3Client } = await import('../../lib/aws/s3-client.ts');
      const client = s3Client({
        endpoint: rgw,
        credentials: { accessKeyId: 'testaccess', secretAccessKey: 'testsecret' },
      });
      const { CreateBucketCommand } = await import('@aws-sdk/client-s3');
      await client.send(new CreateBucketCommand({ Bucket: name }));
      client.destroy();
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-bucket-'));

      const { code, err } = await holdfast(
        ['bucket', 'enable', name, '--endpoint', rgw, '--audit-folder', folder],
        env,
      );

      expect(code).toBe(2);
      expect(err).toContain('cannot give Object Lock');
      expect(err).toContain('holdfast bucket create');
    });
  });
}
