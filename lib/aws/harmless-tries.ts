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
import { ask, isRefused } from './answers.ts';

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

const TRIES: Readonly<Record<Permission, Try>> = {
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
  's3:PutObject': async (client, _, { key }) => {
    // An upload that is never completed stores no version, and is given up at once.
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(key));
    await client.send(new AbortMultipartUploadCommand({ ...key, UploadId })).catch(() => undefined);
    return {};
  },
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

/** The answers that only somebody who may do it gets: nothing is there, or nothing can be. */
const NOTHING_THERE = new Set([400, 404, 405, 409]);

export async function harmlessTry(client: S3Client, bucket: Place, permission: Permission): Promise<Attempt> {
  const Key = `holdfast-doctor/${randomBytes(16).toString('hex')}`;
  const key = { ...bucket, Key };
  const nowhere = { key, version: { ...key, VersionId: 'null' }, upload: { ...key, UploadId: 'none' } };
  const answer = await ask(`try ${permission} on ${bucket.Bucket}`, async () =>
    TRIES[permission](client, bucket, nowhere),
  );
  if (!isRefused(answer)) return { kind: 'allowed' };
  const { status, code } = answer.refused;
  if (status === 401 || status === 403) return { kind: 'denied' };
  return NOTHING_THERE.has(status) ? { kind: 'allowed' } : { kind: 'unclear', code };
}
