import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateJobCommand, type JobManifestFieldName } from '@aws-sdk/client-s3-control';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type JobInput, startWorld, type World } from './support/world.ts';

let world: World;
let version: string;

beforeAll(async () => {
  world = await startWorld();
  version = await world.upload('a b+c%ü.txt');
});

afterAll(async () => world.close());

async function endOf(input: JobInput): Promise<[string, number, string | undefined]> {
  const { status, succeeded, failures } = await world.control.until(await world.create(input));
  return [status, succeeded, failures[0]?.code];
}

async function withFields(manifest: string, ...Fields: JobManifestFieldName[]): Promise<string> {
  const job = await world.jobOf({ manifest });
  const Location = job.Manifest?.Location;
  const Spec = { Format: 'S3BatchOperations_CSV_20180820' as const, Fields };
  const { JobId = '' } = await world.batch.send(
    new CreateJobCommand({ ...job, Manifest: { Spec, Location } }),
  );
  return JobId;
}

describe('a manifest', () => {
  it.each([
    ['as documented', (v: string) => `docs,a%20b%2Bc%25%C3%BC.txt,${v}\n`],
    ['without an end of its last line', (v: string) => `docs,a%20b%2Bc%25%C3%BC.txt,${v}`],
    ['with a plus for a space, quotes and CRLF', (v: string) => `"docs","a+b%2Bc%25%C3%BC.txt","${v}"\r\n`],
  ])('%s runs', async (_what, manifest) => {
    expect(await endOf({ manifest: manifest(version) })).toStrictEqual(['Complete', 1, undefined]);
  });

  it.each([
    ['with a header row', (row: string) => `Bucket,Key,VersionId\n${row}`],
    ['with an empty version id', (row: string) => `${row}docs,other,\n`],
    ['with a malformed escape', (row: string) => `${row}docs,100%,v\n`],
    ['with a plain percent sign before letters', (row: string) => `${row}docs,a%zz,v\n`],
    ['with an escape that is not UTF-8', (row: string) => `${row}docs,%FF,v\n`],
    ['with a row of other columns', (row: string) => `${row}docs,other\n`],
    ['with a blank line', (row: string) => `${row}\n${row}`],
    ['with a blank line at its end', (row: string) => `${row}\n`],
    ['with a byte order mark', (row: string) => `\ufeff${row}`],
    ['with two buckets', (row: string) => `${row}plain,other,v\n`],
    ['with a quote inside a cell', (row: string) => `${row}docs,a"b,v\n`],
    ['without rows', () => ''],
  ])('%s fails the job before any task', async (_what, manifest) => {
    const row = `docs,a%20b%2Bc%25%C3%BC.txt,${version}\n`;

    expect(await endOf({ manifest: manifest(row) })).toStrictEqual(['Failed', 0, 'ManifestContent']);
  });

  it('whose raw plus is a space names another object', async () => {
    const { status, failed } = await world.control.until(
      await world.create({ manifest: `docs,a%20b+c%25%C3%BC.txt,${version}\n` }),
    );

    expect([status, failed]).toStrictEqual(['Complete', 1]);
  });

  it('is read by the columns that are declared', async () => {
    const id = await withFields(`1,a%20b%2Bc%25%C3%BC.txt,docs,2\n`, 'Ignore', 'Key', 'Bucket', 'Ignore');

    expect(await world.control.until(id)).toMatchObject({ status: 'Complete', succeeded: 1 });
  });

  it('of another ETag fails the job', async () => {
    const job = await world.jobOf({ manifest: `docs,a,${version}\n` });
    const Location = { ObjectArn: job.Manifest?.Location?.ObjectArn, ETag: 'f'.repeat(32) };
    const { JobId = '' } = await world.batch.send(
      new CreateJobCommand({ ...job, Manifest: { Spec: job.Manifest?.Spec, Location } }),
    );

    expect((await world.control.until(JobId)).failures[0]?.code).toBe('ManifestETag');
  });

  it('that is not there fails the job', async () => {
    const job = await world.jobOf({ manifest: `docs,a,${version}\n` });
    const Location = { ObjectArn: 'arn:aws:s3:::reports/missing', ETag: 'f'.repeat(32) };
    const { JobId = '' } = await world.batch.send(
      new CreateJobCommand({ ...job, Manifest: { Spec: job.Manifest?.Spec, Location } }),
    );

    expect((await world.control.until(JobId)).failures[0]?.code).toBe('ManifestNotReadable');
  });

  it('under a KMS key fails the job', async () => {
    const job = await world.jobOf({});
    const { ETag } = await world.s3.send(
      new PutObjectCommand({
        Bucket: 'reports',
        Key: 'kms.csv',
        Body: `docs,a%20b%2Bc%25%C3%BC.txt,${version}\n`,
        ServerSideEncryption: 'aws:kms',
      }),
    );
    const Location = { ObjectArn: 'arn:aws:s3:::reports/kms.csv', ETag };
    const { JobId = '' } = await world.batch.send(
      new CreateJobCommand({ ...job, Manifest: { Spec: job.Manifest?.Spec, Location } }),
    );

    expect((await world.control.until(JobId)).failures[0]?.code).toBe('ManifestEncryption');
  });
});

describe('an inventory as a manifest', () => {
  interface Change {
    readonly rows?: string;
    readonly fileFormat?: string;
    readonly md5?: string;
  }

  async function jobFor({ rows, fileFormat = 'CSV', md5 }: Change): Promise<string> {
    const data = gzipSync(rows ?? `"docs","a+b%2Bc%25%C3%BC.txt","${version}","true","1"\n`);
    const key = 'inventory/data/1.csv.gz';
    const MD5checksum = md5 ?? createHash('md5').update(data).digest('hex');
    await world.s3.send(new PutObjectCommand({ Bucket: 'reports', Key: key, Body: data }));
    const manifest = {
      sourceBucket: 'docs',
      destinationBucket: 'arn:aws:s3:::reports',
      version: '2016-11-30',
      creationTimestamp: '1795219200000',
      fileFormat,
      fileSchema: 'Bucket, Key, VersionId, IsLatest, Size',
      files: [{ key, size: data.length, MD5checksum }],
    };
    const job = await world.jobOf({ manifest: JSON.stringify(manifest) });
    const Spec = { Format: 'S3InventoryReport_CSV_20161130' as const };
    const Manifest = { Spec, Location: job.Manifest?.Location };
    const { JobId = '' } = await world.batch.send(new CreateJobCommand({ ...job, Manifest }));
    return JobId;
  }

  it('names the objects of its files', async () => {
    expect(await world.control.until(await jobFor({}))).toMatchObject({ status: 'Complete', succeeded: 1 });
  });

  it.each([
    ['in Parquet', { fileFormat: 'Parquet' }, 'InventoryManifest'],
    ['whose file has another MD5', { md5: 'f'.repeat(32) }, 'InventoryManifest'],
    ['with the null version of an object', { rows: '"docs","a","","true","1"\n' }, 'ManifestContent'],
  ])('%s fails the job', async (_what, change, code) => {
    const { status, failures } = await world.control.until(await jobFor(change));

    expect([status, failures[0]?.code]).toStrictEqual(['Failed', code]);
  });
});
