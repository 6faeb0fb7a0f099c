/** The scratch bucket itself: its settings, and what is asked of it as a whole. */
import {
  type BucketVersioningStatus,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type ObjectLockConfiguration,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { type Answer } from '../probe/lab.ts';
import { ask, isRefused, type Refusal } from './answers.ts';
import { verdictOf } from './probe-answers.ts';

const ONE_DAY: ObjectLockConfiguration = {
  ObjectLockEnabled: 'Enabled',
  Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
};
const NO_RULE: ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' };
/** A word that the S3 API does not know: a store that takes it takes the lock off the bucket. */
const OFF = { ObjectLockEnabled: 'Disabled' } as Record<string, string> as ObjectLockConfiguration;

/** A refusal tells that something is off, but for a denial: what may not be read is not known. */
function notThere({ status, code }: Refusal, action: string): false {
  if (status === 403) throw unreadable(code, action);
  return false;
}

/** The probe judges by what it reads back, so nothing can be judged without it. */
export const unreadable = (code: string, action: string): HoldfastError =>
  new HoldfastError('no-permission', {
    what: `read back what the probe did: the store denied it (${code})`,
    next: `the probe needs ${action}`,
  });

export class ProbeBucket {
  protected readonly client: S3Client;
  readonly bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.client = client;
    this.bucket = bucket;
  }

  async setDefault(rule: 'one-day' | 'none'): Promise<Answer> {
    return this.configure(rule === 'one-day' ? ONE_DAY : NO_RULE);
  }

  async unlock(): Promise<Answer> {
    return this.configure(OFF);
  }

  async isLockBucket(): Promise<boolean> {
    const answer = await ask('read the lock configuration of the scratch bucket', async () =>
      this.client.send(new GetObjectLockConfigurationCommand({ Bucket: this.bucket })),
    );
    if (isRefused(answer)) return notThere(answer.refused, 's3:GetBucketObjectLockConfiguration');
    return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
  }

  async versioning(status: BucketVersioningStatus): Promise<Answer> {
    const input = { Bucket: this.bucket, VersioningConfiguration: { Status: status } };
    return verdictOf('set the versioning of the scratch bucket', async () =>
      this.client.send(new PutBucketVersioningCommand(input)),
    );
  }

  async keepsVersions(): Promise<boolean> {
    const answer = await ask('read the versioning of the scratch bucket', async () =>
      this.client.send(new GetBucketVersioningCommand({ Bucket: this.bucket })),
    );
    if (isRefused(answer)) return notThere(answer.refused, 's3:GetBucketVersioning');
    return answer.Status === 'Enabled';
  }

  /** A bucket policy for a user of a store that names users as Ceph RGW does. */
  async admit(user: string): Promise<Answer> {
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: [`arn:aws:iam:::user/${user}`] },
          Action: ['s3:DeleteObjectVersion', 's3:PutObjectRetention'],
          Resource: [`arn:aws:s3:::${this.bucket}/*`],
        },
      ],
    });
    return verdictOf('let the unprivileged user into the scratch bucket', async () =>
      this.client.send(new PutBucketPolicyCommand({ Bucket: this.bucket, Policy })),
    );
  }

  private async configure(configuration: ObjectLockConfiguration): Promise<Answer> {
    const input = { Bucket: this.bucket, ObjectLockConfiguration: configuration };
    return verdictOf('set the lock configuration of the scratch bucket', async () =>
      this.client.send(new PutObjectLockConfigurationCommand(input)),
    );
  }
}
