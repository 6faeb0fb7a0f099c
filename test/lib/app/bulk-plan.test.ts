import { PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import {
  type FoundInventory,
  handlePlanMessage,
  type PlanMessage,
  startPlan,
} from '../../../lib/app/bulk-plan.ts';
import { activeRuns } from '../../../lib/app/bulk-runs.ts';
import { passOver } from '../../../lib/app/plan-changes.ts';
import { FileSpool } from '../../../lib/aws/bulk-files.ts';
import { BucketSource } from '../../../lib/aws/byte-source.ts';
import { InventoryListing } from '../../../lib/aws/inventory-listing.ts';
import { readManifest } from '../../../lib/aws/inventory-manifest.ts';
import { parseStoredPlan } from '../../../lib/aws/plan-folder.ts';
import { parseInstant } from '../../../lib/lock/instant.ts';
import { makePlan } from '../../../lib/plan/make-plan.ts';
import { type Plan } from '../../../lib/plan/plan.ts';
import { AWS_PRICES } from '../../../lib/plan/price.ts';
import { type Run } from '../../../lib/runs/run.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { type Bulk, HOSTILE, startBulk } from '../../helpers/bulk.ts';
import { onePolicy } from '../../helpers/deps.ts';
import { type Deployment, deploymentOn, type DeploymentOptions, FREE } from '../../helpers/deployment.ts';
import { sha256 } from '../../helpers/plan.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
const DAY = 86_400_000;
const POLICY = `version: 1
settings: { roundUp: day }
rules:
  - { name: invoices, match: { prefix: invoices/ }, lock: { mode: COMPLIANCE, for: P10Y } }
  - { name: rest, match: { except: [{ prefix: tmp/ }, { prefix: invoices/ }] }, lock: { mode: GOVERNANCE, for: P1Y } }
`;
/** Reads tags, version by version. */
const TAGGED = onePolicy('{ mode: GOVERNANCE, for: P1Y }', '    match: { tags: { class: hr } }\n');

let bulk: Bulk;
let bucket: string;
let now = NOON;

beforeAll(async () => {
  bulk = await startBulk({}, { clock: () => now });
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  bucket = await makeBucket(bulk.client);
  for (const [at, key] of ['invoices/1', 'invoices/2', 'a', 'b', HOSTILE, 'c', 'tmp/x', 'd'].entries()) {
    now = NOON - (40 - at * 5) * DAY;
    await upload(bulk.client, bucket, key);
  }
  now = NOON;
});

const deployment = async (more: Partial<DeploymentOptions> = {}): Promise<Deployment> =>
  deploymentOn(bulk, { policy: POLICY, now: () => now, ...more });
/** All there is of a plan, by name and text. */
const planned = async (at: Deployment, plan: string): Promise<Record<string, string | undefined>> => {
  const names = [`plans/${plan}/plan.json`, ...(await at.names(`plans/${plan}/groups/`))];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await at.text(name)] as const)),
  );
};
const planOf = async (at: Deployment, plan: string): Promise<Plan> =>
  parseStoredPlan((await at.text(`plans/${plan}/plan.json`)) ?? '', plan).plan;
const theOnly = (message: PlanMessage | undefined): PlanMessage => {
  if (message === undefined) throw new Error('there is no message');
  return message;
};
/** Delivers what is waiting until nothing is left; the runs that came of it. */
const drain = async (at: Deployment): Promise<Run[]> => {
  const runs: Run[] = [];
  for (let next = at.messages.shift(); next !== undefined; next = at.messages.shift()) {
    const run = await at.deliver(next);
    if (run !== undefined) runs.push(run);
  }
  return runs;
};
const started = async (at: Deployment, found?: FoundInventory): Promise<{ plan: string; sent: number }> =>
  startPlan(found ?? (await at.inventory(bucket)), at.planning);

describe('planning by many functions', () => {
  it('sends one message for each file of the inventory', async () => {
    const at = await deployment();

    const { plan, sent } = await started(at);

    expect(sent).toBe(3);
    expect(at.messages).toStrictEqual([0, 1, 2].map((part) => ({ kind: 'count', plan, part })));
  });

  it('puts the counts together when the last file is counted, and not before', async () => {
    const at = await deployment();
    const { plan } = await started(at);
    const [one, two, three] = at.messages.splice(0);

    await at.deliver(one);
    await at.deliver(two);
    expect(at.messages).toStrictEqual([]);
    await at.deliver(three);
    expect(at.messages).toStrictEqual([{ kind: 'assemble', plan }]);
    const run = await at.deliver(at.messages.shift());

    expect(run).toMatchObject({ state: 'waiting', folder: `plans/${plan}`, by: 'test' });
    expect(await activeRuns(at.deps.documents)).toStrictEqual([run?.id]);
  });

  it('makes the plan that one pass over the whole inventory makes', async () => {
    const at = await deployment();
    const found = await at.inventory(bucket);
    const { plan: name } = await started(at, found);
    await drain(at);

    const source = new BucketSource(bulk.client, found.bucket);
    const listing = new InventoryListing(source, found.key, await readManifest(source, found.key));
    const policy = at.deps.policy;
    const { tally } = await passOver({ listing, policy, tolerance: DAY, unreadableShare: 0 }, at.deps.store);
    const stored = await planOf(at, name);
    const { plan } = makePlan(tally, {
      policy: { hash: policy.hash },
      listing: {
        ...{ kind: 'inventory', source: listing.source, asOf: found.created },
        fingerprint: listing.fingerprint(),
      },
      goodUntil: parseInstant(stored.goodUntil),
      ...{ prices: AWS_PRICES, choice: 'auto', hasBatch: true, hash: sha256 },
    });

    expect(stored).toStrictEqual(JSON.parse(JSON.stringify(plan)));
    expect(stored.groups.length).toBeGreaterThan(2);
    expect(stored.totals).toMatchObject({ rows: 8, unmatched: 1 });
    const lines = await Promise.all(
      stored.groups.map(async ({ id }) =>
        (await at.text(`plans/${name}/groups/${id}.csv`))?.trimEnd().split('\n'),
      ),
    );
    expect(lines.map((some) => some?.length)).toStrictEqual(stored.groups.map(({ versions }) => versions));
    expect(lines.flat()).toContainEqual(expect.stringContaining(encodeURIComponent(HOSTILE)));
  });

  it('comes to the same bytes and to one run, whatever becomes of the messages', async () => {
    const [calm, wild] = await Promise.all([deployment(), deployment()]);
    const found = await calm.inventory(bucket, 2);
    const { plan } = await started(calm, found);
    const [expected] = await drain(calm);

    // The last first, some twice, one lost; the next schedule sends what is missing, and that twice as well.
    await started(wild, found);
    const [one, two, three, four] = wild.messages.splice(0);
    for (const message of [four, two, two, four, one]) await wild.deliver(message);
    expect(wild.messages).toStrictEqual([]);
    const again = await started(wild, found);
    expect(again).toStrictEqual({ plan, sent: 1 });
    expect(wild.messages.splice(0)).toStrictEqual([three]);
    await wild.deliver(three);
    await wild.deliver(three);
    const assemble: PlanMessage = { kind: 'assemble', plan };
    expect(wild.messages.splice(0)).toStrictEqual([assemble, assemble]);
    now += 60_000;
    const runs = [await wild.deliver(assemble), await wild.deliver(assemble), await wild.deliver(one)];

    expect(runs.map((run) => run?.id)).toStrictEqual([expected?.id, undefined, undefined]);
    expect(await planned(wild, plan)).toStrictEqual(await planned(calm, plan));
    expect(await activeRuns(wild.deps.documents)).toStrictEqual([expected?.id]);
    expect(wild.actions()).toStrictEqual(['planned', 'run-waits']);
  });

  it('counts a file once where several count it at the same moment', async () => {
    const at = await deployment();
    const found = await at.inventory(bucket, 100);
    const { plan } = await started(at, found);
    const [message] = at.messages.splice(0);

    await Promise.all([at.deliver(message), at.deliver(message), at.deliver(message)]);
    const assembled = await Promise.all(at.messages.splice(0).map(async (next) => at.deliver(next)));

    expect(assembled.filter((run) => run !== undefined)).toHaveLength(1);
    const { groups, totals } = await planOf(at, plan);
    expect(totals.rows).toBe(8);
    expect(groups.reduce((sum, { versions }) => sum + versions, 0)).toBe(7);
    expect(await activeRuns(at.deps.documents)).toHaveLength(1);
  });

  it('keeps the changes that were counted, where two read other tags at other moments', async () => {
    const at = await deployment({ policy: TAGGED });
    const hr = async (Key: string): Promise<unknown> =>
      bulk.client.send(
        new PutObjectTaggingCommand({
          ...{ Bucket: bucket, Key },
          Tagging: { TagSet: [{ Key: 'class', Value: 'hr' }] },
        }),
      );
    await hr('a');
    const { plan } = await started(at, await at.inventory(bucket, 100));
    const [message] = at.messages.splice(0);
    // The slower one has read the tags before one more was added, and stores its changes after the faster one has ended.
    const spool = async (): Promise<FileSpool> => {
      const made = await FileSpool.begin(at.planning.bulk);
      const store = made.store.bind(made);
      made.store = async (name): Promise<void> => {
        await hr('b');
        await at.deliver(message);
        await store(name);
      };
      return made;
    };
    await handlePlanMessage(theOnly(message), { ...at.planning, spool });
    await drain(at);

    const { groups } = await planOf(at, plan);
    const lines = await Promise.all(groups.map(async ({ id }) => at.text(`plans/${plan}/groups/${id}.csv`)));
    expect(groups.map(({ versions }) => versions)).toStrictEqual([1, 1]);
    expect(lines).toStrictEqual(
      [expect.stringContaining(`${bucket},b,`), expect.stringContaining(`${bucket},a,`)].reverse(),
    );
  });

  it('goes on where a function ended between the run and the list of runs', async () => {
    const at = await deployment();
    await started(at);
    const messages: PlanMessage[] = [];
    for (let next = at.messages.shift(); next !== undefined; next = at.messages.shift()) {
      messages.push(next);
      if (next.kind === 'count') await at.deliver(next);
    }
    const assemble = theOnly(messages.at(-1));
    const { documents } = at.deps;
    const dying = {
      ...{ get: documents.get.bind(documents) },
      put: async (...[name, body, expected]: Parameters<typeof documents.put>) => {
        if (name === 'runs/active.json') throw new Error('killed');
        return documents.put(name, body, expected);
      },
    };
    await expect(handlePlanMessage(assemble, { ...at.planning, documents: dying })).rejects.toThrow('killed');
    expect(await activeRuns(documents)).toStrictEqual([]);

    await at.deliver(assemble);

    expect(await activeRuns(documents)).toHaveLength(1);
  });

  it('lists no run again that is over', async () => {
    const at = await deployment({ planning: { rails: FREE } });
    const { plan } = await started(at);
    const [run] = await drain(at);
    const held = await at.deps.documents.get(`runs/${run?.id}/run.json`);
    await at.put(
      `runs/${run?.id}/run.json`,
      JSON.stringify({ ...JSON.parse(held?.body ?? ''), state: 'done' }),
    );
    await at.put('runs/active.json', '[]');

    expect(await at.deliver({ kind: 'assemble', plan })).toBeUndefined();

    expect(await activeRuns(at.deps.documents)).toStrictEqual([]);
  });

  it('begins nothing again once there is a plan', async () => {
    const at = await deployment();
    const found = await at.inventory(bucket);
    await started(at, found);
    await drain(at);

    expect(await started(at, found)).toMatchObject({ sent: 0 });
    expect(at.messages).toStrictEqual([]);
  });

  it('puts the counts together when only that message was lost', async () => {
    const at = await deployment();
    const found = await at.inventory(bucket);
    const { plan } = await started(at, found);
    for (const message of at.messages.splice(0)) await at.deliver(message);
    at.messages.splice(0);

    expect(await started(at, found)).toStrictEqual({ plan, sent: 1 });
    expect(await drain(at)).toHaveLength(1);
  });

  it('makes another plan of another inventory, tolerance or policy', async () => {
    const [at, coarse] = await Promise.all([deployment(), deployment({ planning: { tolerance: 7 * DAY } })]);
    const found = await at.inventory(bucket);
    const ids = [(await started(at, found)).plan, (await started(coarse, found)).plan];
    ids.push((await started(at)).plan);
    at.activate(POLICY.replace('P1Y', 'P2Y'), 'other');
    ids.push((await started(at, found)).plan);

    expect(new Set(ids).size).toBe(4);
  });

  it('plans nothing by a policy that is not in force any more', async () => {
    const at = await deployment();
    const { plan } = await started(at);
    for (const message of at.messages.splice(0)) await at.deliver(message);
    const [assemble] = at.messages;
    at.activate(POLICY, 'other');

    expect(await at.deliver(assemble)).toBeUndefined();
    expect(await at.deliver({ kind: 'count', plan, part: 0 })).toBeUndefined();

    expect(await at.text(`plans/${plan}/plan.json`)).toBeUndefined();
    expect(await activeRuns(at.deps.documents)).toStrictEqual([]);
  });

  it('counts no further file by a policy that came meanwhile', async () => {
    const at = await deployment();
    const { plan } = await started(at);
    at.activate(POLICY, 'other');

    await drain(at);

    expect(await at.names(`plans/${plan}/counts/`)).toStrictEqual([]);
  });

  it('refuses a manifest that is not the one it began with, and leaves nothing on its disk', async () => {
    const at = await deployment();
    const found = await at.inventory(bucket);
    const { plan } = await started(at, { ...found, hash: 'another' });
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('holdfast-count-'));

    await expect(at.deliver(at.messages.shift())).rejects.toMatchObject({ code: 'moved' });

    expect(await at.names(`plans/${plan}/counts/`)).toStrictEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('holdfast-count-'))).toStrictEqual(before);
  });

  it('knows nothing of a plan that was never begun', async () => {
    const at = await deployment();

    expect(await at.deliver({ kind: 'count', plan: 'p-0123456789abcdef', part: 0 })).toBeUndefined();
    expect(await at.names('')).toStrictEqual([]);
  });

  it('finds nothing to do in a bucket that holds nothing', async () => {
    const at = await deployment();
    const { plan } = await started(at, await at.inventory(await makeBucket(bulk.client)));

    expect(await drain(at)).toStrictEqual([]);

    expect((await planOf(at, plan)).totals.rows).toBe(0);
  });
});

describe('a plan', () => {
  it('waits for approval where it goes beyond the guardrails, and says why', async () => {
    const at = await deployment({
      planning: { rails: { versions: 3, usd: 0, share: 0.5, newlyCompliance: 0 } },
    });
    await started(at);

    const [run] = await drain(at);

    expect(run).toMatchObject({ state: 'waiting' });
    expect(run?.waitsFor).toStrictEqual([
      '7 versions would change, and 3 are allowed',
      expect.stringMatching(/^it costs \$.*, and \$0 are allowed$/),
      `87.5 % of the bucket ${bucket} would change, and 50 % are allowed`,
      '2 versions would come under COMPLIANCE newly or for over 90 days longer, and 0 are allowed',
    ]);
    expect(at.deeds().slice(1)).toMatchObject([
      {
        action: 'run-waits',
        policy: 'policy-hash',
        cause: run?.id,
        detail: expect.stringContaining('COMPLIANCE'),
      },
    ]);
  });

  it('goes ahead within them, without a word', async () => {
    const at = await deployment({ planning: { rails: FREE } });
    await started(at);

    const [run] = await drain(at);

    expect(run).toMatchObject({ state: 'approved', waitsFor: [], policy: 'policy-hash' });
    expect(at.actions()).toStrictEqual(['planned']);
  });

  it('of which nothing would change makes no run', async () => {
    const at = await deployment({ policy: onePolicy('{ mode: GOVERNANCE, for: P1D }') });
    const { plan } = await started(at);

    expect(await drain(at)).toStrictEqual([]);

    expect(await planOf(at, plan)).toMatchObject({ groups: [], totals: { rows: 8, termOver: 8 } });
    expect(await at.names('runs/')).toStrictEqual([]);
  });
});
