/** Scratch buckets: how they are made and removed, and what stays when a lock has not ended. */
import {
  AbortMultipartUploadCommand,
  type BucketLocationConstraint,
  CreateBucketCommand,
  DeleteBucketCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { type Look, type Scratch } from '../probe/lab.ts';
import { ask, isRefused, type Refusal } from './answers.ts';
import { verdictOf } from './probe-answers.ts';
import { ProbeBucket, unreadable } from './probe-bucket.ts';
import { type S3Lab } from './probe-lab.ts';

/** Makes a scratch bucket under Object Lock, or tells that the store has none; else throws what the SDK throws. */
export async function makeScratch(client: S3Client, bucket: string, isAmazon: boolean): Promise<boolean> {
  const region = (await client.config.region()) as BucketLocationConstraint | 'us-east-1';
  // Compatible stores have regions of their own, or none.
  const at = isAmazon && region !== 'us-east-1' ? { LocationConstraint: region } : undefined;
  const input = { Bucket: bucket, ObjectLockEnabledForBucket: true };
  try {
    await client.send(new CreateBucketCommand({ ...input, ...(at && { CreateBucketConfiguration: at }) }));
  } catch (error) {
    if (error instanceof Error && error.name === 'NotImplemented') return false;
    throw error;
  }
  await lockAfterwards(new ProbeBucket(client, bucket));
  return true;
}

/** Some stores answer that they made a bucket with Object Lock, and give it only to one that is there. */
async function lockAfterwards(bucket: ProbeBucket): Promise<void> {
  if (await bucket.isLockBucket()) return;
  await bucket.versioning('Enabled');
  await bucket.setDefault('none');
}

/** A version that could not be deleted, and how it looks. */
export interface Left {
  readonly version: Scratch;
  readonly look: Look;
}

/** @throws HoldfastError `bad-input` when the bucket is not there, or not to be seen. */
export async function requireScratch(client: S3Client, bucket: string): Promise<void> {
  const answer = await verdictOf('look for the scratch bucket', async () =>
    client.send(new HeadBucketCommand({ Bucket: bucket })),
  );
  if (answer.took) return;
  throw new HoldfastError('bad-input', {
    what: `the scratch bucket ${bucket} is not there (${answer.status} ${answer.code})`,
    next: 'check its name, the endpoint and the credentials',
  });
}

/** Everything in a scratch bucket that is to be kept. */
export async function keepAll(
  client: S3Client,
  lab: S3Lab,
): Promise<{ readonly left: readonly Left[]; readonly isBucketGone: boolean }> {
  const left: Left[] = [];
  for (const version of await versionsIn(client, lab)) {
    const look = await lab.look(version);
    if (look.there) left.push({ version, look });
  }
  return { left, isBucketGone: false };
}

/**
 * Deletes what can be deleted, a bucket of the probe's own at last, and tells what stays.
 * Holds are cleared in a bucket of the probe's own, where nobody else writes. In somebody's bucket it placed none:
 * what is held there is needed by others, and stays.
 */
export async function cleanUp(
  client: S3Client,
  lab: S3Lab,
): Promise<{ readonly left: readonly Left[]; readonly isBucketGone: boolean }> {
  await abortUploads(client, lab);
  const left: Left[] = [];
  for (const version of await versionsIn(client, lab)) {
    if ((await lab.remove(version)).took) continue;
    const look = await lab.look(version);
    const isOurs = lab.place === 'bucket' && look.there && look.lock.hold === 'on';
    const isHeld = isOurs && (await lab.hold(version, 'OFF')).took;
    if (isHeld && (await lab.remove(version)).took) continue;
    left.push({ version, look: isHeld ? await lab.look(version) : look });
  }
  if (lab.place === 'folder') return { left, isBucketGone: left.length === 0 };
  const { took } = await verdictOf('remove the scratch bucket', async () =>
    client.send(new DeleteBucketCommand({ Bucket: lab.bucket })),
  );
  return { left, isBucketGone: took };
}

/** Whoever may not list cannot clean up either: asked before anything is written. */
export async function requireListing(client: S3Client, lab: S3Lab): Promise<void> {
  await versionsIn(client, lab);
}

/** Every version and marker that the probe made; in a bucket of others, those in its folder alone. */
async function versionsIn(client: S3Client, { bucket, folder }: S3Lab): Promise<readonly Scratch[]> {
  const versions: Scratch[] = [];
  let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
  while (next !== undefined) {
    const command: ListObjectVersionsCommand = new ListObjectVersionsCommand({
      Bucket: bucket,
      Prefix: folder,
      ...next,
    });
    const page: ListObjectVersionsCommandOutput | { refused: Refusal } = await ask(
      'list the scratch bucket',
      async (): Promise<ListObjectVersionsCommandOutput> => client.send(command),
    );
    if (isRefused(page)) throw unreadable(page.refused.code, 's3:ListBucketVersions');
    for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      if (Key?.startsWith(folder) === true) versions.push({ key: Key, versionId: VersionId ?? 'null' });
    }
    next =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined;
  }
  return versions;
}

async function abortUploads(client: S3Client, { bucket, folder }: S3Lab): Promise<void> {
  const listed = await ask('list unfinished uploads', async () =>
    client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: folder })),
  );
  if (isRefused(listed)) return;
  for (const { Key, UploadId } of listed.Uploads ?? []) {
    if (Key?.startsWith(folder) !== true) continue;
    await verdictOf('abort an upload', async () =>
      client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })),
    );
  }
}
