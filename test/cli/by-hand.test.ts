import {
  DeleteObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectTarget, prefixTarget } from '../../cli/store-options.ts';
import { type AuditRecord } from '../../lib/audit/record.ts';
import { verifyBatches } from '../../lib/audit/verify.ts';
import { FileAuditStore } from '../../lib/aws/file-audit-store.ts';
import { S3AuditStore } from '../../lib/aws/s3-audit-store.ts';
import { S3LockStore } from '../../lib/aws/s3-lock-store.ts';
import { type VersionRef, versionIdOf } from '../../lib/ports/lock-store.ts';
import { providerNamed } from '../../lib/providers/index.ts';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';
import { allOf, makeAuditBucket } from '../helpers/records.ts';

// Each command is a process of its own, and most tests run several.
jest.setTimeout(60_000);

const DENIED = {
  stranger: ['s3:GetObject', 's3:GetObjectVersion'],
  'cannot-lock': ['s3:PutObjectRetention', 's3:PutObjectLegalHold'],
  'cannot-see-locks': ['s3:GetObjectRetention', 's3:GetObjectLegalHold'],
  'cannot-list': ['s3:ListBucketVersions'],
};
const ACCESS_POINT = 'arn:aws:s3:eu-central-1:123456789012:accesspoint/team-docs';
const DAY = 86_400_000;
const dayIn = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
const endOf = (day: string): string =>
  `${new Date(Date.parse(day) + DAY).toISOString().slice(0, 10)}T00:00:00Z`;

describe('locks from the terminal', () => {
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;
  let folder: string;
  let calls: string[] = [];

  beforeAll(async () => {
    embedded = await startEmbedded(DENIED, {
      fault: ({ operation }) => {
        calls.push(operation);
        return undefined;
      },
    });
    client = embedded.clientFor();
  });
  beforeEach(async () => {
    bucket = await makeBucket(client);
    folder = mkdtempSync(join(tmpdir(), 'holdfast-records-'));
    calls = [];
  });
  afterAll(async () => {
    await embedded.close();
  });

  const run = async (args: readonly string[], user = 'owner'): Promise<Ran> =>
    holdfast([...args, '--endpoint', embedded.s3.url], {
      AWS_ACCESS_KEY_ID: user,
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  const at = (key: string): string => `s3://${bucket}/${key}`;
  const deed = async (args: readonly string[], user?: string): Promise<Ran> =>
    run([...args, '--audit-folder', folder], user);
  const json = ({ out }: Ran): unknown => JSON.parse(out);
  const stored = async ({ bucket: Bucket, key: Key, versionId: VersionId }: VersionRef): Promise<unknown> =>
    (await client.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }))).Retention;
  const records = async (): Promise<AuditRecord[]> =>
    (await allOf(new FileAuditStore(folder).read())).flatMap(({ text = '' }) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as AuditRecord),
    );
  const hide = async (key: string): Promise<string> =>
    (await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))).VersionId ?? '';

  describe('holdfast lock', () => {
    it('locks the current version to the end of a day in UTC, and records it', async () => {
      await upload(client, bucket, 'a.pdf');
      const current = await upload(client, bucket, 'a.pdf');
      const day = dayIn(2);

      const { code, out } = await deed(['lock', at('a.pdf'), '--mode', 'GOVERNANCE', '--until', day]);

      expect(code).toBe(0);
      expect(out).toContain(`✔ ${at('a.pdf')}  version ${current.versionId}`);
      expect(out).toContain(`locked: GOVERNANCE until ${endOf(day)}`);
      expect(await stored(current)).toStrictEqual({
        Mode: 'GOVERNANCE',
        RetainUntilDate: new Date(endOf(day)),
      });
      expect(await records()).toMatchObject([
        { versionId: current.versionId, outcome: 'locked', actor: expect.stringMatching(/^cli:/) },
      ]);
    });

    it('locks the version that is named, and no other', async () => {
      const older = await upload(client, bucket, 'a.pdf');
      const newer = await upload(client, bucket, 'a.pdf');

      const ran = await deed([
        ...['lock', at('a.pdf'), `--version-id=${older.versionId}`, '--mode', 'GOVERNANCE'],
        ...['--for', '90d', '--json'],
      ]);

      expect(json(ran)).toMatchObject({
        versions: 1,
        counts: { locked: 1 },
        results: [{ versionId: older.versionId, after: { mode: 'GOVERNANCE' } }],
      });
      await expect(stored(newer)).rejects.toMatchObject({ name: 'NoSuchObjectLockConfiguration' });
    });

    it('says what cannot be taken back, and locks in COMPLIANCE only after a yes', async () => {
      const ref = await upload(client, bucket, 'a.pdf');
      const args = ['lock', at('a.pdf'), '--mode', 'COMPLIANCE', '--for', 'P1D'];

      expect(await deed(args)).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
      await expect(stored(ref)).rejects.toMatchObject({ name: 'NoSuchObjectLockConfiguration' });

      const { code, err } = await deed([...args, '--yes']);
      expect(code).toBe(0);
      expect(err).toContain('Nobody can shorten it');
      expect(await stored(ref)).toMatchObject({ Mode: 'COMPLIANCE' });
      expect((await records()).map(({ phase }) => phase)).toStrictEqual(['intent', 'outcome']);
    });

    it('never weakens: an earlier day changes nothing, a weaker mode is refused by the lock', async () => {
      const ref = await upload(client, bucket, 'a.pdf');
      await deed(['lock', at('a.pdf'), '--mode', 'COMPLIANCE', '--until', dayIn(2), '--yes']);
      const before = await stored(ref);

      expect(
        await deed(['lock', at('a.pdf'), '--mode', 'COMPLIANCE', '--until', dayIn(1), '--yes']),
      ).toMatchObject({
        code: 0,
        out: expect.stringContaining('already locked as wanted'),
      });
      expect(await deed(['lock', at('a.pdf'), '--mode', 'GOVERNANCE', '--until', dayIn(3)])).toMatchObject({
        code: 3,
        out: expect.stringContaining('GOVERNANCE stays unmet'),
      });
      expect(await stored(ref)).toStrictEqual(before);
    });

    it('shows under --dry-run what it would write, needs no place for records, and writes nothing', async () => {
      const ref = await upload(client, bucket, 'a.pdf');

      const { code, out } = await run([
        ...['lock', at('a.pdf'), '--mode', 'COMPLIANCE', '--until', dayIn(1), '--dry-run'],
      ]);

      expect(code).toBe(0);
      expect(out).toContain(`would write: COMPLIANCE until ${endOf(dayIn(1))}`);
      expect(out).toContain('Nothing was written.');
      await expect(stored(ref)).rejects.toMatchObject({ name: 'NoSuchObjectLockConfiguration' });
    });

    it('locks all versions under a prefix, hidden ones and any key, and counts them', async () => {
      const keys = ['docs/a+b %41?.pdf', 'docs/\u001b[2Jx\n<&>', 'docs/ünï 😀'];
      const refs = await Promise.all(
        [...keys, 'docs/hidden'].map(async (key) => upload(client, bucket, key)),
      );
      await hide('docs/hidden');
      const outside = await upload(client, bucket, 'other');

      const { code, out } = await deed([
        'lock',
        at('docs/'),
        '--recursive',
        '--mode',
        'GOVERNANCE',
        '--for',
        'P1D',
      ]);

      expect(code).toBe(0);
      expect(out).toMatch(/4 {2}locked\n +1 {2}left out: a delete marker cannot be locked/);
      expect(out).not.toContain('\u001b');
      for (const ref of refs) expect(await stored(ref)).toMatchObject({ Mode: 'GOVERNANCE' });
      await expect(stored(outside)).rejects.toMatchObject({ name: 'NoSuchObjectLockConfiguration' });
      expect(await records()).toHaveLength(4);
    });

    it('fails in part where one lock stands in the way, and names the version', async () => {
      const strict = await upload(client, bucket, 'docs/strict');
      await upload(client, bucket, 'docs/free');
      await deed(['lock', at('docs/strict'), '--mode', 'COMPLIANCE', '--until', dayIn(1), '--yes']);

      const ran = await deed([
        ...['lock', at('docs/'), '--recursive', '--mode', 'GOVERNANCE', '--until', dayIn(5), '--json'],
      ]);

      expect(ran.code).toBe(6);
      expect(json(ran)).toMatchObject({ counts: { locked: 1, 'mode-stricter': 1 } });
      expect(await stored(strict)).toMatchObject({ Mode: 'COMPLIANCE' });
    });

    it('records in an audit bucket, every chain whole', async () => {
      await Promise.all(['a', 'b', 'c'].map(async (key) => upload(client, bucket, key)));
      const audit = await makeAuditBucket(client);

      await run([
        'lock',
        `s3://${bucket}`,
        '--recursive',
        '--mode',
        'GOVERNANCE',
        '--for',
        '1d',
        '--audit',
        audit,
      ]);

      const found = await allOf(new S3AuditStore({ client, bucket: audit }).read());
      expect(verifyBatches(found)).toMatchObject({ records: 3, writers: 1, findings: [] });
    });

    it('waits while the deployment that --config names is paused; a hold does not', async () => {
      await upload(client, bucket, 'a');
      const config = await makeBucket(client, 'versioned');
      await client.send(
        new PutObjectCommand({
          ...{ Bucket: config, Key: 'brake.json' },
          Body: '{"paused":true,"reason":"wrong tags","by":"cli:x","at":"2026-01-01T00:00:00Z"}',
        }),
      );
      const lock = ['lock', at('a'), '--mode', 'GOVERNANCE', '--for', '1d'];

      expect(await deed([...lock, '--config', config])).toMatchObject({
        code: 6,
        out: expect.stringContaining('wrong tags'),
      });
      expect(await deed(['hold', at('a'), '--on', '--config', config])).toMatchObject({ code: 0 });
      expect(await deed(lock)).toMatchObject({ code: 0 });
    });

    it('says who was denied what', async () => {
      await upload(client, bucket, 'a');
      const args = ['lock', at('a'), '--mode', 'GOVERNANCE', '--for', '1d'];

      expect(await deed(args, 'cannot-lock')).toMatchObject({
        code: 4,
        out: expect.stringContaining('s3:PutObjectRetention was denied'),
      });
      expect(await deed(args, 'stranger')).toMatchObject({
        code: 4,
        err: expect.stringContaining('s3:GetObject'),
      });
      expect(
        await deed(['lock', `s3://${bucket}`, '--recursive', ...args.slice(2)], 'cannot-list'),
      ).toMatchObject({ code: 4, err: expect.stringContaining('s3:ListBucketVersions') });
    });

    it('locks what a marker hides only when its version is named', async () => {
      const ref = await upload(client, bucket, 'a');
      const marker = await hide('a');
      const args = ['lock', at('a'), '--mode', 'GOVERNANCE', '--for', '1d'];

      expect(await deed(args)).toMatchObject({
        code: 2,
        err: expect.stringContaining(`name it with --version-id=${ref.versionId}`),
      });
      expect(await deed([...args, `--version-id=${marker}`])).toMatchObject({
        code: 2,
        err: expect.stringContaining('is a delete marker'),
      });
      expect(await deed([...args, `--version-id=${ref.versionId}`])).toMatchObject({ code: 0 });
    });

    it('ends at once in a bucket without Object Lock', async () => {
      const versioned = await makeBucket(client, 'versioned');
      for (let count = 0; count < 40; count += 1) await upload(client, versioned, `k${count}`);

      const { code, out } = await deed([
        ...['lock', `s3://${versioned}`, '--recursive', '--mode', 'GOVERNANCE', '--for', '1d'],
      ]);

      expect(code).toBe(2);
      expect(out).toContain('stopped: the bucket has no Object Lock');
    });
  });

  describe('holdfast hold', () => {
    it('places a hold, on one version or on all under a prefix', async () => {
      const ref = await upload(client, bucket, 'case/a');
      await upload(client, bucket, 'case/b');

      expect(await deed(['hold', at('case/a'), '--on'])).toMatchObject({
        code: 0,
        out: expect.stringContaining('legal hold placed'),
      });
      const ran = await deed(['hold', at('case/'), '--recursive', '--on', '--json']);

      expect(json(ran)).toMatchObject({ counts: { held: 1, 'found-in-place': 1 } });
      const { LegalHold } = await client.send(
        new GetObjectLegalHoldCommand({ Bucket: bucket, Key: ref.key, VersionId: ref.versionId }),
      );
      expect(LegalHold).toStrictEqual({ Status: 'ON' });
    });

    it('clears none, and gives the line that a person could run', async () => {
      const { code, err } = await run(['hold', "s3://b/it's here", '--version-id=v1', '--off']);

      expect(code).toBe(2);
      expect(err).toContain('matters that were released');
      expect(err).toContain(
        String.raw`--bucket b --key 'it'\''s here' --version-id=v1 --legal-hold Status=OFF`,
      );
      expect(calls).toStrictEqual([]);
    });
  });

  describe('holdfast status', () => {
    it('tells the lock, the days left, the hold, and who could delete it', async () => {
      const { versionId } = await upload(client, bucket, 'a');
      await deed(['lock', at('a'), '--mode', 'GOVERNANCE', '--until', dayIn(10)]);

      const { code, out } = await run(['status', at('a')]);

      expect(code).toBe(0);
      expect(out).toContain(`version ${versionId}`);
      expect(out).toMatch(/place +the current version/);
      expect(out).toMatch(/lock +GOVERNANCE until \S+Z {2}\(10 days left\)/);
      expect(out).toMatch(/hold +OFF/);
      expect(out).toMatch(/deletable +until \S+Z only whoever has the permission of governance bypass/);
    });

    it.each([
      ['no lock', [], 'whoever has s3:DeleteObjectVersion'],
      ['COMPLIANCE', ['lock', '--mode', 'COMPLIANCE', '--for', '1d', '--yes'], 'nobody until '],
      ['a hold', ['hold', '--on'], 'nobody while the legal hold is on'],
    ])('of %s: who could delete it', async (_, [command, ...args], expected) => {
      await upload(client, bucket, 'a');
      if (command !== undefined) await deed([command, at('a'), ...args]);

      expect(json(await run(['status', at('a'), '--json']))).toMatchObject({
        deletable: expect.stringMatching(new RegExp(`^${expected}`)),
      });
    });

    it('of a key below a marker: hidden, still there, locked until', async () => {
      const { versionId } = await upload(client, bucket, 'a');
      await deed(['lock', at('a'), '--mode', 'COMPLIANCE', '--until', dayIn(1), '--yes']);
      const marker = await hide('a');

      const { out } = await run(['status', at('a')]);

      expect(out).toContain(versionId);
      expect(out).toContain(`hidden by a delete marker; still there; locked until ${endOf(dayIn(1))}`);
      expect(json(await run(['status', at('a'), `--version-id=${marker}`, '--json']))).toMatchObject({
        kind: 'marker',
        hides: versionId,
      });
    });

    it('says "not seen" of what may not be seen, and does not call it none', async () => {
      await upload(client, bucket, 'a');

      const { out } = await run(['status', at('a')], 'cannot-see-locks');

      expect(out).toMatch(/lock +retention not seen/);
      expect(out).toMatch(/hold +not seen/);
      expect(out).toMatch(/deletable +not seen/);
    });
  });

  describe('holdfast ls', () => {
    it('shows versions with their locks, and markers for what they are', async () => {
      const older = await upload(client, bucket, 'docs/a');
      await deed(['lock', at('docs/a'), '--mode', 'GOVERNANCE', '--until', dayIn(1)]);
      await upload(client, bucket, 'docs/a');
      await hide('docs/a');
      await upload(client, bucket, 'docs/\u001b[2J');

      const { code, out } = await run(['ls', at('docs/')]);

      expect(code).toBe(0);
      const lines = out.split('\n');
      expect(lines[1]).toContain('docs/\\u{1b}[2J');
      expect(lines[2]).toContain('latest  marker: hides the versions below; they are still there');
      expect(lines[3]).toContain('no retention');
      expect(lines[4]).toMatch(new RegExp(`GOVERNANCE until ${endOf(dayIn(1))} +${older.versionId}`));
      expect(out).toContain('3 versions, 1 delete marker');
    });

    it('reads the locks of over 1,000 versions only when asked, and says what that costs', async () => {
      for (let count = 0; count < 1_001; count += 1) await upload(client, bucket, 'k');
      calls = [];

      const { err, out } = await run(['ls', at('k')]);

      expect(out).toContain('1,001 versions');
      expect(err).toContain('--locks reads them, with 1,001 HEAD requests');
      expect(calls).not.toContain('HeadObject');

      const listed = json(await run(['ls', at('k'), '--locks', '--json']));
      expect(listed).toMatchObject({ versions: 1_001, markers: 0, locksRead: true });
      expect(calls.filter((operation) => operation === 'HeadObject')).toHaveLength(1_001);
    });

    it('of nothing is one JSON document too', async () => {
      expect(json(await run(['ls', at('nothing'), '--json']))).toMatchObject({ entries: [], versions: 0 });
    });
  });

  describe('bad input', () => {
    const lock = ['--mode', 'GOVERNANCE', '--for', '1d', '--audit-folder', 'records'];
    it.each([
      ['no mode', ['lock', 's3://b/k', '--for', '1d'], '--mode GOVERNANCE or --mode COMPLIANCE'],
      ['a mode in small letters', ['lock', 's3://b/k', '--mode', 'governance', '--for', '1d'], 'in capitals'],
      ['no end', ['lock', 's3://b/k', '--mode', 'GOVERNANCE'], 'either --until 2031-12-31 or --for P1Y'],
      ['two ends', ['lock', 's3://b/k', ...lock, '--until', '2031-12-31'], 'two ends'],
      [
        'a day that does not exist',
        ['lock', 's3://b/k', '--mode', 'GOVERNANCE', '--until', '2031-02-29'],
        '2031-02-29',
      ],
      ['a past day', ['lock', 's3://b/k', '--mode', 'GOVERNANCE', '--until', '2020-01-01'], 'already passed'],
      ['minutes or months', ['lock', 's3://b/k', '--mode', 'GOVERNANCE', '--for', '6m'], '6mo'],
      [
        '101 years',
        ['lock', 's3://b/k', '--mode', 'GOVERNANCE', '--for', '101y'],
        'the store (generic) locks nothing for longer',
      ],
      [
        'more than the cap',
        ['lock', 's3://b/k', '--mode', 'GOVERNANCE', '--for', '2y', '--maximum', 'P1Y'],
        'cap of P1Y',
      ],
      ['no place for records', ['lock', 's3://b/k', ...lock.slice(0, 4)], 'nothing is done without a record'],
      [
        'a version and a prefix',
        ['lock', 's3://b/k', ...lock, '--recursive', '--version-id=v'],
        '--recursive many',
      ],
      ['latest of one key', ['lock', 's3://b/k', ...lock, '--latest'], 'give --recursive'],
      ['no key', ['lock', 's3://b', ...lock], 'write it as s3://bucket/key'],
      ['a hold without a word', ['hold', 's3://b/k', '--audit-folder', 'records'], 'give --on'],
      ['a directory bucket', ['status', 's3://logs--euc1-az1--x-s3/k'], 'is a directory bucket'],
      ['an alias of Outposts', ['ls', 's3://ap-o0123--op-s3/k'], 'is S3 on Outposts'],
      [
        'a bucket on Outposts',
        ['status', 's3://arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01/accesspoint/ap/k'],
        'is S3 on Outposts',
      ],
      [
        'a multi-Region access point',
        ['status', 's3://arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap/k'],
        'multi-Region',
      ],
      ['another ARN', ['status', 's3://arn:aws:s3:::acme-docs/k'], 's3://bucket/key'],
      ['an access point beside an endpoint', ['status', `s3://${ACCESS_POINT}/k`], 'without --endpoint'],
      ['a store that nobody knows', ['status', 's3://b/k', '--provider', 'r2'], 'name one of aws'],
    ])('of %s gets one sentence, before any request', async (_, args, expected) => {
      const { code, out, err } = await run(args);

      expect({ code, out }).toStrictEqual({ code: 2, out: '' });
      expect(err).toContain(expected);
      expect(err.trim().split('\n')).toHaveLength(1);
      expect(calls).toStrictEqual([]);
    });

    it('of a bucket or a key that is not there gets one sentence', async () => {
      expect(await run(['status', 's3://no-such-bucket/k'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('there is no bucket no-such-bucket'),
      });
      expect(await run(['status', at('never')])).toMatchObject({
        code: 2,
        err: expect.stringContaining('not there'),
      });
      expect(await deed(['lock', at('never/'), ...lock.slice(0, 4), '--recursive'])).toMatchObject({
        code: 2,
        err: expect.stringContaining('no version lies under'),
      });
      expect(readdirSync(folder)).toStrictEqual([]);
    });

    it.each([['status'], ['ls'], ['lock'], ['hold']])('is not needed to get help with %s', async (name) => {
      expect(await run([name, '--help'])).toMatchObject({
        code: 0,
        out: expect.stringMatching(/Usage: holdfast[^]*Examples:/),
      });
    });
  });
});

describe('an access point', () => {
  it('stands in for a bucket: what follows its name is the key', () => {
    const target = { bucket: ACCESS_POINT, region: 'eu-central-1' };

    expect(objectTarget(`s3://${ACCESS_POINT}/a/b:c.pdf`)).toStrictEqual({ ...target, key: 'a/b:c.pdf' });
    expect(prefixTarget(`s3://${ACCESS_POINT}`)).toStrictEqual({ ...target, key: '' });
    expect(objectTarget(`s3://${ACCESS_POINT.replace('/', ':')}/k`)).toMatchObject({ key: 'k' });
    expect(() => objectTarget(`s3://${ACCESS_POINT}/`)).toThrow('s3://bucket/key');
  });

  it('is asked at its own address', async () => {
    const hosts: string[] = [];
    const client = new S3Client({
      region: 'eu-central-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 's' },
      maxAttempts: 1,
    });
    client.middlewareStack.add(
      () => async (args) => {
        hosts.push((args.request as { hostname: string }).hostname);
        throw new Error('not sent');
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const store = new S3LockStore({ client, provider: providerNamed('aws') });
    const ref = { ...objectTarget(`s3://${ACCESS_POINT}/k`), versionId: versionIdOf('v') };

    await expect(store.write(ref, { kind: 'hold-on' })).rejects.toThrow('not sent');

    expect(hosts).toStrictEqual(['team-docs-123456789012.s3-accesspoint.eu-central-1.amazonaws.com']);
  });
});
