import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { FileAssembly, FileSpool } from '../../../lib/aws/bulk-files.ts';
import { parseStoredPlan } from '../../../lib/aws/plan-folder.ts';
import { S3BulkStore } from '../../../lib/aws/s3-bulk-store.ts';
import { makePlan } from '../../../lib/plan/make-plan.ts';
import { Tally } from '../../../lib/plan/tally.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { HOSTILE } from '../../helpers/bulk.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';
import { changeTo, differenceWith, inDays, PLAN_OPTIONS, rowWith, sha256 } from '../../helpers/plan.ts';
import { allOf } from '../../helpers/records.ts';

let embedded: Embedded;
let client: S3Client;
let bulk: S3BulkStore;

beforeAll(async () => {
  embedded = await startEmbedded();
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  bulk = new S3BulkStore(client, await makeBucket(client, 'versioned'));
});

const left = (): string[] => readdirSync(tmpdir()).filter((name) => /^holdfast-(count|plan)-/.test(name));
const KEYS = ['a', HOSTILE, 'c'];

/** Changes of some keys, counted and kept as a function keeps them. */
async function counted(tally: Tally, name: string, keys: readonly string[], days: number): Promise<void> {
  const spool = await FileSpool.begin(bulk);
  for (const key of keys) {
    const row = rowWith({ key });
    const change = changeTo(inDays(days));
    tally.add(row, differenceWith(change));
    spool.add(row, change, tally.place(change));
    await spool.drained();
  }
  await spool.store(name);
  await spool.close();
}

describe('changes on the way from who counts to who assembles', () => {
  it('become the manifests of the plan, whose own file comes last, and nothing is left on the disk', async () => {
    const before = left();
    const tally = new Tally(86_400_000);
    await counted(tally, 'changes/0.csv', KEYS, 30);
    await counted(tally, 'changes/1.csv', ['d'], 90);
    const { plan, assignment } = makePlan(tally, PLAN_OPTIONS);

    const assembly = await FileAssembly.begin(bulk);
    for (const name of await allOf(bulk.list('changes/'))) await assembly.addLines(bulk.lines(name));
    await assembly.store(plan, assignment, 'plans/p');
    await assembly.close();

    const stored = parseStoredPlan((await allOf(bulk.lines('plans/p/plan.json'))).join('\n'), 'plans/p');
    expect(stored.plan).toStrictEqual(JSON.parse(JSON.stringify(plan)));
    const lists = await Promise.all(
      plan.groups.map(async ({ id }) => allOf(bulk.lines(`plans/p/groups/${id}.csv`))),
    );
    expect(lists.flat().sort()).toStrictEqual(
      [...KEYS, 'd'].map((key) => `acme-docs,${encodeURIComponent(key)},v1`).sort(),
    );
    expect(lists.map((lines) => lines.length)).toStrictEqual(plan.groups.map(({ versions }) => versions));
    for (const [at, { id }] of plan.groups.entries())
      expect(stored.manifests[id]?.sha256).toBe(sha256(`${lists[at]?.join('\n')}\n`));
    expect(left()).toStrictEqual(before);
  });

  it('make no plan where one of them belongs to no group', async () => {
    const tally = new Tally(86_400_000);
    await counted(tally, 'changes/0.csv', KEYS, 30);
    const { plan, assignment } = makePlan(new Tally(86_400_000), PLAN_OPTIONS);
    const assembly = await FileAssembly.begin(bulk);
    await assembly.addLines(bulk.lines('changes/0.csv'));

    await expect(assembly.store(plan, assignment, 'plans/p')).rejects.toThrow('belongs to no group');
    await assembly.close();

    expect(await allOf(bulk.list('plans/'))).toStrictEqual([]);
  });

  it('may be none, and a disk that was given back stays so', async () => {
    const before = left();
    const spool = await FileSpool.begin(bulk);
    await spool.close();
    const empty = await FileSpool.begin(bulk);
    await empty.store('changes/0.csv');
    await empty.close();

    expect(await allOf(bulk.lines('changes/0.csv'))).toStrictEqual([]);
    expect(left()).toStrictEqual(before);
  });
});
