/** Lists the versions of a bucket with their locks, from any S3 by way of a client. */
import {
  type DeleteMarkerEntry,
  GetObjectLegalHoldCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type ObjectVersion,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { unescapeKey } from '../csv.ts';
import type { InventoryRow } from './row.ts';

/** How many versions are looked at together. */
const TOGETHER = 16;

export async function readRows(s3: S3Client, bucket: string, prefix: string): Promise<InventoryRow[]> {
  const rows: InventoryRow[] = [];
  let marker: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (marker !== undefined) {
    const page: ListObjectVersionsCommandOutput = await s3.send(
      // Keys may hold what XML cannot.
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...marker }),
    );
    const versions = page.Versions ?? [];
    for (let from = 0; from < versions.length; from += TOGETHER) {
      const some = versions.slice(from, from + TOGETHER);
      rows.push(...(await Promise.all(some.map(async (version) => versionRow(s3, bucket, version)))));
    }
    rows.push(...(page.DeleteMarkers ?? []).map((entry) => ({ ...identity(bucket, entry), isMarker: true })));
    marker = page.IsTruncated === true ? markerOf(page.NextKeyMarker, page.NextVersionIdMarker) : undefined;
  }
  return rows;
}

const markerOf = (key: string | undefined, versionId: string | undefined) => ({
  KeyMarker: decoded(key),
  ...(versionId !== undefined && { VersionIdMarker: versionId }),
});

const decoded = (key = ''): string => unescapeKey(key) ?? key;

function identity(bucket: string, entry: ObjectVersion | DeleteMarkerEntry): InventoryRow {
  return {
    bucket,
    key: decoded(entry.Key),
    versionId: entry.VersionId === undefined || entry.VersionId === 'null' ? '' : entry.VersionId,
    isLatest: entry.IsLatest ?? false,
    isMarker: false,
    lastModified: entry.LastModified?.getTime() ?? 0,
  };
}

const ENCRYPTIONS: Readonly<Record<string, string>> = {
  AES256: 'SSE-S3',
  'aws:kms': 'SSE-KMS',
  'aws:kms:dsse': 'DSSE-KMS',
};

async function versionRow(s3: S3Client, Bucket: string, entry: ObjectVersion): Promise<InventoryRow> {
  const row = identity(Bucket, entry);
  const eTag = entry.ETag?.replaceAll('"', '') ?? '';
  const known = {
    ...row,
    size: entry.Size ?? 0,
    eTag,
    storageClass: entry.StorageClass ?? 'STANDARD',
    isMultipart: eTag.includes('-'),
  };
  return { ...known, ...(await lockOf(s3, { Bucket, Key: row.key, VersionId: entry.VersionId })) };
}

type Lock = Pick<InventoryRow, 'encryption' | 'mode' | 'until' | 'hold' | 'eventHold'>;

interface Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId: string | undefined;
}

async function lockOf(s3: S3Client, target: Target): Promise<Lock> {
  const head = await s3.send(new HeadObjectCommand(target)).catch(unless(400));
  if (head === undefined) return { ...(await lockUnderForeignKey(s3, target)), encryption: 'SSE-C' };
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ServerSideEncryption: encryption } = head;
  const { ObjectLockEventHold: eventHold } = head;
  return {
    ...(encryption !== undefined && { encryption: ENCRYPTIONS[encryption] ?? encryption }),
    ...(mode !== undefined && { mode }),
    ...(until !== undefined && { until: until.getTime() }),
    hold: head.ObjectLockLegalHoldStatus ?? 'OFF',
    ...(eventHold !== undefined && { eventHold }),
  };
}

/** A version under a key of the customer is not shown without it; its lock is. */
async function lockUnderForeignKey(s3: S3Client, target: Target): Promise<Lock> {
  const retention = await s3.send(new GetObjectRetentionCommand(target)).catch(unless(400, 404));
  const hold = await s3.send(new GetObjectLegalHoldCommand(target)).catch(unless(400, 404));
  const { Mode: mode, RetainUntilDate: until, EventHold: eventHold } = retention?.Retention ?? {};
  return {
    ...(mode !== undefined && { mode }),
    ...(until !== undefined && { until: until.getTime() }),
    hold: hold?.LegalHold?.Status ?? 'OFF',
    ...(eventHold !== undefined && { eventHold }),
  };
}

const unless =
  (...statuses: readonly number[]) =>
  (error: unknown): undefined => {
    if (error instanceof S3ServiceException && statuses.includes(error.$metadata.httpStatusCode ?? 0))
      return undefined;
    throw error;
  };
