/**
 * The one file that names the governance bypass: the probe asks whether a store heeds it from somebody who may not.
 * It is sent on scratch versions that the probe made itself, with credentials that must lack the permission.
 */
import {
  DeleteObjectCommand,
  ListBucketsCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { type Answer, type Lock, type Scratch, type Stranger } from '../probe/lab.ts';
import { ask, isRefused } from './answers.ts';
import { verdictOf } from './probe-answers.ts';
import { isScratchBucket } from './probe-names.ts';

type How = Parameters<Stranger['remove']>[1];

const header = (how: How): { BypassGovernanceRetention?: true } =>
  how === 'going-round' ? { BypassGovernanceRetention: true } : {};

export class S3Stranger implements Stranger {
  private readonly client: S3Client;
  private readonly bucket: string;

  /** @param client - signs as somebody who may not bypass; never as the one who runs the probe. */
  constructor(client: S3Client, bucket: string) {
    if (!isScratchBucket(bucket)) {
      throw new HoldfastError('bad-input', {
        what: `${bucket} is not a bucket that the probe made`,
        next: 'run the probe, which makes one of its own',
      });
    }
    this.client = client;
    this.bucket = bucket;
  }

  async name(): Promise<string | undefined> {
    const answer = await ask('ask who the unprivileged user is', async () =>
      this.client.send(new ListBucketsCommand({})),
    );
    return isRefused(answer) ? undefined : answer.Owner?.ID;
  }

  async remove({ key, versionId }: Scratch, how: How): Promise<Answer> {
    const input = { Bucket: this.bucket, Key: key, VersionId: versionId, ...header(how) };
    return verdictOf('delete a scratch version as the unprivileged user', async () =>
      this.client.send(new DeleteObjectCommand(input)),
    );
  }

  async clear({ key, versionId }: Scratch): Promise<Answer> {
    const input = {
      Bucket: this.bucket,
      Key: key,
      VersionId: versionId,
      LegalHold: { Status: 'OFF' as const },
    };
    return verdictOf('clear a scratch hold as the unprivileged user', async () =>
      this.client.send(new PutObjectLegalHoldCommand(input)),
    );
  }

  async retain({ key, versionId }: Scratch, { mode, until }: Lock, how: How): Promise<Answer> {
    const Retention = { Mode: mode, RetainUntilDate: new Date(until) };
    const input = { Bucket: this.bucket, Key: key, VersionId: versionId, Retention, ...header(how) };
    return verdictOf('shorten a scratch lock as the unprivileged user', async () =>
      this.client.send(new PutObjectRetentionCommand(input)),
    );
  }
}
