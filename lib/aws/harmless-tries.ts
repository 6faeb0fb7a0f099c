/**
 * Tries permissions without changing anything: on a version that cannot exist, with requests that store nothing.
 * Who may do it is told that nothing is there; who may not is denied.
 */
import { randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Attempt, type Permission } from '../ports/bucket-survey.ts';
import { ask, isRefused, type Refusal } from './answers.ts';

interface Place {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string;
}

/** A key that nobody has, and an upload that nobody began. */
interface Nowhere {
  readonly key: Place & { readonly Key: string };
  readonly version: Place & { readonly Key: string; readonly VersionId: string };
  readonly upload: Place & { readonly Key: string; readonly UploadId: string };
}

type Try = (client: S3Client, bucket: Place, nowhere: Nowhere) => Promise<object>;

const TRIES: Readonly<Record<Exclude<Permission, 's3:PutObject'>, Try>> = {
  's3:ListBucket': async (client, bucket) => client.send(new ListObjectsV2Command({ ...bucket, MaxKeys: 1 })),
  's3:ListBucketVersions': async (client, bucket) =>
    client.send(new ListObjectVersionsCommand({ ...bucket, MaxKeys: 1 })),
  's3:ListBucketMultipartUploads': async (client, bucket) =>
    client.send(new ListMultipartUploadsCommand({ ...bucket, MaxUploads: 1 })),
  's3:GetBucketLocation': async (client, bucket) => client.send(new GetBucketLocationCommand(bucket)),
  's3:GetBucketVersioning': async (client, bucket) => client.send(new GetBucketVersioningCommand(bucket)),
  's3:GetBucketObjectLockConfiguration': async (client, bucket) =>
    client.send(new GetObjectLockConfigurationCommand(bucket)),
  's3:GetObject': async (client, _, { key }) => client.send(new HeadObjectCommand(key)),
  's3:GetObjectVersion': async (client, _, { version }) => client.send(new HeadObjectCommand(version)),
  's3:GetObjectTagging': async (client, _, { key }) => client.send(new GetObjectTaggingCommand(key)),
  's3:GetObjectVersionTagging': async (client, _, { version }) =>
    client.send(new GetObjectTaggingCommand(version)),
  's3:GetObjectRetention': async (client, _, { version }) =>
    client.send(new GetObjectRetentionCommand(version)),
  's3:GetObjectLegalHold': async (client, _, { version }) =>
    client.send(new GetObjectLegalHoldCommand(version)),
  's3:PutObjectRetention': async (client, _, { version }) =>
    client.send(
      new PutObjectRetentionCommand({
        ...version,
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 60_000) },
      }),
    ),
  's3:PutObjectLegalHold': async (client, _, { version }) =>
    client.send(new PutObjectLegalHoldCommand({ ...version, LegalHold: { Status: 'ON' } })),
  's3:PutObjectTagging': async (client, _, { key }) =>
    client.send(new PutObjectTaggingCommand({ ...key, Tagging: { TagSet: [] } })),
  's3:AbortMultipartUpload': async (client, _, { upload }) =>
    client.send(new AbortMultipartUploadCommand(upload)),
  's3:ListMultipartUploadParts': async (client, _, { upload }) => client.send(new ListPartsCommand(upload)),
  's3:DeleteObjectVersion': async (client, _, { version }) => client.send(new DeleteObjectCommand(version)),
};

/** The answers that only somebody who may do it gets: nothing is there, or nothing can be locked there. */
const NOTHING_THERE = new Set([
  ...['NoSuchKey', 'NoSuchVersion', 'NoSuchUpload', 'NotFound', 'NoSuchTagSet', 'NoSuchTagSetError'],
  ...['NoSuchObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError', 'InvalidRequest'],
]);

/** Tries one permission; nothing is left of it. */
export async function harmlessTry(client: S3Client, bucket: Place, permission: Permission): Promise<Attempt> {
  const Key = `holdfast-doctor/${randomBytes(16).toString('hex')}`;
  const key = { ...bucket, Key };
  const nowhere = { key, version: { ...key, VersionId: 'null' }, upload: { ...key, UploadId: 'none' } };
  if (permission !== 's3:PutObject') return attempt(client, bucket, permission, nowhere);
  const mayAbort = await attempt(client, bucket, 's3:AbortMultipartUpload', nowhere);
  if (mayAbort.kind !== 'allowed')
    return { kind: 'unclear', why: 'without s3:AbortMultipartUpload the try would leave an upload behind' };
  return tryUpload(client, key);
}

async function attempt(
  client: S3Client,
  bucket: Place,
  permission: keyof typeof TRIES,
  nowhere: Nowhere,
): Promise<Attempt> {
  const answer = await ask(`try ${permission} on ${bucket.Bucket}`, async () =>
    TRIES[permission](client, bucket, nowhere),
  );
  return isRefused(answer) ? refusedAs(answer.refused) : { kind: 'allowed' };
}

async function tryUpload(client: S3Client, key: Nowhere['key']): Promise<Attempt> {
  const begun = await ask(`try s3:PutObject on ${key.Bucket}`, async () =>
    client.send(new CreateMultipartUploadCommand(key)),
  );
  if (isRefused(begun)) return refusedAs(begun.refused);
  const { UploadId } = begun;
  const given = await ask('give up an upload', async () =>
    client.send(new AbortMultipartUploadCommand({ ...key, UploadId })),
  );
  if (!isRefused(given)) return { kind: 'allowed' };
  const why = `allowed; and giving up the try was not (${given.refused.code}): abort the upload ${UploadId ?? ''} of ${key.Key}`;
  return { kind: 'unclear', why };
}

function refusedAs({ status, code }: Refusal): Attempt {
  if (status === 401 || status === 403) return { kind: 'denied' };
  if (NOTHING_THERE.has(code)) return { kind: 'allowed' };
  return { kind: 'unclear', why: `the store answered ${code}` };
}
