import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handleChunk } from '../../lib/app/bulk-change.ts';
import { activeRuns } from '../../lib/app/bulk-runs.ts';
import { stepRun } from '../../lib/app/bulk-step.ts';
import { PlanWriter } from '../../lib/aws/plan-folder.ts';
import { RunFolder } from '../../lib/aws/run-folder.ts';
import { S3AuditStore } from '../../lib/aws/s3-audit-store.ts';
import { makePlan } from '../../lib/plan/make-plan.ts';
import { type Plan } from '../../lib/plan/plan.ts';
import { SCHEDULED } from '../../lib/plan/guardrails.ts';
import { Tally } from '../../lib/plan/tally.ts';
import { newRun, type Run, withGroup } from '../../lib/runs/run.ts';
import { type ControlOptions, type RunningControl } from '../../local/control/index.ts';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { type Bulk, ROLE, startBulk } from '../helpers/bulk.ts';
import { holdfast, type Ran } from '../helpers/cli.ts';
import { type Deployment, deploymentOn, FREE } from '../helpers/deployment.ts';
import { changeTo, differenceWith, inDays, PLAN_OPTIONS, rowWith } from '../helpers/plan.ts';
import { allOf, makeAuditBucket } from '../helpers/records.ts';

// Each command is a process of its own.
jest.setTimeout(30_000);

const POLICY = `version: 1
rules:
  - { name: invoices, match: { prefix: invoices/ }, lock: { mode: COMPLIANCE, until: 2034-12-31 } }
  - { name: rest, match: { except: [{ prefix: invoices/ }] }, lock: { mode: GOVERNANCE, until: 2031-12-31 } }
`;
const NONE = 'run-0000000000000000';

let bulk: Bulk;
let client: S3Client;
let bucket: string;
let audit: string;
let at: Deployment;

beforeAll(async () => {
  bulk = await startBulk({ reader: ['s3:PutObject'] });
  client = bulk.client;
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  [bucket, audit] = await Promise.all([makeBucket(client), makeAuditBucket(client)]);
  for (const key of ['invoices/1', 'invoices/2', 'a']) await upload(client, bucket, key);
  await deploy('direct');
});

async function deploy(choice: 'direct' | 'batch', rails = SCHEDULED): Promise<void> {
  at = await deploymentOn(bulk, { policy: POLICY, now: Date.now, planning: { choice, rails } });
}

const runs = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  holdfast(['runs', ...args], {
    AWS_ACCESS_KEY_ID: 'owner',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: bulk.s3.url,
    HOLDFAST_CONFIG_BUCKET: at.config,
    HOLDFAST_AUDIT_BUCKET: audit,
    ...env,
  });
const deeds = async (): Promise<Record<string, unknown>[]> =>
  (await allOf(new S3AuditStore({ client, bucket: audit }).read())).flatMap(({ text = '' }) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
const json = ({ out, err, code }: Ran): unknown => {
  expect([err, code]).toStrictEqual(['', 0]);
  return JSON.parse(out);
};
async function control(options: Partial<ControlOptions> = {}): Promise<{
  control: RunningControl;
  step: (id: string) => Promise<string>;
}> {
  const { control: server, client: sdk } = await bulk.control(options);
  return { control: server, step: async (id) => stepRun(id, at.stepping(sdk)) };
}

describe('holdfast runs of a deployment', () => {
  it('lists those that are not over, with how far they are', async () => {
    const { id } = await at.plan(bucket);

    const { code, out } = await runs([]);

    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`${id} +waiting +\\S+Z +3 +0 of 2 +s3://`));
    expect(json(await runs(['list', '--json']))).toMatchObject([
      { id, state: 'waiting', waitsFor: expect.arrayContaining([expect.stringContaining('COMPLIANCE')]) },
    ]);
  });

  it('lists nothing where nothing is under way, and with --all what is over too', async () => {
    expect(await runs(['list', '--all'])).toMatchObject({ code: 0, out: 'There are no runs.\n' });
    const { id } = await at.plan(bucket);
    await runs(['cancel', id]);
    const { step } = await control();
    await step(id);

    expect(await runs(['list'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('No run is under way'),
    });
    expect(json(await runs(['list', '--json']))).toStrictEqual([]);
    expect(json(await runs(['list', '--all', '--json']))).toMatchObject([{ id, state: 'cancelled' }]);
  });

  it('shows one, why it waits, and how to let it go ahead', async () => {
    const { id, plan } = await at.plan(bucket);

    const { code, out } = await runs(['show', id]);

    expect(code).toBe(0);
    expect(out).toContain(`${id}  waiting, of ${plan}, begun `);
    expect(out).toContain(
      '  waits     2 versions would come under COMPLIANCE newly or for over 90 days longer, and 0 are allowed',
    );
    expect(out).toMatch(/g001 +direct +todo/);
    expect(out).toContain(`holdfast runs approve ${id}`);
    expect(json(await runs(['show', id, '--json']))).toMatchObject({ id, plan, failures: [] });
  });

  it('names what failed in it', async () => {
    await deploy('direct', FREE);
    const { id } = await at.plan(bucket);
    const { step } = await control();
    await step(id);
    for (const piece of at.pieces.splice(0)) {
      const rows = piece.rows.map((row) => (row.key === 'a' ? { ...row, key: 'odd\u001b[2J' } : row));
      // A date that no rule wants.
      const chunk = { ...piece, rows, group: { ...piece.group, until: '2099-01-01T00:00:00Z' } };
      await handleChunk(chunk, at.changing());
    }
    await step(id);

    const { out } = await runs(['show', id]);

    expect(out).toContain('partly-failed');
    expect(out).toMatch(/version \S+: moved/);
    expect(out).not.toContain('\u001b');
    expect(json(await runs(['show', id, '--json']))).toMatchObject({
      failures: expect.arrayContaining([expect.objectContaining({ outcome: 'moved' })]),
    });
  });

  it('lets one go ahead, says first what it would change, and records who did', async () => {
    const { id } = await at.plan(bucket);

    const { code, out, err } = await runs(['approve', id, '--yes']);

    expect([err, code]).toStrictEqual(['', 0]);
    expect(out).toContain('2 versions would come under COMPLIANCE newly');
    expect(out).toMatch(/invoices +set +none +COMPLIANCE/);
    expect(out).toContain(`${id} goes ahead within five minutes`);
    expect(await at.run(id)).toMatchObject({
      state: 'approved',
      approvedBy: expect.stringMatching(/^cli:./),
    });
    expect(await deeds()).toMatchObject([
      {
        ...{ phase: 'deed', action: 'run-approved', cause: id, policy: 'policy-hash' },
        detail: expect.stringContaining('COMPLIANCE'),
        actor: expect.stringMatching(/^cli:./),
      },
    ]);
    const { step } = await control();
    expect(await step(id)).toBe('goes-on');
  });

  it('lets none go ahead twice', async () => {
    const { id } = await at.plan(bucket);
    await runs(['approve', id, '--yes']);

    const { code, err } = await runs(['approve', id, '--yes']);

    expect(code).toBe(9);
    expect(err).toContain(`${id} does not wait for approval: it is approved`);
    expect(await deeds()).toHaveLength(1);
  });

  it('asks before it lets one go ahead, and nobody is there to answer', async () => {
    const { id } = await at.plan(bucket);

    expect(await runs(['approve', id])).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });

    expect((await at.run(id)).state).toBe('waiting');
    expect(await deeds()).toStrictEqual([]);
  });

  it('lets nothing go ahead where the plan was changed, or nothing may be written', async () => {
    const { id, folder } = await at.plan(bucket);

    expect((await runs(['approve', id, '--yes'], { AWS_ACCESS_KEY_ID: 'reader' })).code).toBe(4);
    const name = `${folder}/plan.json`;
    await at.put(name, ((await at.text(name)) ?? '').replace('2035-01-01', '2055-01-01'));
    expect(await runs(['approve', id, '--yes'])).toMatchObject({
      code: 9,
      err: expect.stringContaining('changed'),
    });

    expect((await at.run(id)).state).toBe('waiting');
  });

  it('needs to know where to record what it changes', async () => {
    const { id } = await at.plan(bucket);

    const { code, err } = await runs(['approve', id, '--yes'], { HOLDFAST_AUDIT_BUCKET: '' });

    expect(code).toBe(2);
    expect(err).toContain('--audit');
    expect((await at.run(id)).state).toBe('waiting');
  });

  it('cancels one, whose jobs the next step stops', async () => {
    await deploy('batch', FREE);
    const { id } = await at.plan(bucket);
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { control: server, step } = await control({
      hold: async ({ status }) => (status === 'Active' ? held : undefined),
    });
    await step(id);
    const jobs = server.jobs().map(({ jobId }) => jobId);
    expect(jobs).toHaveLength(2);
    for (const job of jobs) await server.until(job, 'Active');

    const { code, out } = await runs(['cancel', id]);
    expect([code, out]).toStrictEqual([
      0,
      `${id} is cancelled; its bulk jobs are stopped within five minutes\n`,
    ]);
    expect(await step(id)).toBe('goes-on');
    release?.();

    for (const job of jobs)
      expect(await server.until(job)).toMatchObject({ status: 'Cancelled', succeeded: 0 });
    expect(await step(id)).toBe('over');
    expect(await deeds()).toMatchObject([{ action: 'run-cancelled', cause: id, detail: `${id}: by hand` }]);
    expect(await activeRuns(at.deps.documents)).toStrictEqual([]);
  });

  it('cancels none that is over', async () => {
    const { id } = await at.plan(bucket);
    await runs(['cancel', id]);

    expect(await runs(['cancel', id])).toMatchObject({ code: 9, err: expect.stringContaining('is over') });
    expect(await runs(['approve', id, '--yes'])).toMatchObject({
      code: 9,
      err: expect.stringContaining('cancelled'),
    });
    expect(await deeds()).toHaveLength(1);
  });

  it.each([['show'], ['approve', '--yes'], ['cancel']])(
    'knows no run that there is not: %s',
    async (command, ...more) => {
      const { code, err } = await runs([command, NONE, ...more]);

      expect(code).toBe(2);
      expect(err).toContain(command === 'show' ? NONE : `there is no run "${NONE}"`);
    },
  );
});

describe('holdfast runs of plans in a folder', () => {
  let plans: string;
  let folder: string;
  let plan: Plan;

  beforeEach(async () => {
    plans = mkdtempSync(join(tmpdir(), 'holdfast-plans-'));
    folder = join(plans, 'november');
    mkdirSync(folder);
    const writer = await PlanWriter.begin(folder);
    const tally = new Tally(86_400_000);
    const row = rowWith({ bucket });
    const change = changeTo(inDays(400));
    tally.add(row, differenceWith(change));
    writer.add(row, change, tally.place(change));
    const made = makePlan(tally, { ...PLAN_OPTIONS, choice: 'batch' });
    await writer.finish(made.plan, made.assignment);
    ({ plan } = made);
  });
  const begun = async (change: Parameters<typeof withGroup>[2] = {}): Promise<Run> => {
    const made = newRun(plan, {
      ...{ started: '2026-11-20T12:00:00Z', by: 'cli:test', state: 'running', waitsFor: [] },
    });
    const run = withGroup(made, 'g001', change);
    await new RunFolder(folder).write(run);
    return run;
  };

  it('lists and shows them without a deployment', async () => {
    expect(await runs(['list', '--plans', plans])).toMatchObject({
      code: 0,
      out: expect.stringContaining('No run'),
    });
    const { id } = await begun();
    const env = { HOLDFAST_CONFIG_BUCKET: '' };

    expect(json(await runs(['list', '--plans', plans, '--json'], env))).toMatchObject([
      { id, state: 'running' },
    ]);
    expect(json(await runs(['list', '--plans', folder, '--json'], env))).toMatchObject([{ id }]);
    expect(json(await runs(['show', folder, '--json'], env))).toMatchObject({ id, failures: [] });
  });

  it('shows nothing of a plan that was never applied', async () => {
    expect(await runs(['show', folder])).toMatchObject({
      code: 2,
      err: expect.stringContaining('never applied'),
    });
    expect(await runs(['cancel', folder])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nothing to stop'),
    });
    expect(await runs(['show', plans])).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no plan'),
    });
  });

  it('cancels one, and records it', async () => {
    const { id } = await begun();

    const { code, out, err } = await runs(['cancel', folder]);

    expect([err, code, out]).toStrictEqual(['', 0, `${id} is cancelled\n`]);
    expect(await new RunFolder(folder).read()).toMatchObject({ state: 'cancelled' });
    expect(await deeds()).toMatchObject([{ action: 'run-cancelled', cause: id }]);
    expect((await runs(['cancel', folder])).code).toBe(9);
  });

  it('stops the jobs of one, and refuses where it may not', async () => {
    const { id } = await at.plan(bucket);
    expect(id).toMatch(/^run-/);
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await deploy('batch', FREE);
    const { id: other } = await at.plan(bucket);
    const { control: server, step } = await control({
      hold: async ({ status }) => (status === 'Active' ? held : undefined),
    });
    await step(other);
    const { jobId = '' } = server.jobs()[0] ?? {};
    await server.until(jobId, 'Active');
    await begun({ state: 'job', jobId });

    const without = await runs(['cancel', folder]);
    expect(without).toMatchObject({ code: 2, err: expect.stringContaining('--batch-role') });
    expect(await new RunFolder(folder).read()).toMatchObject({ state: 'running' });
    const env = { AWS_ENDPOINT_URL_S3_CONTROL: server.url, AWS_REGION: 'us-east-1' };
    expect(await runs(['cancel', folder, '--batch-role', ROLE], env)).toMatchObject({ code: 0, err: '' });
    release?.();

    expect(await server.until(jobId)).toMatchObject({ status: 'Cancelled' });
  });
});
