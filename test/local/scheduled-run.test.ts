import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Plan } from '../../lib/plan/plan.ts';
import { type Run } from '../../lib/runs/run.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { HOSTILE } from '../helpers/bulk.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';

// Functions and commands are processes of their own, and there are many.
jest.setTimeout(120_000);

const Bucket = 'acme-docs';
const SILENT = fileOf(
  'silent.yaml',
  'version: 1\nrules: [{ name: none, match: { bucket: nothing }, lock: { mode: GOVERNANCE, for: P1D } }]\n',
);
const POLICY = fileOf(
  'policy.yaml',
  `version: 1
rules:
  - name: invoices
    enforce: apply
    match: { tags: { class: invoice } }
    lock: { mode: COMPLIANCE, until: 2034-12-31 }
    settle: PT1S
  - name: backups
    enforce: apply
    match: { prefix: backups/ }
    lock: { mode: GOVERNANCE, until: 2031-12-31 }
  - name: watched
    enforce: observe
    match: { prefix: watched/ }
    lock: { mode: GOVERNANCE, until: 2031-12-31 }
`,
);
const INVOICE = 'COMPLIANCE 2035-01-01T00:00:00.000Z';
const BACKUP = 'GOVERNANCE 2032-01-01T00:00:00.000Z';
const LONGER = new Date('2033-05-05T00:00:00Z');

/** A condition that another process brings about, looked at until it holds. */
async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`in vain: ${what}`);
}

describe.each(['batch', 'direct'] as const)('a scheduled run end to end, by the engine %s', (engine) => {
  let cloud: Cloud;
  let client: S3Client;
  const records: Readonly<Record<string, unknown>>[] = [];
  const logs: string[] = [];
  /** What every version should carry in the end, by key and version. */
  const wanted = new Map<string, string>();
  let run: Run;

  const cli = async (...args: string[]): Promise<Ran> =>
    holdfast(args, {
      AWS_ENDPOINT_URL_S3: cloud.url,
      AWS_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: cloud.credentials.secretAccessKey,
      AWS_REGION: cloud.region,
      HOLDFAST_CONFIG_BUCKET: cloud.bucketOf('ConfigBucket'),
      HOLDFAST_AUDIT_BUCKET: cloud.bucketOf('AuditBucket'),
    });
  const put = async (key: string, lock: string, more: { tag?: string } = {}): Promise<string> => {
    const { VersionId = 'null' } = await client.send(
      new PutObjectCommand({
        ...{ Bucket, Key: key, Body: 'x' },
        ...(more.tag !== undefined && { Tagging: `class=${more.tag}` }),
      }),
    );
    wanted.set(`${key} ${VersionId}`, lock);
    return VersionId;
  };
  const locks = async (): Promise<Map<string, string>> => {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const found = await Promise.all(
      Versions.map(async ({ Key, VersionId }) => {
        const head = await client.send(new HeadObjectCommand({ Bucket, Key, VersionId }));
        const { ObjectLockMode: mode, ObjectLockRetainUntilDate: date } = head;
        return [
          `${Key} ${VersionId}`,
          mode === undefined ? 'none' : `${mode} ${date?.toISOString()}`,
        ] as const;
      }),
    );
    return new Map(found);
  };
  const shown = async (id: string): Promise<Run & { failures: unknown[] }> =>
    JSON.parse((await cli('runs', 'show', id, '--json')).out) as Run & { failures: unknown[] };
  const planIn = async (folder: string): Promise<Plan | undefined> => {
    const Key = `${folder}/plan.json`;
    try {
      const { Body } = await client.send(
        new GetObjectCommand({ Bucket: cloud.bucketOf('ConfigBucket'), Key }),
      );
      return (JSON.parse((await Body?.transformToString()) ?? '') as { plan: Plan }).plan;
    } catch {
      return undefined;
    }
  };
  const deeds = (): string[] =>
    records.flatMap(({ phase, action, cause }) =>
      phase === 'deed' && cause === run.id ? [String(action)] : [],
    );
  const metric = (name: string): boolean =>
    logs.some((line) => line.includes('"_aws"') && new RegExp(`"${name}":\\[?[1-9]`).test(line));

  beforeAll(async () => {
    cloud = await startCloud({
      policyFile: SILENT,
      params: { engine },
      unheard: [Bucket],
      inventories: [`s3://inventory/${Bucket}/holdfast`],
    });
    cloud.output.on('record', (record) => records.push(record));
    cloud.output.on('log', (line) => logs.push(line));
    const { url: endpoint, region, credentials } = cloud;
    client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    // A bucket that is older than its versioning: what lay in it has the version null.
    await client.send(new CreateBucketCommand({ Bucket }));
    await put(`backups/old ${HOSTILE}`, BACKUP);
    await put('invoices/old', INVOICE, { tag: 'invoice' });
    await put('loose-old', 'none');
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const };
    await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    for (let at = 0; at < 25; at += 1) {
      await put(`backups/${at}`, BACKUP);
      await put(`invoices/${at}`, INVOICE, { tag: 'invoice' });
      await put(`loose/${at}`, 'none', { tag: 'draft' });
    }
    await put(HOSTILE, INVOICE, { tag: 'invoice' });
    await put('watched/1', 'none');
    // Versions that are not the current ones, and one under a delete marker.
    await put('backups/0', BACKUP);
    await put('backups/0', BACKUP);
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'backups/1' }));
    // One that is locked for longer than wanted, and one in the weaker mode.
    const VersionId = await put('backups/longer', `GOVERNANCE ${LONGER.toISOString()}`);
    await client.send(
      new PutObjectRetentionCommand({
        ...{ Bucket, Key: 'backups/longer', VersionId },
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: LONGER },
      }),
    );
  }, 60_000);
  afterAll(async () => {
    client.destroy();
    await cloud.close();
  });

  it('plans from the newest inventory, file by file, and waits for approval, since COMPLIANCE is for ever', async () => {
    // The tags of what was just uploaded settle first.
    await until(async () => {
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
      const newest = Math.max(...Versions.map(({ LastModified }) => LastModified?.getTime() ?? 0));
      return Date.now() > newest + 2_000 ? true : undefined;
    }, 'tags that settle');
    const { rows } = await cloud.inventory(Bucket, { rowsPerFile: 30 });
    expect((await cli('policy', 'activate', POLICY, '--yes')).code).toBe(0);

    const started = await cloud.invoke('onPlan', {});

    expect(started).toMatchObject([
      {
        inventory: expect.stringMatching(/^s3:\/\/inventory\/.*manifest\.json$/),
        sent: Math.ceil(rows / 30),
      },
    ]);
    const waits = await until(
      async () => records.find(({ action }) => action === 'run-waits'),
      'a run that waits',
    );
    run = await shown(String(waits.cause));
    expect(run).toMatchObject({
      state: 'waiting',
      waitsFor: expect.arrayContaining([
        expect.stringContaining('27 versions would come under COMPLIANCE newly'),
      ]),
    });
    const plan = await planIn(run.folder ?? '');
    expect(plan?.changes).toMatchObject({ versions: 55, newlyCompliance: { versions: 27 } });
    expect(plan?.groups.map(({ engine: one }) => one).sort()).toStrictEqual(
      engine === 'batch' ? ['batch-function', 'batch-function'] : ['direct', 'direct'],
    );
    await until(async () => (metric('RunWaits') ? true : undefined), 'the metric that alarms');
    expect(JSON.parse((await cli('runs', 'list', '--json')).out)).toMatchObject([{ id: run.id }]);
  });

  it('changes nothing until it is approved', async () => {
    expect(await cloud.invoke('onRun', {})).toStrictEqual({ [run.id]: 'waits' });

    expect(new Set((await locks()).values())).toStrictEqual(
      new Set(['none', `GOVERNANCE ${LONGER.toISOString()}`]),
    );
  });

  it('goes ahead once somebody approved it, and ends with every version as the policy wants it', async () => {
    const approved = await cli('runs', 'approve', run.id, '--yes');
    expect([approved.err, approved.code]).toStrictEqual(['', 0]);

    await until(async () => {
      const results = (await cloud.invoke('onRun', {})) as Readonly<Record<string, string>>;
      expect(results[run.id]).not.toBe('failed');
      return results[run.id] === 'over' || !(run.id in results) ? true : undefined;
    }, 'the end of the run');

    expect(await shown(run.id)).toMatchObject({
      state: 'done',
      approvedBy: expect.any(String),
      failures: [],
    });
    expect(await locks()).toStrictEqual(wanted);
    expect(JSON.parse((await cli('runs', 'list', '--json')).out)).toStrictEqual([]);
  });

  it('has told of every step, and of every version that our functions locked', async () => {
    await until(
      async () => (deeds().includes('run-ended') ? true : undefined),
      'the copy of the last record',
    );

    expect(deeds().slice(0, 2)).toStrictEqual(['run-waits', 'run-started']);
    expect(new Set(deeds().slice(2))).toStrictEqual(
      new Set(engine === 'batch' ? ['job-intended', 'job-created', 'job-ended', 'run-ended'] : ['run-ended']),
    );
    expect(deeds().filter((action) => action === 'job-created')).toHaveLength(engine === 'batch' ? 2 : 0);
    const outcomes = records.filter(({ phase, cause }) => phase === 'outcome' && cause === run.id);
    expect(outcomes).toHaveLength(55);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toStrictEqual(new Set(['locked']));
    expect(outcomes.every(({ actor }) => typeof actor === 'string')).toBe(true);
    for (const line of logs.filter((one) => one.includes('"_aws"'))) expect(line).not.toContain('invoices/');
  });

  it('leaves records that verify, that of who approved it among them', async () => {
    const approved = await cli('audit', 'search', '--action', 'run-approved', '--json');
    expect(JSON.parse(approved.out)).toMatchObject({ cause: run.id, actor: expect.stringMatching(/^cli:./) });

    const { code, out, err } = await cli('audit', 'verify');

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toContain('✔');
  });

  it('changes nothing on the next schedule', async () => {
    const before = records.filter(({ phase }) => phase === 'outcome').length;
    await cloud.inventory(Bucket, { rowsPerFile: 30, now: Date.now() + 60_000 });

    const started = (await cloud.invoke('onPlan', {})) as readonly { plan: string }[];
    const plan = await until(async () => planIn(`plans/${started[0]?.plan ?? ''}`), 'the second plan');

    expect(plan).toMatchObject({ groups: [], changes: { versions: 0 }, totals: { satisfied: 57 } });
    expect(await cloud.invoke('onRun', {})).toStrictEqual({});
    expect(records.filter(({ phase }) => phase === 'outcome')).toHaveLength(before);
    expect(await locks()).toStrictEqual(wanted);
    expect(metric('PlanFailed') || metric('RunFailed') || metric('BulkFailed')).toBe(false);
  });
});
