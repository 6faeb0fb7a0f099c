import { PutObjectCommand, PutObjectRetentionCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAuditStore } from '../../lib/aws/file-audit-store.ts';
import { sha256 } from '../../lib/aws/plan-folder.ts';
import { RunFolder } from '../../lib/aws/run-folder.ts';
import { verifyBatches } from '../../lib/audit/verify.ts';
import { canonical, type Plan, planIdOf } from '../../lib/plan/plan.ts';
import { type VersionRef } from '../../lib/ports/lock-store.ts';
import { type ControlOptions, type RunningControl } from '../../local/control/index.ts';
import { writeInventory } from '../../local/inventory/index.ts';
import { type Fault, type FaultCall } from '../../local/s3/types.ts';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { type Bulk, HOSTILE, makeOldBucket, ROLE, startBulk } from '../helpers/bulk.ts';
import { fileOf, type Ran } from '../helpers/cli.ts';
import { allOf } from '../helpers/records.ts';
import { type Started, startHoldfast } from '../helpers/started.ts';

// Each command is a process of its own, and some tests run dozens.
jest.setTimeout(240_000);

const DAY = 86_400_000;
const dayIn = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
/** Fixed for the whole file, which may run past midnight. */
const LAST_DAY = dayIn(200);
const UNTIL = `${new Date(Date.parse(LAST_DAY) + DAY).toISOString().slice(0, 10)}T00:00:00Z`;
const policyText = (mode = 'GOVERNANCE', day = LAST_DAY): string =>
  `version: 1\nrules:\n  - name: r\n    lock: { mode: ${mode}, until: ${day} }\n`;
const LOCKED = { Mode: 'GOVERNANCE', RetainUntilDate: new Date(UNTIL) };
const DENIED: Fault = { status: 403, code: 'AccessDenied', message: 'Access Denied' };

let bulk: Bulk;
let client: S3Client;
let bucket: string;
let audit: string;
let calls: FaultCall[];
let onCall: (call: FaultCall) => Fault | undefined;

beforeAll(async () => {
  bulk = await startBulk(
    { 'cannot-lock': ['s3:PutObjectRetention'] },
    {
      fault: (call) => {
        calls.push(call);
        return onCall(call);
      },
    },
  );
  client = bulk.client;
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  calls = [];
  onCall = () => undefined;
  bucket = await makeBucket(client);
  audit = mkdtempSync(join(tmpdir(), 'holdfast-records-'));
});

interface Batch {
  readonly control: RunningControl;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** S3 Batch Operations, and what a command must be told of it. */
async function batchOn(options: Partial<ControlOptions> = {}): Promise<Batch> {
  const { control } = await bulk.control(options);
  const config = await makeBucket(client, 'versioned');
  return {
    control,
    args: ['--batch-role', ROLE, '--config', config],
    env: { AWS_ENDPOINT_URL_S3_CONTROL: control.url },
  };
}

function start(
  args: readonly string[],
  { user = 'owner', env = {}, cwd = undefined as string | undefined } = {},
): Started {
  return startHoldfast(
    [...args, '--endpoint', bulk.s3.url, '--provider', 'aws'],
    { AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: 'secret', ...env },
    cwd,
  );
}
const run = async (args: readonly string[], how?: Parameters<typeof start>[1]): Promise<Ran> =>
  start(args, how).ended;
const json = ({ out }: Ran): unknown => JSON.parse(out);
const newFolder = (): string => join(mkdtempSync(join(tmpdir(), 'holdfast-plan-')), 'plan');

/** A plan over the bucket, kept in a folder. */
async function planned(
  policy = fileOf('policy.yaml', policyText()),
  more: readonly string[] = [],
  listing: readonly string[] = ['--bucket', bucket],
): Promise<string> {
  const folder = newFolder();
  const { code, err } = await run(['plan', ...listing, '--policy', policy, '--out', folder, ...more]);
  expect({ code, err }).toMatchObject({ code: 0 });
  calls = [];
  return folder;
}
const apply = async (
  plan: string,
  more: readonly string[] = [],
  how?: Parameters<typeof start>[1],
): Promise<Ran> => run(['apply', plan, '--audit-folder', audit, ...more], how);
const uploads = async (count: number): Promise<VersionRef[]> =>
  Promise.all(Array.from({ length: count }, async (_, at) => upload(client, bucket, `k${at}`)));
const puts = (): string[] =>
  calls.flatMap(({ operation, key = '' }) =>
    /^PutObject(Retention|LegalHold)$/.test(operation) ? [key] : [],
  );

interface StoredPlanFile {
  plan: Plan;
  manifests: Record<string, { rows: number; sha256: string }>;
  seal: string;
}
const readPlanFile = (folder: string): StoredPlanFile =>
  JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as StoredPlanFile;

/** Changes a plan as somebody would who knows how plans are named. */
function replan(folder: string, change: Partial<Plan>): void {
  const { plan, manifests } = readPlanFile(folder);
  const changed = { ...plan, ...change };
  const id = planIdOf(changed, sha256);
  writeFileSync(
    join(folder, 'plan.json'),
    JSON.stringify({
      plan: { ...changed, id },
      manifests,
      seal: sha256(canonical({ plan: { ...changed, id }, manifests })),
    }),
  );
}

describe('holdfast apply', () => {
  it('carries out a plan, records it, and says so', async () => {
    const refs = [...(await uploads(4)), await upload(client, bucket, HOSTILE)];
    const folder = await planned();

    const { code, out } = await apply(folder);

    expect({ code, out }).toMatchObject({ code: 0 });
    expect(out).toMatch(/ 5 {2}locked\n/);
    expect(out).toMatch(/run-[0-9a-f]{16}: all 5 versions ended as planned/);
    for (const ref of refs) expect(await bulk.retention(ref)).toStrictEqual(LOCKED);
    const found = await allOf(new FileAuditStore(audit).read());
    expect(verifyBatches(found)).toMatchObject({ findings: [], records: 7, writers: 1 });
  });

  it('locks hostile keys and null versions, by either engine', async () => {
    for (const engine of ['direct', 'batch']) {
      const old = await makeOldBucket(client, HOSTILE);
      ({ bucket } = old);
      const refs = [...old.refs, await upload(client, bucket, HOSTILE)];
      const batch = await batchOn();
      const folder = await planned(undefined, ['--engine', engine]);

      const ran = await apply(folder, [...batch.args, '--json'], { env: batch.env });

      expect(json(ran)).toMatchObject({ state: 'done', succeeded: 2 });
      expect(batch.control.jobs()).toHaveLength(engine === 'batch' ? 1 : 0);
      for (const ref of refs) expect(await bulk.retention(ref)).toStrictEqual(LOCKED);
    }
  });

  it('tells one JSON document', async () => {
    const [ref] = await uploads(3);
    const folder = await planned();
    onCall = ({ operation, key }) =>
      operation === 'PutObjectRetention' && key === 'k0' ? DENIED : undefined;

    const ran = await apply(folder, ['--json']);

    const { id } = readPlanFile(folder).plan;
    expect(ran.code).toBe(6);
    expect(json(ran)).toStrictEqual({
      ...{ run: id.replace('plan-', 'run-'), plan: id, state: 'partly-failed' },
      ...{ total: 3, succeeded: 2, failed: 1, left: 0, byOutcome: { locked: 2, 'no-permission': 1 } },
      jobTroubles: [],
      failures: [
        { ...ref, group: 'g001', outcome: 'no-permission', detail: 's3:PutObjectRetention was denied' },
      ],
    });
  });

  it('asked for again says the same and writes nothing', async () => {
    await uploads(5);
    const folder = await planned();
    const first = await apply(folder, ['--json']);
    calls = [];

    const second = await apply(folder, ['--json']);

    expect(second).toMatchObject({ code: 0, out: first.out });
    expect(puts()).toStrictEqual([]);
    expect(bulk.taken.filter((event) => event.bucket === bucket)).toHaveLength(5);
  });

  it('asked for again tries what failed, and nothing else', async () => {
    await uploads(5);
    const folder = await planned();
    onCall = ({ operation, key }) =>
      operation === 'PutObjectRetention' && key === 'k3' ? DENIED : undefined;
    expect((await apply(folder)).out).toMatch(/4 of 5 versions ended as planned, 1 did not/);
    onCall = () => undefined;
    calls = [];

    expect(await apply(folder)).toMatchObject({ code: 0, out: expect.stringContaining('all 5 versions') });
    expect(puts()).toStrictEqual(['k3']);
  });

  it('ends with the code of what all of it failed by', async () => {
    await uploads(3);
    const folder = await planned();

    expect(await apply(folder, [], { user: 'cannot-lock' })).toMatchObject({
      ...{ code: 4, out: expect.stringContaining('s3:PutObjectRetention was denied') },
    });
  });

  it('may be told the plan by its folder or by its file', async () => {
    await uploads(1);
    const folder = await planned();

    expect(await apply(join(folder, 'plan.json'))).toMatchObject({ code: 0 });
  });
});

describe('a world that moved', () => {
  /** Refused with 9 and a reason; not one version was written, and no run has begun. */
  async function expectRefused(folder: string, reason: string, more: readonly string[] = []): Promise<void> {
    const { code, out, err } = await apply(folder, more);
    expect({ code, out, err }).toStrictEqual({ code: 9, out: '', err: expect.stringContaining(reason) });
    expect(puts()).toStrictEqual([]);
    expect(await new RunFolder(folder).read()).toBeUndefined();
  }

  it('is a policy that was edited after the plan', async () => {
    await uploads(3);
    const policy = fileOf('policy.yaml', policyText());
    const folder = await planned(policy);
    writeFileSync(policy, policyText('GOVERNANCE', dayIn(100)));

    await expectRefused(folder, 'policy changed');

    writeFileSync(policy, policyText());
    expect(await apply(folder)).toMatchObject({ code: 0 });
  });

  it('is another policy that is named', async () => {
    await uploads(1);
    const folder = await planned();

    await expectRefused(folder, 'policy changed', [
      '--policy',
      fileOf('other.yaml', `${policyText()}# other\n`),
    ]);
  });

  it('is a plan that was edited', async () => {
    await uploads(3);
    const folder = await planned();
    const path = join(folder, 'plan.json');
    const text = readFileSync(path, 'utf8');
    for (const [from, to] of [
      [UNTIL, '2099-01-01T00:00:00Z'],
      ['"GOVERNANCE"', '"COMPLIANCE"'],
      ['"versions": 3', '"versions": 2'],
      [bucket, 'another'],
    ] as const) {
      expect(text).toContain(from);
      writeFileSync(path, text.replaceAll(from, to));
      await expectRefused(folder, 'was changed after it was made');
    }
  });

  it('is a list of versions that was edited', async () => {
    const refs = await uploads(3);
    const folder = await planned();
    const path = join(folder, 'groups', 'g001.csv');
    const text = readFileSync(path, 'utf8');

    appendFileSync(path, `${bucket},other,${refs[0]?.versionId ?? ''}\n`);
    await expectRefused(folder, 'was changed after the plan was made');

    writeFileSync(path, text.split('\n').slice(1).join('\n'));
    await expectRefused(folder, 'was changed after the plan was made');
  });

  it('is a list of versions of which the plan knows nothing', async () => {
    await uploads(3);
    const folder = await planned();
    writeFileSync(join(folder, 'plan.json'), JSON.stringify({ ...readPlanFile(folder), manifests: {} }));
    appendFileSync(join(folder, 'groups', 'g001.csv'), `${bucket},other,v\n`);

    await expectRefused(folder, 'was changed after it was made');
  });

  it('is a plan whose price, age or lists were edited together with their checksums', async () => {
    await uploads(3);
    const folder = await planned(undefined, ['--engine', 'batch']);
    const { plan, manifests, seal } = readPlanFile(folder);
    const path = join(folder, 'plan.json');
    const list = join(folder, 'groups', 'g001.csv');
    const forged = readFileSync(list, 'utf8').replace('k0', 'other');
    const codes: (number | null)[] = [];
    for (const edited of [
      { plan: { ...plan, cost: { ...plan.cost, usd: 0 } }, manifests, seal },
      { plan: { ...plan, goodUntil: '2099-01-01T00:00:00Z' }, manifests, seal },
      { plan, manifests: { g001: { rows: 3, sha256: sha256(forged) } }, seal },
    ]) {
      writeFileSync(path, JSON.stringify(edited));
      if (edited.plan === plan) writeFileSync(list, forged);
      // Nothing is written either way: 8 is what comes after the plan was believed.
      codes.push((await apply(folder, ['--max-versions', '0'])).code);
    }
    expect(codes).toStrictEqual([9, 9, 9]);
  });

  it('is an inventory that was written anew', async () => {
    await uploads(3);
    const destinationBucket = await makeBucket(client, 'versioned');
    const inventory = { source: client, bucket, destinationBucket, now: Date.now() };
    const { key } = await writeInventory(inventory);
    const folder = await planned(undefined, [], ['--inventory', `s3://${destinationBucket}/${key}`]);
    await upload(client, bucket, 'later');
    expect((await writeInventory(inventory)).key).toBe(key);

    await expectRefused(folder, 'listing changed');
  });

  it('is not an inventory that is what it was', async () => {
    await uploads(3);
    const destinationBucket = await makeBucket(client, 'versioned');
    const { key } = await writeInventory({ source: client, bucket, destinationBucket, now: Date.now() });
    const folder = await planned(undefined, [], ['--inventory', `s3://${destinationBucket}/${key}`]);

    expect(await apply(folder)).toMatchObject({ code: 0 });
  });

  it('is a file of keys that was edited', async () => {
    const [one, other] = await uploads(2);
    const keys = fileOf('keys.csv', `${bucket},k0,${one?.versionId ?? ''}\n`);
    const folder = await planned(undefined, [], ['--keys', keys]);
    appendFileSync(keys, `${bucket},k1,${other?.versionId ?? ''}\n`);

    await expectRefused(folder, 'listing changed');
  });

  it('is a plan that is older than its listing may be', async () => {
    await uploads(2);
    const folder = await planned();
    replan(folder, { goodUntil: new Date(Date.now() - 1_000).toISOString().replace(/\.\d+Z/, 'Z') });

    await expectRefused(folder, 'too old now');
  });

  it('is not a plan that grew old while it was carried out', async () => {
    await uploads(4);
    const folder = await planned();
    replan(folder, { goodUntil: new Date(Date.now() - 1_000).toISOString().replace(/\.\d+Z/, 'Z') });
    const { newRun } = await import('../../lib/runs/run.ts');
    const { plan } = readPlanFile(folder);
    const begun = newRun(plan, { started: UNTIL, by: 'test', state: 'running', waitsFor: [] });
    await new RunFolder(folder).write(begun);

    expect(await apply(folder)).toMatchObject({ code: 0 });
  });

  it('is another command that carries out the plan', async () => {
    await uploads(1);
    const folder = await planned();
    const { release } = await new RunFolder(folder).hold();

    await expectRefused(folder, 'another command');

    await release();
    expect(await apply(folder)).toMatchObject({ code: 0 });
  });

  it('is a run that was cancelled', async () => {
    await uploads(1);
    const folder = await planned();
    const { newRun } = await import('../../lib/runs/run.ts');
    const { plan } = readPlanFile(folder);
    await new RunFolder(folder).write(
      newRun(plan, { started: UNTIL, by: 'test', state: 'cancelled', waitsFor: [] }),
    );

    expect(await apply(folder)).toMatchObject({ code: 9, err: expect.stringContaining('was cancelled') });
    expect(puts()).toStrictEqual([]);
  });
});

describe('too much', () => {
  it('is more versions than --max-versions: exit 8, with the number and the flag', async () => {
    await uploads(4);
    const folder = await planned();

    const { code, err } = await apply(folder, ['--max-versions', '3']);

    expect(code).toBe(8);
    expect(err).toContain('4 versions would change, and 3 are allowed');
    expect(err).toContain('--max-versions 4');
    expect(puts()).toStrictEqual([]);
    expect(await apply(folder, ['--max-versions', '4'])).toMatchObject({ code: 0 });
  });

  it('is more dollars than --max-cost', async () => {
    await uploads(2);
    const folder = await planned(undefined, ['--engine', 'batch']);

    const { code, err } = await apply(folder, ['--max-cost', '0.2']);

    expect(code).toBe(8);
    expect(err).toMatch(/it costs \$0\.25\d*, and \$0\.2 are allowed; allow it with --max-cost 1/);
    expect(puts()).toStrictEqual([]);
    expect(await apply(folder, ['--max-cost', '1'])).toMatchObject({ code: 0 });
  });

  it.each([['--max-versions'], ['--max-cost'], ['--at-once']])('cannot be a word: %s', async (flag) => {
    await uploads(1);
    const folder = await planned();

    expect(await apply(folder, [flag, 'many'])).toMatchObject({
      code: 2,
      err: expect.stringContaining(flag),
    });
    expect(puts()).toStrictEqual([]);
  });
});

describe('COMPLIANCE', () => {
  it('is not begun without --yes where nobody can be asked, and said before it is', async () => {
    const refs = await uploads(2);
    const folder = await planned(fileOf('policy.yaml', policyText('COMPLIANCE')));

    expect(await apply(folder)).toMatchObject({ code: 2, err: expect.stringContaining('give --yes') });
    expect(puts()).toStrictEqual([]);

    const { code, err } = await apply(folder, ['--yes']);
    expect(code).toBe(0);
    expect(err).toContain('2 versions, 8 B, come newly under COMPLIANCE');
    for (const ref of refs)
      expect(await bulk.retention(ref)).toStrictEqual({ ...LOCKED, Mode: 'COMPLIANCE' });
  });
});

describe('bulk jobs', () => {
  it('carry out what the plan gives them, and keep their report as evidence', async () => {
    const refs = await uploads(6);
    const batch = await batchOn({ loseEvents: true, unknownAtFirst: 2, reportOrder: 'sample' });
    const folder = await planned(undefined, ['--engine', 'batch']);

    const ran = await apply(folder, [...batch.args, '--json'], { env: batch.env });

    expect(json(ran)).toMatchObject({ state: 'done', succeeded: 6, byOutcome: { 'by-job': 6 } });
    for (const ref of refs) expect(await bulk.retention(ref)).toStrictEqual(LOCKED);
    const records = (await allOf(new FileAuditStore(audit).read())).map(({ text }) => text).join('');
    expect(records).toMatch(/"job-intended"[^]*"job-created"[^]*"job-ended"/);
    expect(records).toMatch(/"sha256":"[0-9a-f]{64}"/);
  });

  it('are not asked for where they are not known: everything goes direct', async () => {
    await uploads(2);
    const folder = await planned(undefined, ['--engine', 'batch']);

    expect(json(await apply(folder, ['--json']))).toMatchObject({ byOutcome: { locked: 2 } });
  });

  it('that were asked for and are not known are bad input', async () => {
    await uploads(2);
    const folder = await planned();

    expect(await apply(folder, ['--engine', 'batch'])).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('--batch-role') },
    });
    expect(await apply(folder, ['--batch-role', 'me', '--config', bucket])).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('arn:aws:iam::') },
    });
    expect(puts()).toStrictEqual([]);
  });

  it('that may not be made end with 4, and say what is missing', async () => {
    await uploads(2);
    const batch = await batchOn({ refuse: (operation) => (operation === 'CreateJob' ? DENIED : undefined) });
    const folder = await planned(undefined, ['--engine', 'batch']);

    const { code, err } = await apply(folder, batch.args, { env: batch.env });

    expect({ code, err }).toStrictEqual({ code: 4, err: expect.stringContaining('s3:CreateJob') });
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('are not made while the deployment is paused', async () => {
    await uploads(2);
    const batch = await batchOn();
    const config = batch.args[3] ?? '';
    const folder = await planned(undefined, ['--engine', 'batch']);
    await client.send(
      new PutObjectCommand({
        ...{ Bucket: config, Key: 'brake.json' },
        Body: '{"paused":true,"reason":"wrong tags","by":"cli:x","at":"2026-01-01T00:00:00Z"}',
      }),
    );

    expect(await apply(folder, batch.args, { env: batch.env })).toMatchObject({
      ...{ code: 8, err: expect.stringContaining('wrong tags') },
    });
    expect(batch.control.jobs()).toStrictEqual([]);
    expect(puts()).toStrictEqual([]);
  });
});

/** Numbers from 1 to `most` that a seed determines. */
function seeded(seed: number, count: number, most: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return 1 + Math.floor((state / 2 ** 32) * most);
  });
}

describe('interrupted', () => {
  let refs: VersionRef[];
  let folder: string;
  /** Requests of the command, to either service. */
  let requests: number;
  let onRequest: () => void;

  async function prepared(count: number, engine: string): Promise<void> {
    refs = await uploads(count);
    folder = await planned(undefined, ['--engine', engine]);
  }

  /** The same plan, and the same versions without their locks. */
  async function anew(): Promise<string> {
    onCall = () => undefined;
    await Promise.all(
      refs.map(async ({ bucket: Bucket, key: Key, versionId: VersionId }) =>
        client.send(
          new PutObjectRetentionCommand({
            ...{ Bucket, Key, VersionId, Retention: {}, BypassGovernanceRetention: true },
          }),
        ),
      ),
    );
    const copy = newFolder();
    cpSync(folder, copy, { recursive: true });
    [calls, requests] = [[], 0];
    bulk.taken.length = 0;
    onRequest = () => undefined;
    onCall = () => {
      requests += 1;
      onRequest();
      return undefined;
    };
    return copy;
  }

  /** The end of every version, and how often its lock was written. */
  async function ends(): Promise<unknown[]> {
    const retentions = await Promise.all(refs.map(async (ref) => bulk.retention(ref)));
    const times = new Map<string, number>();
    for (const { key } of bulk.taken) times.set(key, (times.get(key) ?? 0) + 1);
    return refs.map(({ key }, at) => ({ key, retention: retentions[at], written: times.get(key) }));
  }

  const asEachOnce = (): unknown[] => refs.map(({ key }) => ({ key, retention: LOCKED, written: 1 }));

  /** A command that gets a signal when its k-th request arrives. */
  async function signalled(
    signal: NodeJS.Signals,
    k: number,
    plan: string,
    batch?: Batch,
  ): Promise<Awaited<Started['ended']>> {
    const args = ['apply', plan, '--audit-folder', audit, '--at-once', '8', '--json', ...(batch?.args ?? [])];
    const { child, ended } = start(args, batch && { env: batch.env });
    const from = requests;
    onRequest = () => {
      if (requests === from + k) child.kill(signal);
    };
    const result = await ended;
    onRequest = () => undefined;
    return result;
  }

  /** Counts the requests to Batch Operations too, and lets some of its tasks fail, so that both engines have work. */
  const batchAnew = async (): Promise<Batch> =>
    batchOn({
      refuse: () => {
        requests += 1;
        onRequest();
        return undefined;
      },
      fault: ({ key }) =>
        key.endsWith('7')
          ? { status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' }
          : undefined,
    });

  it('by kill -9 anywhere, a direct run is gone on with: every version locked once, as if nothing had been', async () => {
    await prepared(120, 'direct');
    const undisturbed = await apply(await anew(), ['--json', '--at-once', '8']);
    expect(json(undisturbed)).toMatchObject({
      state: 'done',
      total: 120,
      succeeded: 120,
      failed: 0,
      left: 0,
    });
    const all = requests;
    expect(await ends()).toStrictEqual(asEachOnce());
    let killed = 0;

    for (const k of seeded(20261120, 20, all)) {
      const plan = await anew();
      const first = await signalled('SIGKILL', k, plan);
      if (first.signal === 'SIGKILL') killed += 1;
      const second = await apply(plan, ['--json']);

      expect({ k, code: second.code, err: second.err }).toStrictEqual({ k, code: 0, err: '' });
      expect(json(second)).toMatchObject({ state: 'done', total: 120, succeeded: 120, failed: 0, left: 0 });
      expect({ k, ends: await ends() }).toStrictEqual({ k, ends: asEachOnce() });
      // Not even asked for twice: what was locked was read first.
      expect({ k, asked: puts().length }).toStrictEqual({ k, asked: 120 });
    }
    expect(killed).toBeGreaterThanOrEqual(19);
    // A file that was being written in that moment is half of a batch, which nothing was done upon.
    const { findings } = verifyBatches(await allOf(new FileAuditStore(audit).read()));
    expect(findings).toStrictEqual([]);
  });

  it('by kill -9 anywhere, a run by jobs is gone on with: one job for its group, every version locked once', async () => {
    await prepared(60, 'batch');
    const plan = await anew();
    const batch = await batchAnew();
    requests = 0;
    const undisturbed = await apply(plan, ['--json', ...batch.args], { env: batch.env });
    expect(json(undisturbed)).toMatchObject({
      ...{ state: 'done', total: 60, succeeded: 60, failed: 0, byOutcome: { 'by-job': 54, locked: 6 } },
    });
    const all = requests;
    expect(await ends()).toStrictEqual(asEachOnce());
    let killed = 0;

    for (const k of seeded(7, 10, all)) {
      const copy = await anew();
      const each = await batchAnew();
      requests = 0;
      const first = await signalled('SIGKILL', k, copy, each);
      if (first.signal === 'SIGKILL') killed += 1;
      const second = await apply(copy, ['--json', ...each.args], { env: each.env });

      expect({ k, code: second.code, err: second.err }).toStrictEqual({ k, code: 0, err: '' });
      expect(json(second)).toMatchObject({ state: 'done', total: 60, succeeded: 60, failed: 0, left: 0 });
      expect({ k, jobs: each.control.jobs().length }).toStrictEqual({ k, jobs: 1 });
      expect({ k, ends: await ends() }).toStrictEqual({ k, ends: asEachOnce() });
    }
    // A job asks for its own objects, so that the last requests of a run are not always the command's.
    expect(killed).toBeGreaterThanOrEqual(7);
  });

  it('by Ctrl-C, it ends what is under way, says how to go on, and is gone on with', async () => {
    await prepared(120, 'direct');
    const plan = await anew();

    const first = await signalled('SIGINT', 150, plan);

    expect(first).toMatchObject({ code: 6, signal: null, err: expect.stringContaining('stopping') });
    const told = json(first) as { succeeded: number; failed: number; left: number; stopped: object };
    expect(told).toMatchObject({ state: 'running', failed: 0, stopped: { kind: 'interrupted' } });
    expect(told.succeeded).toBeGreaterThan(0);
    expect(told.left).toBe(120 - told.succeeded);
    // What it says is what it did.
    expect(bulk.taken).toHaveLength(told.succeeded);

    const second = await apply(plan, ['--json']);

    expect(json(second)).toMatchObject({
      ...{ state: 'done', succeeded: 120, failed: 0, byOutcome: { locked: 120 } },
    });
    expect(await ends()).toStrictEqual(asEachOnce());
  });

  it('by Ctrl-C while a job runs, it leaves the job alone and takes it up again', async () => {
    await prepared(20, 'batch');
    const plan = await anew();
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let stop = (): void => undefined;
    const batch = await batchOn({
      hold: async ({ status }) => {
        if (status !== 'Active') return;
        stop();
        await gate;
      },
    });
    const started = start(['apply', plan, '--audit-folder', audit, ...batch.args], { env: batch.env });
    stop = () => {
      started.child.kill('SIGINT');
    };

    const first = await started.ended;
    expect(first).toMatchObject({ code: 6, out: expect.stringContaining('its jobs go on') });
    expect(first.out).toContain('the same command again');
    goOn();

    const second = await apply(plan, ['--json', ...batch.args], { env: batch.env });
    expect(json(second)).toMatchObject({ state: 'done', byOutcome: { 'by-job': 20 } });
    expect(batch.control.jobs()).toHaveLength(1);
    expect(await ends()).toStrictEqual(asEachOnce());
  });
});
