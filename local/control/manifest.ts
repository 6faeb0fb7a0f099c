/** Reads the list of a job's tasks from its manifest; a list that is not as documented fails the job. */
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { parseCsv, unescapeKey } from '../csv.ts';
import { JobError } from './errors.ts';
import { readInventory } from './inventory-manifest.ts';
import type { Field, Manifest, ManifestObject } from './manifest-node.ts';
import type { Task } from './types.ts';

const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export async function readManifest(s3: S3Client, manifest: Manifest): Promise<readonly Task[]> {
  const { object } = manifest;
  const answer = await fetchManifest(s3, object);
  const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
  switch (manifest.format) {
    case 'S3BatchOperations_CSV_20180820':
      if (answer.ServerSideEncryption?.startsWith('aws:') === true)
        throw new JobError('ManifestEncryption', 'A CSV manifest is encrypted with SSE-S3 alone.');
      return tasksOf(csvRows(body), manifest.fields);
    case 'S3InventoryReport_CSV_20161130': {
      const { parts, fields } = await readInventory(s3, body);
      return tasksOf(
        parts.flatMap((part) => csvRows(part)),
        fields,
      );
    }
  }
}

async function fetchManifest(s3: S3Client, object: ManifestObject): Promise<GetObjectCommandOutput> {
  const { bucket: Bucket, key: Key, versionId: VersionId } = object;
  const answer = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId })).catch((error: unknown) => {
    throw new JobError('ManifestNotReadable', `The manifest could not be read: ${String(error)}`);
  });
  if (answer.ETag?.replaceAll('"', '') !== object.eTag)
    throw new JobError('ManifestETag', 'The ETag of the manifest is not the one that the job was given.');
  return answer;
}

function csvRows(body: Buffer): string[][] {
  if (body.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])))
    throw wrong('it begins with a byte order mark');
  const rows = parseCsv(decodeUtf8(body));
  if (rows === undefined) throw wrong('its quotes do not match');
  return rows;
}

function decodeUtf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw wrong('it is not UTF-8');
  }
}

function tasksOf(rows: readonly (readonly string[])[], fields: readonly Field[]): Task[] {
  if (rows.length === 0) throw wrong('it names no object');
  const tasks = rows.map((row, index) => taskOf(row, fields, index + 1));
  const buckets = new Set(tasks.map(({ bucket }) => bucket));
  if (buckets.size > 1) throw wrong(`it names several buckets: ${[...buckets].slice(0, 3).join(', ')}`);
  return tasks;
}

function taskOf(row: readonly string[], fields: readonly Field[], line: number): Task {
  if (row.length !== fields.length)
    throw wrong(`row ${line} has ${row.length} columns where ${fields.length} are declared`);
  const bucket = row[fields.indexOf('Bucket')] ?? '';
  if (!BUCKET_NAME.test(bucket)) throw wrong(`row ${line} names no bucket but "${bucket}"`);
  const key = unescapeKey(row[fields.indexOf('Key')] ?? '');
  if (key === undefined || key === '') throw wrong(`the key of row ${line} is not URL-encoded`);
  const column = fields.indexOf('VersionId');
  if (column < 0) return { bucket, key };
  const versionId = row[column] ?? '';
  // An inventory has such cells for null versions; jobs do not take them either.
  if (versionId === '') throw wrong(`row ${line} has no version id in its column`);
  return { bucket, key, versionId };
}

const wrong = (what: string): JobError => new JobError('ManifestContent', `The manifest is wrong: ${what}.`);
