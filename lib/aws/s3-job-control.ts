/** Bulk jobs by S3 Batch Operations. */
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  CreateJobCommand,
  DescribeJobCommand,
  GetJobTaggingCommand,
  type JobOperation as SdkOperation,
  ListJobsCommand,
  type S3ControlClient,
  S3ControlServiceException,
  UpdateJobStatusCommand,
} from '@aws-sdk/client-s3-control';
import {
  type JobControl,
  type JobManifest,
  type JobOperation,
  type JobRequest,
  type JobState,
  type JobStatus,
} from '../ports/job-control.ts';
import { failureOf, named } from './job-failures.ts';
import { guardJobs } from './job-guard.ts';
import { JobReportFiles } from './job-report-files.ts';

export interface S3JobControlOptions {
  readonly control: S3ControlClient;
  readonly s3: S3Client;
  readonly account: string;
  /** The role that the tasks of a job run as: with neither bypass nor the right to clear holds. */
  readonly role: string;
  /** Where lists and reports are kept. */
  readonly bucket: string;
}

const STATES: Readonly<Record<string, JobState>> = {
  Active: 'running',
  Cancelled: 'cancelled',
  Cancelling: 'cancelled',
  Complete: 'complete',
  Completing: 'running',
  Failed: 'failed',
  Failing: 'running',
  New: 'waiting',
  Paused: 'waiting',
  Pausing: 'waiting',
  Preparing: 'waiting',
  Ready: 'waiting',
  Suspended: 'suspended',
};

const PRIORITY = 10;
/** Bytes of a list that are held in memory while they are sent. */
const IN_MEMORY = 64 << 20;

export class S3JobControl implements JobControl {
  private readonly options: S3JobControlOptions;
  private readonly reports: JobReportFiles;

  constructor(options: S3JobControlOptions) {
    this.options = options;
    this.reports = new JobReportFiles(options.s3, options.bucket);
    guardJobs(options.control);
  }

  async manifestAt(key: string): Promise<JobManifest> {
    const { s3, bucket } = this.options;
    const { ETag } = await named(`look for the list s3://${bucket}/${key}`, 's3:GetObject', async () =>
      s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key })),
    );
    return { key, etag: etagOf(ETag) };
  }

  async putManifest(key: string, file: string): Promise<JobManifest> {
    const { s3, bucket } = this.options;
    const { size } = await stat(file);
    const { ETag } = await named(`store the list s3://${bucket}/${key}`, 's3:PutObject', async () =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          // The client tries again what it holds in memory, and not what it has read from a stream.
          Body: size <= IN_MEMORY ? await readFile(file) : createReadStream(file),
          ContentLength: size,
          ContentType: 'text/csv',
          // Jobs refuse a list of our own under a KMS key, which the bucket may have by default.
          ServerSideEncryption: 'AES256',
        }),
      ),
    );
    return { key, etag: etagOf(ETag) };
  }

  async find(tags: Readonly<Record<string, string>>, description: string): Promise<string | undefined> {
    const { control, account } = this.options;
    let next: string | undefined;
    do {
      const list = new ListJobsCommand({
        AccountId: account,
        MaxResults: 1_000,
        ...(next !== undefined && { NextToken: next }),
      });
      const page = await named('list the bulk jobs', 's3:ListJobs', async () => control.send(list));
      for (const { JobId, Description } of page.Jobs ?? []) {
        // The description narrows the search, the tags decide.
        if (JobId === undefined || Description !== description) continue;
        const { Tags } = await named(`read the tags of the bulk job ${JobId}`, 's3:GetJobTagging', async () =>
          control.send(new GetJobTaggingCommand({ AccountId: account, JobId })),
        );
        const found = new Map(Tags?.map(({ Key, Value }) => [Key, Value]));
        if (Object.entries(tags).every(([name, value]) => found.get(name) === value)) return JobId;
      }
      next = page.NextToken;
    } while (next !== undefined);
    return undefined;
  }

  async create(request: JobRequest): Promise<string> {
    const { control, account, role, bucket } = this.options;
    const { token, description, tags, operation, manifest, reportPrefix } = request;
    const job = new CreateJobCommand({
      AccountId: account,
      ClientRequestToken: token,
      // Left out, the console's default may apply, and the job would wait for somebody.
      ConfirmationRequired: false,
      Description: description,
      Priority: PRIORITY,
      RoleArn: role,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      Operation: operationOf(operation),
      Manifest: {
        Spec: { Format: 'S3BatchOperations_CSV_20180820', Fields: ['Bucket', 'Key', 'VersionId'] },
        Location: { ObjectArn: `arn:aws:s3:::${bucket}/${manifest.key}`, ETag: manifest.etag },
      },
      Report: {
        Enabled: true,
        Bucket: `arn:aws:s3:::${bucket}`,
        Prefix: reportPrefix,
        Format: 'Report_CSV_20180820',
        ReportScope: 'AllTasks',
      },
    });
    const { JobId } = await named('make a bulk job', `s3:CreateJob, and iam:PassRole on ${role}`, async () =>
      control.send(job),
    );
    if (JobId === undefined) throw new Error('a job was made and has no id');
    return JobId;
  }

  async describe(id: string): Promise<JobStatus | undefined> {
    const { control, account } = this.options;
    try {
      const { Job } = await control.send(new DescribeJobCommand({ AccountId: account, JobId: id }));
      const { Status = '', ProgressSummary, FailureReasons, StatusUpdateReason } = Job ?? {};
      const reasons = (FailureReasons ?? []).map(({ FailureCode, FailureReason }) =>
        [FailureCode, FailureReason].filter((part) => part !== undefined).join(': '),
      );
      return {
        id,
        state: STATES[Status] ?? 'running',
        status: Status,
        total: ProgressSummary?.TotalNumberOfTasks ?? 0,
        succeeded: ProgressSummary?.NumberOfTasksSucceeded ?? 0,
        failed: ProgressSummary?.NumberOfTasksFailed ?? 0,
        reasons: StatusUpdateReason === undefined ? reasons : [...reasons, StatusUpdateReason],
      };
    } catch (cause) {
      if (cause instanceof S3ControlServiceException && cause.name === 'NoSuchJobException') return undefined;
      throw failureOf(`ask for the state of the bulk job ${id}`, 's3:DescribeJob', cause);
    }
  }

  async cancel(id: string): Promise<void> {
    const { control, account } = this.options;
    await named(`cancel the bulk job ${id}`, 's3:UpdateJobStatus', async () =>
      control.send(
        new UpdateJobStatusCommand({ AccountId: account, JobId: id, RequestedJobStatus: 'Cancelled' }),
      ),
    );
  }

  report(id: string, prefix: string): AsyncIterable<readonly string[]> {
    return this.reports.rows(id, prefix);
  }

  async evidence(id: string, prefix: string): Promise<{ name: string; sha256: string }[]> {
    return this.reports.evidence(id, prefix);
  }
}

function etagOf(header: string | undefined): string {
  if (header === undefined) throw new Error('a stored list has no ETag');
  return header.replaceAll('"', '');
}

function operationOf(operation: JobOperation): SdkOperation {
  switch (operation.kind) {
    case 'retention':
      return {
        S3PutObjectRetention: {
          Retention: { Mode: operation.mode, RetainUntilDate: new Date(operation.until) },
        },
      };
    case 'hold-on':
      return { S3PutObjectLegalHold: { LegalHold: { Status: 'ON' } } };
    case 'function':
      return {
        LambdaInvoke: {
          FunctionArn: operation.arn,
          InvocationSchemaVersion: '2.0',
          UserArguments: { ...operation.arguments },
        },
      };
  }
}
