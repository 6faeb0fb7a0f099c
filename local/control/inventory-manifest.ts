/** The data files behind the manifest.json of an S3 Inventory, as jobs take them: CSV alone. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { JobError } from './errors.ts';
import type { Field } from './manifest-node.ts';

interface Listed {
  readonly key: string;
  readonly md5: string;
}

/** The rows of an inventory, file by file, and what its columns are to a job. */
export interface InventoryRows {
  readonly parts: readonly Buffer[];
  readonly fields: readonly Field[];
}

export async function readInventory(s3: S3Client, manifest: Buffer): Promise<InventoryRows> {
  const { bucket, files, fields } = readDocument(manifest);
  const parts: Buffer[] = [];
  for (const file of files) parts.push(await readFile(s3, bucket, file));
  return { parts, fields };
}

async function readFile(s3: S3Client, Bucket: string, { key: Key, md5 }: Listed): Promise<Buffer> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    if (createHash('md5').update(bytes).digest('hex') !== md5) throw new Error('its MD5 is another');
    return gunzipSync(bytes);
  } catch (error) {
    throw wrong(`${Key}: ${String(error)}`);
  }
}

function readDocument(manifest: Buffer): { bucket: string; files: Listed[]; fields: Field[] } {
  const { fileFormat, fileSchema, destinationBucket, files } = parseObject(manifest);
  if (fileFormat !== 'CSV') throw wrong('jobs read inventories in CSV alone');
  if (typeof fileSchema !== 'string' || typeof destinationBucket !== 'string' || !Array.isArray(files))
    throw wrong('it is not the manifest.json of an inventory');
  return {
    bucket: destinationBucket.replace(/^arn:aws[a-z-]*:s3:::/, ''),
    files: files.map(listedOf),
    fields: fileSchema.split(',').map((name) => fieldOf(name.trim())),
  };
}

function listedOf(file: unknown): Listed {
  const { key, MD5checksum } = isRecord(file) ? file : {};
  if (typeof key !== 'string' || typeof MD5checksum !== 'string')
    throw wrong('a file of it has no key or MD5');
  return { key, md5: MD5checksum };
}

const fieldOf = (name: string): Field =>
  name === 'Bucket' || name === 'Key' || name === 'VersionId' ? name : 'Ignore';

function parseObject(manifest: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(manifest.toString());
    return isRecord(value) ? value : {};
  } catch {
    throw wrong('it is not JSON');
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wrong = (what: string): JobError =>
  new JobError('InventoryManifest', `The inventory manifest is wrong: ${what}.`);
