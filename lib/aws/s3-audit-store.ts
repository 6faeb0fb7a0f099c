/** Keeps batches of records as gzipped objects in a bucket whose default rule locks them. */
import { gzipSync, gunzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { type Batch } from '../audit/chain.ts';
import { type FoundBatch } from '../audit/verify.ts';
import { type AuditStore } from '../ports/audit-store.ts';

export interface S3AuditStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  readonly expectedBucketOwner?: string;
}

const PREFIX = 'records/';
const SUFFIX = '.ndjson.gz';
/** How many batches are fetched at once. */
const FETCHES = 16;

/**
 * The audit store on S3. A batch is one object, never written over: `records/<name>.ndjson.gz`.
 * Writing needs nothing but s3:PutObject; the lock comes from the default rule of the bucket.
 */
export class S3AuditStore implements AuditStore {
  private readonly client: S3Client;
  private readonly bucket: { Bucket: string; ExpectedBucketOwner?: string };

  constructor({ client, bucket, expectedBucketOwner }: S3AuditStoreOptions) {
    this.client = client;
    this.bucket = {
      Bucket: bucket,
      ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
    };
  }

  async put({ name, lines }: Batch): Promise<void> {
    try {
      await this.client.send(this.putCommand(name, lines));
    } catch (error) {
      // The name carries the hash: what already lies there is this batch, stored before its answer was lost.
      if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412) return;
      throw error;
    }
  }

  private putCommand(name: string, lines: readonly string[]): PutObjectCommand {
    return new PutObjectCommand({
      ...this.bucket,
      Key: `${PREFIX}${name}${SUFFIX}`,
      IfNoneMatch: '*',
      Body: gzipSync(`${lines.join('\n')}\n`),
      ContentType: 'application/x-ndjson',
      ContentEncoding: 'gzip',
      // Uploads into a bucket with a default rule must prove that they arrived whole.
      ChecksumAlgorithm: 'SHA256',
    });
  }

  /** The batches of a prefix such as `2026/11/20/`, or all of them, in the order of their names. */
  async *read(prefix = ''): AsyncGenerator<FoundBatch> {
    for await (const page of this.pages(prefix)) {
      for (let at = 0; at < page.length; at += FETCHES) {
        yield* await Promise.all(page.slice(at, at + FETCHES).map(async (entry) => this.fetch(entry)));
      }
    }
  }

  /** The names of the batches of a prefix, without reading them. */
  async *names(prefix: string): AsyncGenerator<string> {
    for await (const page of this.pages(prefix)) for (const { key } of page) yield nameOf(key);
  }

  private async *pages(prefix: string): AsyncGenerator<readonly Listed[]> {
    let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (marker !== undefined) {
      const input = { ...this.bucket, Prefix: `${PREFIX}${prefix}`, ...marker };
      const page: ListObjectVersionsCommandOutput = await this.client.send(
        new ListObjectVersionsCommand(input),
      );
      yield oldestOfEach(page);
      marker =
        page.IsTruncated === true && page.NextKeyMarker !== undefined
          ? {
              KeyMarker: page.NextKeyMarker,
              ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }),
            }
          : undefined;
    }
  }

  private async fetch({ key, versionId, storedAt, versions }: Listed): Promise<FoundBatch> {
    const { Body } = await this.client.send(
      new GetObjectCommand({ ...this.bucket, Key: key, VersionId: versionId }),
    );
    const bytes = Body === undefined ? new Uint8Array() : await Body.transformToByteArray();
    return { name: nameOf(key), text: unpack(bytes), storedAt, versions };
  }
}

interface Listed {
  readonly key: string;
  readonly versionId: string;
  readonly storedAt: number;
  readonly versions: number;
}

/** The first version of each key is the one that its writer stored; any other is somebody else's. */
function oldestOfEach({ Versions = [] }: ListObjectVersionsCommandOutput): Listed[] {
  const byKey = new Map<string, Listed>();
  for (const { Key, VersionId, LastModified } of Versions) {
    if (Key === undefined || VersionId === undefined || LastModified === undefined) continue;
    const newer = byKey.get(Key)?.versions ?? 0;
    byKey.set(Key, { key: Key, versionId: VersionId, storedAt: LastModified.getTime(), versions: newer + 1 });
  }
  return [...byKey.values()];
}

function nameOf(key: string): string {
  return key.slice(PREFIX.length).replace(/\.ndjson\.gz$/, '');
}

function unpack(bytes: Uint8Array): string | undefined {
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch {
    return undefined;
  }
}
