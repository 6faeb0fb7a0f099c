/** An S3 and an S3 Control beside it, with clients of both, and the shortest way to a job. */
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { CreateJobCommand, type CreateJobCommandInput, S3ControlClient } from '@aws-sdk/client-s3-control';
import { type ControlOptions, type RunningControl, startControl } from '../../../../local/control/index.ts';
import { type RunningS3, type S3Options, startS3 } from '../../../../local/s3/index.ts';
import { clientOf } from '../../s3/support/client.ts';

export const AccountId = '123456789012';
export const ROLE = 'arn:aws:iam::123456789012:role/holdfast-batch';
const USER = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };
const ROLE_KEYS = { accessKeyId: 'batch', secretAccessKey: 'batch-secret' };

export type JobInput = Partial<Omit<CreateJobCommandInput, 'Manifest'>> & { readonly manifest?: string };

export interface World {
  readonly s3: S3Client;
  readonly batch: S3ControlClient;
  readonly control: RunningControl;
  /** Uploads an object into `docs` and tells its version. */
  upload(Key: string, more?: Partial<PutObjectCommandInput>): Promise<string>;
  /** Uploads a manifest and creates a job for it that needs no confirmation. */
  create(input: JobInput): Promise<string>;
  /** The parameters of such a job. */
  jobOf(input: JobInput): Promise<CreateJobCommandInput>;
  /** The text of an object of `reports`. */
  read(Key: string): Promise<string>;
  keys(Bucket: string): Promise<string[]>;
  close(): Promise<void>;
}

/** A client as the product must make it: the SDK would put the account before the address. */
export const controlClientOf = (url: string, credentials = USER): S3ControlClient =>
  new S3ControlClient({
    endpointProvider: () => ({ url: new URL(url) }),
    region: 'us-east-1',
    credentials,
    maxAttempts: 1,
  });

export async function startWorld(
  options: Partial<ControlOptions> = {},
  s3Options: S3Options = {},
): Promise<World> {
  const deny = ['s3:BypassGovernanceRetention', 's3:DeleteObject*'];
  const server: RunningS3 = await startS3({ principals: [USER, { ...ROLE_KEYS, deny }], ...s3Options });
  const control = await startControl({
    s3Url: server.url,
    role: { arn: ROLE, ...ROLE_KEYS },
    principals: [USER],
    ...options,
  });
  const s3 = clientOf(server);
  const batch = controlClientOf(control.url);
  await s3.send(new CreateBucketCommand({ Bucket: 'docs', ObjectLockEnabledForBucket: true }));
  for (const Bucket of ['plain', 'reports']) await s3.send(new CreateBucketCommand({ Bucket }));

  let count = 0;
  const world: World = {
    s3,
    batch,
    control,
    async upload(Key, more) {
      const { VersionId = '' } = await s3.send(
        new PutObjectCommand({ Bucket: 'docs', Key, Body: 'x', ...more }),
      );
      return VersionId;
    },
    async jobOf({ manifest = '', ...input }) {
      count += 1;
      const Key = `manifests/${count}.csv`;
      const { ETag } = await s3.send(
        new PutObjectCommand({ Bucket: 'reports', Key, Body: Buffer.from(manifest) }),
      );
      return {
        AccountId,
        ConfirmationRequired: false,
        Operation: { S3PutObjectLegalHold: { LegalHold: { Status: 'ON' } } },
        Priority: 10,
        RoleArn: ROLE,
        ClientRequestToken: `token-${count}`,
        Report: { Enabled: false },
        Manifest: {
          Spec: { Format: 'S3BatchOperations_CSV_20180820', Fields: ['Bucket', 'Key', 'VersionId'] },
          Location: { ObjectArn: `arn:aws:s3:::reports/${Key}`, ETag },
        },
        ...input,
      };
    },
    async create(input) {
      const { JobId = '' } = await batch.send(new CreateJobCommand(await world.jobOf(input)));
      return JobId;
    },
    async read(Key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'reports', Key }));
      return (await Body?.transformToString()) ?? '';
    },
    async keys(Bucket) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      return Contents.map(({ Key = '' }) => Key);
    },
    async close() {
      s3.destroy();
      batch.destroy();
      await control.close();
      await server.close();
    },
  };
  return world;
}

/** A report into `reports`. */
export const reportOf = (ReportScope: 'AllTasks' | 'FailedTasksOnly' = 'AllTasks') => ({
  Enabled: true,
  Bucket: 'arn:aws:s3:::reports',
  Format: 'Report_CSV_20180820' as const,
  Prefix: 'bulk/run-1',
  ReportScope,
});
