import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  type WriteStream,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkManifest, groupFile, PlanWriter, readPlan, sha256 } from '../../../lib/aws/plan-folder.ts';
import { RunFolder } from '../../../lib/aws/run-folder.ts';
import { type PlannedChange } from '../../../lib/plan/difference.ts';
import { makePlan } from '../../../lib/plan/make-plan.ts';
import { type Plan } from '../../../lib/plan/plan.ts';
import { Tally } from '../../../lib/plan/tally.ts';
import { HOSTILE } from '../../helpers/bulk.ts';
import { changeTo, DAY, differenceWith, inDays, PLAN_OPTIONS, rowWith } from '../../helpers/plan.ts';
import { allOf } from '../../helpers/records.ts';

let folder: string;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'holdfast-plan-')), 'plan');
});

type Row = Parameters<typeof rowWith>[0];

async function written(
  changes: readonly (readonly [Row, PlannedChange])[],
  writing?: PlanWriter,
): Promise<Plan> {
  const writer = writing ?? (await PlanWriter.begin(folder));
  const tally = new Tally(DAY);
  for (const [parts, change] of changes) {
    const row = rowWith(parts);
    tally.add(row, differenceWith(change));
    writer.add(row, change, tally.place(change));
    await writer.drained();
  }
  const { plan, assignment } = makePlan(tally, PLAN_OPTIONS);
  await writer.finish(plan, assignment);
  return plan;
}

const three = async (): Promise<Plan> =>
  written(['a', 'b', 'c'].map((key) => [{ key }, changeTo(inDays(100))] as const));
const rowsOf = async (group: string): Promise<unknown[]> => allOf(new RunFolder(folder).rows(group));
const planFile = (): string => join(folder, 'plan.json');

describe('a plan', () => {
  it('is read back as it was made, by its folder or by its file', async () => {
    const plan = await three();

    for (const path of [folder, planFile()]) {
      const found = await readPlan(path);
      expect(found).toMatchObject({ plan, manifests: { g001: { rows: 3 } } });
      expect(found.folder.replace(/\/$/, '')).toBe(folder);
    }
  });

  it('waits for a slow disk as often as it must, and nobody goes on listening', async () => {
    const writer = await PlanWriter.begin(folder);
    const { spool } = writer as unknown as { readonly spool: WriteStream };
    const listening = (): number[] => ['drain', 'close', 'error'].map((event) => spool.listenerCount(event));
    const before = listening();
    let waits = 0;
    for (let at = 0; at < 20; at += 1) {
      writer.addLine('x'.repeat(1 << 20));
      if (spool.writableNeedDrain) waits += 1;
      await writer.drained();
    }

    expect(waits).toBeGreaterThan(1);
    expect(listening()).toStrictEqual(before);
    await writer.abandon();
  });

  it('keeps the versions of each group, whatever their keys and ids', async () => {
    await written([
      [{ key: HOSTILE, versionId: 'null' }, changeTo(inDays(100))],
      [{ key: 'far' }, changeTo(inDays(300))],
      [{ key: 'held' }, { ...changeTo(inDays(0)), write: { kind: 'hold-on' } }],
      [{ key: 'a,b' }, changeTo(inDays(100))],
      [{ bucket: 'acme-other', key: 'c' }, changeTo(inDays(100))],
    ]);
    const { plan } = await readPlan(folder);

    const found = await Promise.all(plan.groups.map(async ({ id }) => rowsOf(id)));

    const ref = (key: string, more: object = {}): object => ({
      bucket: 'acme-docs',
      key,
      versionId: 'v1',
      ...more,
    });
    expect(plan.groups.map(({ to }, at) => [to, found[at]])).toStrictEqual(
      expect.arrayContaining([
        [
          'GOVERNANCE',
          [
            { at: 0, ref: ref(HOSTILE, { versionId: 'null' }) },
            { at: 1, ref: ref('a,b') },
          ],
        ],
        ['GOVERNANCE', [{ at: 0, ref: ref('far') }]],
        ['hold', [{ at: 0, ref: ref('held') }]],
        ['GOVERNANCE', [{ at: 0, ref: ref('c', { bucket: 'acme-other' }) }]],
      ]),
    );
    expect(plan.groups).toHaveLength(4);
  });

  it('keeps a date for each version where there is no room for a shared one', async () => {
    const until = inDays(100.3);
    await written([[{ key: 'a' }, changeTo(until, { notAfter: until })]]);

    const { plan } = await readPlan(folder);
    expect(plan.groups).toMatchObject([{ route: 'own-date', engine: 'direct' }]);
    expect(await rowsOf('g001')).toMatchObject([{ until: '2027-02-26T08:12:00Z' }]);
  });

  it('forgets a first pass when a second begins', async () => {
    const writer = await PlanWriter.begin(folder);
    const change = changeTo(inDays(100));
    writer.add(rowWith({ key: 'first' }), change, new Tally(DAY).place(change));
    await writer.restart();
    await written([[{ key: 'second' }, change]], writer);

    expect(await rowsOf('g001')).toMatchObject([{ ref: { key: 'second' } }]);
  });

  it('leaves nothing but itself behind', async () => {
    await three();

    expect(readdirSync(folder).sort()).toStrictEqual(['groups', 'plan.json']);
  });

  it('is never written over', async () => {
    await three();

    await expect(PlanWriter.begin(folder)).rejects.toMatchObject({
      ...{ code: 'bad-input', message: expect.stringContaining('holds a plan already') },
    });
  });

  // The files of groups are appended to, and begin() leaves those of a killed pass where they are.
  it('has nothing of a pass that was killed before its end', async () => {
    mkdirSync(join(folder, 'groups'), { recursive: true });
    writeFileSync(groupFile(folder, 'g001'), 'acme-docs,stale,v1\n');
    await three();
    const { manifests } = await readPlan(folder);

    expect(await rowsOf('g001')).toHaveLength(manifests.g001?.rows ?? 0);
  });

  it('that was abandoned is none', async () => {
    const writer = await PlanWriter.begin(folder);
    const change = changeTo(inDays(100));
    writer.add(rowWith(), change, new Tally(DAY).place(change));
    await writer.abandon();

    expect(existsSync(planFile())).toBe(false);
    await expect(readPlan(folder)).rejects.toMatchObject({ code: 'bad-input' });
    await three();
  });

  it('cannot be begun where nothing can be written', async () => {
    mkdirSync(join(folder, '..'), { recursive: true });
    writeFileSync(folder, 'a file');

    await expect(PlanWriter.begin(folder)).rejects.toMatchObject({
      ...{ code: 'bad-input', message: expect.stringContaining('--out') },
    });
  });
});

describe('a plan that was changed', () => {
  it.each([
    ['another date', '2027-02-26T', '2028-02-26T'],
    ['another mode', '"to": "GOVERNANCE"', '"to": "COMPLIANCE"'],
    ['another bucket', '"bucket": "acme-docs"', '"bucket": "acme-other"'],
    ['another number of versions', '"versions": 3', '"versions": 4'],
    ['another policy', 'policy-hash', 'policy-hush'],
    ['another listing', '"fingerprint": "f"', '"fingerprint": "g"'],
    ['another tolerance', '"tolerance": 86400000', '"tolerance": 96400000'],
    ['another age', '"goodUntil": "2026', '"goodUntil": "2027'],
    ['another name', '"id": "plan-', '"id": "plan-0'.slice(0, -1)],
  ])('is refused: %s', async (name, from, to) => {
    await three();
    const text = readFileSync(planFile(), 'utf8');
    expect(text).toContain(from);
    const changed =
      name === 'another name'
        ? text.replace(/plan-[0-9a-f]{16}/, 'plan-0123456789abcdef')
        : text.replaceAll(from, to);
    writeFileSync(planFile(), changed);

    await expect(readPlan(folder)).rejects.toMatchObject({
      ...{ code: 'moved', exitCode: 9, message: expect.stringContaining('was changed after it was made') },
    });
  });

  it.each([
    ['half of it', '{"plan":{"version":1'],
    ['another version of it', '{"plan":{"version":2},"manifests":{}}'],
    ['nothing', ''],
  ])('into %s is none', async (_, text) => {
    await three();
    writeFileSync(planFile(), text);

    await expect(readPlan(folder)).rejects.toMatchObject({ code: 'bad-input' });
  });
});

describe('the versions of a group', () => {
  it('are those of the plan as long as their file is what it was', async () => {
    await three();
    const { manifests } = await readPlan(folder);
    const { g001 } = manifests;
    if (g001 === undefined) throw new Error('there is no group');
    const path = groupFile(folder, 'g001');
    expect(g001).toStrictEqual({ rows: 3, sha256: sha256(readFileSync(path, 'utf8')) });

    await checkManifest(folder, 'g001', g001);

    writeFileSync(path, readFileSync(path, 'utf8').replace(',a,', ',d,'));
    await expect(checkManifest(folder, 'g001', g001)).rejects.toMatchObject({ code: 'moved' });

    rmSync(path);
    await expect(checkManifest(folder, 'g001', g001)).rejects.toMatchObject({
      ...{ code: 'moved', message: expect.stringContaining('cannot be read') },
    });
  });
});
