/** Act one: samples are uploaded, tagged and copied as a user would, and each is locked within seconds. */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Act } from './act.ts';
import { publishEvent, type SeenLock, type Stage } from './stage.ts';

interface Sample {
  readonly did: string;
  readonly key: string;
  readonly rule: string;
  readonly mode: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly tagLater?: Readonly<Record<string, string>>;
  readonly parts?: number;
  readonly copyOf?: string;
}

export interface UploadRow {
  readonly object: string;
  readonly did: string;
  readonly rule: string;
  readonly before: string;
  readonly after: string;
  readonly seconds: number | null;
  readonly record: string;
  readonly remark: string;
  readonly ok: boolean;
}

/** S3 wants 5 MiB in every part but the last. */
const PART = 5 * 1_048_576;

export async function uploadAct(stage: Stage): Promise<Act<UploadRow>> {
  const samples = JSON.parse(
    readFileSync(resolve(import.meta.dirname, '../../events/tour.json'), 'utf8'),
  ) as Sample[];
  const versions = new Map<string, string | undefined>();
  const rows: UploadRow[] = [];
  for (const sample of samples) rows.push(await play(sample, stage, versions));
  return { name: 'uploaded, and locked', rows, ok: rows.every(({ ok }) => ok) };
}

async function play(
  sample: Sample,
  stage: Stage,
  versions: Map<string, string | undefined>,
): Promise<UploadRow> {
  const { key } = sample;
  const outcome = stage.outcomeOf(key);
  const versionId = (await perform(sample, stage)) ?? versions.get(key);
  const start = performance.now();
  versions.set(key, versionId);
  if (stage.outside) {
    publishEvent(
      stage,
      sample.tagLater === undefined ? 'Object Created' : 'Object Tags Added',
      key,
      versionId,
    );
  }

  const record = await outcome;
  const seconds = record === undefined ? null : Math.round((performance.now() - start) / 10) / 100;
  const stored = await storedLock(stage, key, record?.versionId ?? versionId);
  const sameLock = stored !== undefined && sameMoment(stored.until, record?.after?.until);
  return {
    object: key,
    did: sample.did,
    rule: record?.decidedBy ?? '',
    before: lockText(record?.before),
    after: lockText(stored),
    seconds,
    record: record?.id ?? '',
    remark: record === undefined ? 'no record came' : (record.reports?.[0]?.detail ?? record.next ?? ''),
    ok: record?.decidedBy === sample.rule && stored?.mode === sample.mode && sameLock,
  };
}

/** Makes the change with real requests; answers the id of the version where the store tells it. */
async function perform(sample: Sample, stage: Stage): Promise<string | undefined> {
  const { client, bucket: Bucket } = stage;
  const { key: Key, copyOf, parts, tagLater } = sample;
  if (tagLater !== undefined) {
    const TagSet = Object.entries(shorten(tagLater, stage)).map(([name, Value]) => ({ Key: name, Value }));
    const tagged = await client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
    return tagged.VersionId;
  }
  if (copyOf !== undefined) {
    const CopySource = `${Bucket}/${encodeURIComponent(copyOf)}`;
    return (await client.send(new CopyObjectCommand({ Bucket, Key, CopySource }))).VersionId;
  }
  if (parts !== undefined) return multipart(stage, Key, parts);
  const Tagging = new URLSearchParams(shorten(sample.tags ?? {}, stage)).toString();
  const put = await client.send(new PutObjectCommand({ Bucket, Key, Body: `sample ${Key}`, Tagging }));
  return put.VersionId;
}

async function multipart(
  { client, bucket: Bucket }: Stage,
  Key: string,
  count: number,
): Promise<string | undefined> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts: { ETag: string | undefined; PartNumber: number }[] = [];
  for (let PartNumber = 1; PartNumber <= count; PartNumber += 1) {
    const Body = Buffer.alloc(PartNumber < count ? PART : 1_000, PartNumber);
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
    Parts.push({ ETag, PartNumber });
  }
  const done = await client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );
  return done.VersionId;
}

/** On an outside store a lock is real, so the samples ask for minutes instead of years. */
function shorten(tags: Readonly<Record<string, string>>, { outside }: Stage): Record<string, string> {
  const { retention } = tags;
  return outside && retention?.startsWith('P') === true ? { ...tags, retention: 'PT10M' } : { ...tags };
}

async function storedLock(
  { client, bucket: Bucket }: Stage,
  Key: string,
  VersionId: string | undefined,
): Promise<SeenLock | undefined> {
  try {
    const { Retention } = await client.send(new GetObjectRetentionCommand({ Bucket, Key, VersionId }));
    const until = Retention?.RetainUntilDate?.toISOString();
    return Retention?.Mode === undefined || until === undefined ? undefined : { mode: Retention.Mode, until };
  } catch {
    return undefined;
  }
}

function sameMoment(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && Date.parse(one) === Date.parse(other);
}

function lockText(lock: SeenLock | undefined): string {
  if (lock?.until !== undefined) return `${lock.mode} until ${lock.until.replace('.000Z', 'Z')}`;
  return lock?.mode === 'absent' ? 'none seen' : 'none';
}
