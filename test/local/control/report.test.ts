import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { reportOf, startWorld, type World } from './support/world.ts';

let world: World;
afterEach(async () => world.close());

interface ReportManifest {
  readonly Format: string;
  readonly ReportSchema: string;
  readonly Results: readonly {
    readonly TaskExecutionStatus: string;
    readonly Bucket: string;
    readonly MD5Checksum: string;
    readonly Key: string;
  }[];
}

const fault = ({ key }: { readonly key: string }) =>
  key === 'bad key'
    ? { status: 403, code: 'AccessDenied', message: 'Access Denied, "really"\non two lines' }
    : undefined;

async function manifestOf(id: string): Promise<ReportManifest> {
  return JSON.parse(await world.read(`bulk/run-1/job-${id}/manifest.json`)) as ReportManifest;
}

describe('the completion report', () => {
  it.each([
    ['declared', 'AccessDenied,403', ',200'],
    ['sample', '403,AccessDenied', '200,'],
  ] as const)('has its rows in the %s order', async (reportOrder, refused, done) => {
    world = await startWorld({ reportOrder, fault });
    const version = await world.upload('gööd +');
    const manifest = `docs,g%C3%B6%C3%B6d%20%2B,${version}\ndocs,bad%20key,v\n`;
    const id = await world.create({ manifest, Report: reportOf() });
    await world.control.until(id);

    const { Results, Format, ReportSchema } = await manifestOf(id);
    const parts = await Promise.all(Results.map(async ({ Key }) => world.read(Key)));

    expect([Format, ReportSchema]).toStrictEqual([
      'Report_CSV_20180820',
      'Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage',
    ]);
    expect(Results.map(({ TaskExecutionStatus, Bucket }) => [TaskExecutionStatus, Bucket])).toStrictEqual([
      ['succeeded', 'reports'],
      ['failed', 'reports'],
    ]);
    expect(parts).toStrictEqual([
      `docs,g%C3%B6%C3%B6d+%2B,${version},succeeded,${done},"Successful"\n`,
      `docs,bad+key,v,failed,${refused},"Access Denied, ""really""\non two lines"\n`,
    ]);
    expect(Results.map(({ MD5Checksum }) => MD5Checksum)).toStrictEqual(
      parts.map((text) => createHash('md5').update(text).digest('hex')),
    );
    expect(Results[0]?.Key).toMatch(new RegExp(`^bulk/run-1/job-${id}/results/[0-9a-f]{40}\\.csv$`));
  });

  it('is encrypted with SSE-S3, comes in parts and leaves successes out when asked to', async () => {
    world = await startWorld({ reportPartRows: 2, fault });
    const manifest = 'docs,bad%20key,v\n'.repeat(3) + `docs,good,${await world.upload('good')}\n`;
    const id = await world.create({ manifest, Report: reportOf('FailedTasksOnly') });
    await world.control.until(id);

    const { Results } = await manifestOf(id);
    const head = await world.s3.send(
      new HeadObjectCommand({ Bucket: 'reports', Key: `bulk/run-1/job-${id}/manifest.json` }),
    );

    expect(Results.map(({ TaskExecutionStatus }) => TaskExecutionStatus)).toStrictEqual(['failed', 'failed']);
    expect(head.ServerSideEncryption).toBe('AES256');
  });

  it('is not written when no task ran', async () => {
    world = await startWorld();
    await world.control.until(await world.create({ manifest: 'docs,a,\n', Report: reportOf() }));

    expect((await world.keys('reports')).filter((key) => key.startsWith('bulk/'))).toStrictEqual([]);
  });

  it('tells what was done by a job that failed halfway', async () => {
    world = await startWorld({ fault: () => ({ status: 500, code: 'InternalError', message: 'no' }) });
    const manifest = 'docs,a,v\n'.repeat(1_200);
    const id = await world.create({ manifest, Report: reportOf() });
    const { status } = await world.control.until(id);

    expect(status).toBe('Failed');
    expect((await manifestOf(id)).Results.length).toBeGreaterThan(0);
  });

  it('that cannot be written fails the job', async () => {
    world = await startWorld();
    const version = await world.upload('a');
    const Report = { ...reportOf(), Bucket: 'arn:aws:s3:::missing-bucket' };
    const id = await world.create({ manifest: `docs,a,${version}\n`, Report });

    expect(await world.control.until(id)).toMatchObject({
      status: 'Failed',
      succeeded: 1,
      failures: [{ code: 'ReportNotWritten' }],
    });
  });
});
