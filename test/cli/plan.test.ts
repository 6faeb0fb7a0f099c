import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readPlan } from '../../lib/aws/plan-folder.ts';
import { type Plan } from '../../lib/plan/plan.ts';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';
import { type Embedded, startEmbedded } from '../helpers/embedded.ts';
import {
  COLUMNS,
  encodedKey,
  inFolder,
  inventory,
  type InventoryParts,
  type Listed,
} from '../helpers/inventory.ts';

const DAY = 86_400_000;
const HOSTILE = 'a+b %25 "q",\n😀';
const POLICY = `version: 1
settings: { roundUp: day }
rules:
  - { name: invoices, match: { prefix: invoices/ }, lock: { mode: COMPLIANCE, for: P10Y } }
  - { name: rest, match: { except: [{ prefix: tmp/ }, { prefix: invoices/ }] }, lock: { mode: GOVERNANCE, for: P1Y } }
`;
const KEYS = { AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'secret' };
const NOW = Date.now();
const ago = (days: number): string => new Date(NOW - days * DAY).toISOString();

const LISTED: readonly Listed[] = [
  { key: HOSTILE, versionId: '', created: ago(20) },
  { key: 'invoices/1', created: ago(3) },
  { key: 'invoices/2', created: ago(30) },
  { key: 'invoices/weak', created: ago(30), mode: 'Governance', until: ago(-9) },
  { key: 'fine', created: ago(30), mode: 'Governance', until: ago(-500) },
  { key: 'strict', created: ago(30), mode: 'Compliance', until: ago(-9) },
  { key: 'tmp/x' },
  { key: 'old', marker: true },
];

let policy: string;
let folder: string;

beforeAll(() => {
  policy = fileOf('policy.yaml', POLICY);
});
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'holdfast-plan-')), 'plan');
});

const plan = async (args: readonly string[]): Promise<Ran> =>
  holdfast(['plan', '--policy', policy, ...args], { ...KEYS, AWS_REGION: 'us-east-1' });
const manifestOf = (parts: Partial<InventoryParts> = {}): string =>
  inFolder(inventory({ rows: LISTED, created: NOW - DAY, ...parts }));
const planned = async (args: readonly string[]): Promise<Plan & { gone: number }> => {
  const { code, out, err } = await plan([...args, '--json']);
  expect([err, code]).toStrictEqual(['', 0]);
  return JSON.parse(out) as Plan & { gone: number };
};
const linesOf = ({ lines }: Plan): string[] =>
  lines.map(({ rule, change, from, to, versions }) => `${rule} ${change} ${from} ${to} ${versions}`);

describe('holdfast plan --inventory', () => {
  it('shows what would be written, what stays wrong and what it costs', async () => {
    const { code, out, err } = await plan(['--inventory', manifestOf()]);

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toMatch(/^plan-[0-9a-f]{16} {2}/);
    expect(out).toContain('7 versions');
    expect(out).toContain('1 delete markers, which cannot be locked');
    expect(out).toMatch(/invoices +set +none +COMPLIANCE .* 2 /);
    expect(out).toMatch(/invoices +extend +GOVERNANCE +GOVERNANCE .* 1 /);
    expect(out).toMatch(/rest +set +none +GOVERNANCE .* 1 /);
    expect(out).toContain(
      '2 versions, 20 B, come newly under COMPLIANCE, or for over 90 days longer: nobody can take that back',
    );
    expect(out).toMatch(/requests and 0 jobs, about \$0\.00 \(AWS list prices.*\d{4}-\d\d-\d\d\)/);
    expect(out).toMatch(/locked in GOVERNANCE, COMPLIANCE is wanted: .*invoices\/weak v1/);
    expect(out).toMatch(/locked in COMPLIANCE that ends before the GOVERNANCE wanted: .*strict v1/);
    expect(out).toContain('Nothing was changed.');
  });

  it('has the same id for the same listing and policy, in CSV from two copies, and with --json', async () => {
    const parts = { rows: LISTED, created: NOW - DAY };
    const [one, other] = [inFolder(inventory(parts)), inFolder(inventory(parts))];

    const ids = [(await planned(['--inventory', one])).id, (await planned(['--inventory', other])).id];

    expect(ids[0]).toBe(ids[1]);
    expect((await plan(['--inventory', one])).out).toContain(ids[0]);
  });

  it('has another id with another policy, listing, tolerance or prefix', async () => {
    const manifest = manifestOf();
    const longer = fileOf('policy.yaml', POLICY.replace('P1Y', 'P2Y'));

    const ids = [
      (await planned(['--inventory', manifest])).id,
      (await planned(['--inventory', manifest, '--policy', longer])).id,
      (await planned(['--inventory', manifestOf({ rows: LISTED.slice(1) })])).id,
      (await planned(['--inventory', manifest, '--tolerance', 'P7D'])).id,
      (await planned(['--inventory', manifest, '--prefix', 'invoices/'])).id,
    ];

    expect(new Set(ids).size).toBe(ids.length);
  });

  it('finds the same in Parquet', async () => {
    const [csv, parquet] = [
      await planned(['--inventory', manifestOf()]),
      await planned(['--inventory', manifestOf({ format: 'Parquet' })]),
    ];

    expect(parquet.lines).toStrictEqual(csv.lines);
    expect(parquet.groups).toStrictEqual(csv.groups);
    expect(parquet.staysWrong).toStrictEqual(csv.staysWrong);
  });

  it('gives dates that are apart one date, as far as the tolerance goes', async () => {
    const manifest = manifestOf();
    const untils = async (tolerance: string): Promise<(string | undefined)[]> =>
      (await planned(['--inventory', manifest, '--prefix', 'invoices/', '--tolerance', tolerance])).groups
        .filter(({ to }) => to === 'COMPLIANCE')
        .map(({ until }) => until);

    expect(await untils('P1D')).toHaveLength(2);
    expect(await untils('P30D')).toHaveLength(1);
    expect((await untils('P1D')).at(-1)).toBe((await untils('P30D'))[0]);
  });
});

describe('holdfast plan --out', () => {
  it('keeps the plan, and for each group the versions that it counts', async () => {
    const { code, out } = await plan(['--inventory', manifestOf(), '--out', folder]);

    expect(code).toBe(0);
    expect(out).toContain(`holdfast apply ${folder}`);
    const stored = await readPlan(folder);
    const files = readdirSync(join(folder, 'groups')).sort();
    expect(files).toStrictEqual(stored.plan.groups.map(({ id }) => `${id}.csv`));
    for (const { id, versions, bucket } of stored.plan.groups) {
      const rows = readFileSync(join(folder, 'groups', `${id}.csv`), 'utf8')
        .trimEnd()
        .split('\n');
      expect(rows).toHaveLength(versions);
      expect(stored.manifests[id]?.rows).toBe(versions);
      for (const row of rows) expect(row.split(',')).toHaveLength(3);
      expect(rows.every((row) => row.startsWith(`${bucket},`))).toBe(true);
    }
    expect(readdirSync(folder).sort()).toStrictEqual(['groups', 'plan.json']);
  });

  it('writes every key encoded and the version of every row, null as well', async () => {
    await plan(['--inventory', manifestOf(), '--out', folder]);

    const rows = readdirSync(join(folder, 'groups')).flatMap((name) =>
      readFileSync(join(folder, 'groups', name), 'utf8')
        .trimEnd()
        .split('\n'),
    );

    const found = rows.map((row) => {
      const [, key = '', versionId] = row.split(',');
      return `${decodeURIComponent(key)} ${versionId}`;
    });
    expect(found.sort()).toStrictEqual(
      [`${HOSTILE} null`, 'invoices/1 v1', 'invoices/2 v1', 'invoices/weak v1'].sort(),
    );
  });

  it('is the plan that --json shows', async () => {
    const manifest = manifestOf();
    const shown = await planned(['--inventory', manifest, '--out', folder]);

    const { plan: stored } = await readPlan(join(folder, 'plan.json'));

    expect(shown).toMatchObject({ ...stored, folder, gone: 0, unreadable: [] });
  });

  it('refuses a folder that holds a plan already, and leaves that as it is', async () => {
    const manifest = manifestOf();
    await plan(['--inventory', manifest, '--out', folder]);
    const before = readFileSync(join(folder, 'plan.json'), 'utf8');

    const { code, err } = await plan(['--inventory', manifest, '--out', folder]);

    expect(code).toBe(2);
    expect(err).toContain('holds a plan already');
    expect(readFileSync(join(folder, 'plan.json'), 'utf8')).toBe(before);
    expect(readdirSync(join(folder, 'groups')).length).toBeGreaterThan(0);
  });

  it('leaves no plan behind where none came about', async () => {
    const manifest = manifestOf({ rows: [...LISTED, { key: 'x', bucket: 'other' }] });

    const { code } = await plan(['--inventory', manifest, '--out', folder]);

    expect(code).toBe(2);
    expect(existsSync(join(folder, 'plan.json'))).toBe(false);
    expect(existsSync(join(folder, 'changes.spool'))).toBe(false);
    expect((await plan(['--inventory', manifestOf(), '--out', folder])).code).toBe(0);
  });

  it('notices when the plan or a group is changed afterwards', async () => {
    await plan(['--inventory', manifestOf(), '--out', folder]);
    const path = join(folder, 'plan.json');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('COMPLIANCE', 'GOVERNANCE'));

    await expect(readPlan(folder)).rejects.toMatchObject({ code: 'moved', exitCode: 9 });
  });
});

describe('holdfast plan refuses', () => {
  it('an inventory of which a file has another MD5: exit 9', async () => {
    const written = inventory({ rows: LISTED, created: NOW - DAY });
    const other = inventory({ rows: LISTED.slice(1), created: NOW - DAY });
    const path = inFolder({
      ...written,
      objects: {
        ...written.objects,
        [written.data[0] ?? '']: other.objects[other.data[0] ?? ''] ?? Buffer.of(),
      },
    });

    const { code, out, err } = await plan(['--inventory', path]);

    expect(code).toBe(9);
    expect(err).toMatch(/0\.csv\.gz has the MD5 [0-9a-f]{32}, and the manifest says [0-9a-f]{32}/);
    expect(out).toBe('');
  });

  it('an inventory without lock columns: exit 2, naming them', async () => {
    const columns = COLUMNS.filter((name) => !name.startsWith('ObjectLock'));

    const { code, err } = await plan(['--inventory', manifestOf({ columns })]);

    expect(code).toBe(2);
    expect(err).toContain('has no ObjectLockRetainUntilDate, ObjectLockMode, ObjectLockLegalHoldStatus');
  });

  it.each([
    ['than two days', [], 3, 'longer ago than P2D'],
    ['than it is told', ['--max-age', 'PT6H'], 1, 'longer ago than PT6H'],
  ])('an inventory that is older %s: exit 9', async (_, args, days, text) => {
    const { code, err } = await plan(['--inventory', manifestOf({ created: NOW - days * DAY }), ...args]);

    expect(code).toBe(9);
    expect(err).toContain(text);
  });

  it('no inventory that is as old as it may be told to be', async () => {
    // What was created since would be a version of the future to it.
    const rows = LISTED.filter(({ key }) => key !== 'invoices/1');
    const old = manifestOf({ rows, created: NOW - 9 * DAY });

    const { code } = await plan(['--inventory', old, '--max-age', 'P10D']);

    expect(code).toBe(0);
  });

  it.each<[string, readonly string[], string]>([
    ['two listings', ['--inventory', 'm.json', '--bucket', 'acme-docs'], 'a plan is made from one listing'],
    [
      'a bucket and a file of keys',
      ['--keys', 'k.csv', '--bucket', 'acme-docs'],
      'a plan is made from one listing',
    ],
    ['no listing', [], 'no listing was named'],
    ['a manifest that is not there', ['--inventory', '/nowhere/manifest.json'], '/nowhere/manifest.json'],
    ['an unknown engine', ['--engine', 'steam', '--bucket', 'acme-docs'], '--engine cannot be "steam"'],
    ['a tolerance that is no period', ['--tolerance', '6m', '--bucket', 'acme-docs'], '"6m" is not a period'],
  ])('%s: exit 2', async (_, args, text) => {
    const { code, err } = await plan(args);

    expect(code).toBe(2);
    expect(err).toContain(text);
  });

  it('a share of unreadable rows above the allowed one: exit 2, naming the first', async () => {
    const rows = [...LISTED, { key: 'bad', created: 'yesterday' }];

    const { code, err } = await plan(['--inventory', manifestOf({ rows })]);
    const allowed = await plan(['--inventory', manifestOf({ rows }), '--unreadable', '20']);

    expect(code).toBe(2);
    expect(err).toMatch(
      /1 of 9 rows .*could not be read:\n.*0\.csv\.gz, line 9: its LastModifiedDate is no date/,
    );
    expect(allowed.code).toBe(0);
    expect(allowed.out).toContain('1 rows that could not be read');
    expect(allowed.err).toContain('line 9');
  });

  it('an inventory of which a file is not there: exit 9, naming it', async () => {
    const path = manifestOf();
    writeFileSync(
      join(dirname(path), 'manifest.json'),
      readFileSync(path, 'utf8').replace('0.csv.gz', '9.csv.gz'),
    );
    writeFileSync(join(dirname(path), 'manifest.checksum'), '');

    const { code, err } = await plan(['--inventory', path]);

    expect(code).toBe(9);
    expect(err).toContain('9.csv.gz is not there, and the manifest names it');
  });
});

describe('holdfast plan in a store', () => {
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;

  beforeAll(async () => {
    embedded = await startEmbedded({ 'no-list': ['s3:ListBucketVersions'] });
    client = embedded.clientFor();
    bucket = await makeBucket(client);
    await upload(client, bucket, HOSTILE);
    await upload(client, bucket, 'invoices/1');
    await upload(client, bucket, 'tmp/1');
    await upload(client, bucket, 'long', {
      ObjectLockMode: 'GOVERNANCE',
      ObjectLockRetainUntilDate: new Date(NOW + 500 * DAY),
    });
  });
  afterAll(async () => {
    await embedded.close();
  });

  const there = async (args: readonly string[], user = 'owner'): Promise<Ran> =>
    holdfast(['plan', '--policy', policy, '--endpoint', embedded.s3.url, ...args], {
      ...KEYS,
      AWS_ACCESS_KEY_ID: user,
    });
  const plannedThere = async (args: readonly string[]): Promise<Plan> => {
    const { code, out, err } = await there([...args, '--json']);
    expect([err, code]).toStrictEqual(['', 0]);
    return JSON.parse(out) as Plan;
  };

  it('lists a bucket, says what reading its locks costs, and reads them', async () => {
    const { code, out, err } = await there(['--bucket', bucket]);

    expect(code).toBe(0);
    expect(err).toContain('The listing does not tell 3 locks: reading them takes about 3 requests, $0.00');
    expect(out).toContain('4 versions');
    expect(out).toMatch(/invoices +set +none +COMPLIANCE/);
    expect(out).toMatch(/rest +set +none +GOVERNANCE/);
  });

  it('has the same id twice', async () => {
    expect((await plannedThere(['--bucket', bucket])).id).toBe((await plannedThere(['--bucket', bucket])).id);
  });

  it('lists under a prefix only', async () => {
    for (const args of [
      ['--bucket', bucket, '--prefix', 'invoices/'],
      ['--bucket', `s3://${bucket}/invoices/`],
    ]) {
      const found = await plannedThere(args);

      expect(found.totals.rows).toBe(1);
      expect(linesOf(found)).toStrictEqual(['invoices set none COMPLIANCE 1']);
    }
  });

  it('lists several buckets as one plan, each with groups of its own', async () => {
    const second = await makeBucket(client);
    await upload(client, second, 'invoices/2');

    const { groups } = await plannedThere(['--bucket', bucket, second, '--prefix', 'invoices/']);

    expect(groups.map((group) => group.bucket).sort()).toStrictEqual([bucket, second].sort());
  });

  it('takes the versions that a file names', async () => {
    const { versionId } = await upload(client, bucket, HOSTILE);
    const keys = fileOf(
      'keys.csv',
      `${bucket},${encodeURIComponent(HOSTILE)},${versionId}\n${bucket},invoices/1\n`,
    );

    const found = await plannedThere(['--keys', keys, '--out', folder]);

    expect(linesOf(found)).toStrictEqual(['invoices set none COMPLIANCE 1', 'rest set none GOVERNANCE 1']);
    const rows = readdirSync(join(folder, 'groups')).map((name) =>
      readFileSync(join(folder, 'groups', name), 'utf8'),
    );
    expect(rows).toContain(`${bucket},${encodeURIComponent(HOSTILE)},${versionId}\n`);
  });

  it('takes an inventory from a bucket, with the same result as from its copy', async () => {
    const lists = await makeBucket(client, 'versioned');
    const written = inventory({ rows: LISTED, created: NOW - DAY, files: 2 });
    for (const [Key, Body] of Object.entries(written.objects))
      await client.send(new PutObjectCommand({ Bucket: lists, Key, Body }));

    const stored = await plannedThere(['--inventory', `s3://${lists}/${written.manifest}`]);
    const copied = await plannedThere(['--inventory', inFolder(written)]);

    expect(stored.listing.source).toBe(`s3://${lists}/${written.manifest}`);
    expect(stored.id).toBe(copied.id);
  });

  it('lets go of the store when it stops half-way', async () => {
    const lists = await makeBucket(client, 'versioned');
    // So much that it is still under way when the first rows are refused.
    const rows = Array.from({ length: 60_000 }, (_, at) => ({
      key: `${at}/${Math.sin(at)}/${Math.cos(at)}/${encodedKey(HOSTILE)}`,
      bucket: 'other',
    }));
    const written = inventory({ rows, created: NOW - DAY });
    for (const [Key, Body] of Object.entries(written.objects))
      await client.send(new PutObjectCommand({ Bucket: lists, Key, Body }));
    const began = Date.now();

    const { code, err } = await there(['--inventory', `s3://${lists}/${written.manifest}`]);

    expect(code).toBe(2);
    expect(err).toContain('of the bucket "other"');
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it.each<[string, readonly string[], string, number]>([
    ['a bucket that is not there', ['--bucket', 'no-such-bucket-here'], 'owner', 2],
    ['a manifest that is not there', ['--inventory', 's3://no-such-bucket-here/manifest.json'], 'owner', 2],
  ])('names %s', async (_, args, user, exit) => {
    const { code, err } = await there(args, user);

    expect(err).toContain('no-such-bucket-here');
    expect(code).toBe(exit);
  });

  it('names the permission that listing needs', async () => {
    const { code, err } = await there(['--bucket', bucket], 'no-list');

    expect(code).toBe(4);
    expect(err).toContain('s3:ListBucketVersions');
  });

  it('asks before reading costs much, and stops where nobody can answer', async () => {
    const { code, err } = await there(['--bucket', bucket, '--max-read-cost', '0']);

    expect(code).toBe(2);
    expect(err).toContain('allow it with --max-read-cost');
  });

  it('refuses a bucket without Object Lock by name', async () => {
    const plain = await makeBucket(client, 'versioned');
    await upload(client, plain, 'a');

    const { code, err } = await there(['--bucket', plain]);

    expect(code).toBe(2);
    expect(err).toContain(`the bucket ${plain} has no Object Lock`);
  });
});
