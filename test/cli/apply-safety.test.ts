/** What a hostile look at `holdfast apply` found: a run of another plan, and a cap that was lowered meanwhile. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunFolder } from '../../lib/aws/run-folder.ts';
import { type VersionRef } from '../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../helpers/bucket.ts';
import { type Bulk, startBulk } from '../helpers/bulk.ts';
import { fileOf, holdfast, type Ran } from '../helpers/cli.ts';

// Each command is a process of its own.
jest.setTimeout(60_000);

const LAST_DAY = new Date(Date.now() + 200 * 86_400_000).toISOString().slice(0, 10);

let bulk: Bulk;
let bucket: string;
let policy: string;

beforeAll(async () => {
  bulk = await startBulk();
});
afterAll(async () => {
  await bulk.close();
});
beforeEach(async () => {
  bucket = await makeBucket(bulk.client);
  policy = fileOf(
    'policy.yaml',
    `version: 1\nrules:\n  - name: r\n    lock: { mode: GOVERNANCE, until: ${LAST_DAY} }\n`,
  );
});

const newFolder = (): string => join(mkdtempSync(join(tmpdir(), 'holdfast-plan-')), 'plan');
const command = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  holdfast([...args, '--endpoint', bulk.s3.url, '--provider', 'aws'], {
    ...{ AWS_ACCESS_KEY_ID: 'owner', AWS_SECRET_ACCESS_KEY: 'secret' },
    ...env,
  });
const plan = async (folder: string, env?: Readonly<Record<string, string>>): Promise<Ran> =>
  command(['plan', '--bucket', bucket, '--policy', policy, '--out', folder], env);
const apply = async (folder: string, env?: Readonly<Record<string, string>>): Promise<Ran> => {
  const audit = mkdtempSync(join(tmpdir(), 'holdfast-records-'));
  return command(['apply', folder, '--audit-folder', audit], env);
};
const uploads = async (...keys: readonly string[]): Promise<VersionRef[]> =>
  Promise.all(keys.map(async (key) => upload(bulk.client, bucket, key)));
const locked = async (refs: readonly VersionRef[]): Promise<boolean[]> =>
  Promise.all(refs.map(async (ref) => (await bulk.retention(ref)) !== undefined));

describe('the run that an earlier plan left in a folder', () => {
  it('keeps another plan out of it', async () => {
    await uploads('a');
    const folder = newFolder();
    await plan(folder);
    expect(await apply(folder)).toMatchObject({ code: 0 });
    rmSync(join(folder, 'plan.json'));
    await uploads('b');

    expect(await plan(folder)).toMatchObject({
      ...{ code: 2, err: expect.stringContaining('holds a plan already, or the run of one') },
    });
  });

  it('is not the run of the plan that lies there now', async () => {
    const [first, second] = [newFolder(), newFolder()];
    const before = await uploads('a', 'b');
    await plan(first);
    expect(await apply(first)).toMatchObject({ code: 0 });
    const after = await uploads('c', 'd');
    await plan(second);
    cpSync(join(first, 'run'), join(second, 'run'), { recursive: true });
    const earlier = await new RunFolder(second).read();

    expect(await apply(second)).toMatchObject({
      ...{ code: 9, out: '', err: expect.stringContaining(`belongs to ${earlier?.plan ?? '-'}`) },
    });
    expect(await locked([...before, ...after])).toStrictEqual([true, true, false, false]);
    expect(await new RunFolder(second).read()).toStrictEqual(earlier);

    rmSync(join(second, 'run'), { recursive: true });
    expect(await apply(second)).toMatchObject({ code: 0 });
    expect(await locked(after)).toStrictEqual([true, true]);
  });
});

describe('a cap that was lowered since the plan was made', () => {
  it.each([
    ['from one that was named', { HOLDFAST_MAXIMUM: 'P1Y' }],
    ['from none', {}],
  ])('refuses the plan: %s', async (_, given) => {
    const refs = await uploads('a');
    const folder = newFolder();
    expect(await plan(folder, given)).toMatchObject({ code: 0 });

    expect(await apply(folder, { HOLDFAST_MAXIMUM: 'P30D' })).toMatchObject({
      ...{ code: 9, out: '', err: expect.stringContaining('HOLDFAST_MAXIMUM is P30D') },
    });
    expect(await locked(refs)).toStrictEqual([false]);
    expect(await new RunFolder(folder).read()).toBeUndefined();
  });

  it.each(['P1Y', 'P12M', 'P2Y'])('is not one that is %s after P1Y', async (present) => {
    const refs = await uploads('a');
    const folder = newFolder();
    await plan(folder, { HOLDFAST_MAXIMUM: 'P1Y' });

    expect(await apply(folder, { HOLDFAST_MAXIMUM: present })).toMatchObject({ code: 0 });
    expect(await locked(refs)).toStrictEqual([true]);
  });
});
