/** The completion report: a manifest, and parts with the tasks that succeeded and those that failed. */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { escapeKey, quoted } from '../csv.ts';
import { JobError } from './errors.ts';
import type { Report } from './report-node.ts';
import type { Result } from './result.ts';

export interface ReportOptions {
  readonly jobId: string;
  readonly now: number;
  readonly order: 'declared' | 'sample';
  readonly partRows: number;
}

type Enabled = Extract<Report, { readonly enabled: true }>;

/** Writes what the job's scope asks for; nothing when no task ran. */
export async function writeReport(
  s3: S3Client,
  report: Report,
  results: readonly Result[],
  options: ReportOptions,
): Promise<void> {
  if (!report.enabled || results.length === 0) return;
  const folder = `${report.prefix === undefined ? '' : `${report.prefix}/`}job-${options.jobId}`;
  const statuses = report.scope === 'AllTasks' ? (['succeeded', 'failed'] as const) : (['failed'] as const);
  const parts = [];
  for (const status of statuses) {
    const rows = results.filter((result) => result.status === status);
    for (let from = 0; from < rows.length; from += options.partRows) {
      const text = rows.slice(from, from + options.partRows).map((row) => rowOf(row, options.order));
      const body = text.join('');
      const Key = `${folder}/results/${digest('sha1', `${status}${from}${body}`)}.csv`;
      await put(s3, report, Key, body);
      parts.push({
        TaskExecutionStatus: status,
        Bucket: report.bucket,
        MD5Checksum: digest('md5', body),
        Key,
      });
    }
  }
  const manifest = {
    Format: 'Report_CSV_20180820',
    ReportCreationDate: new Date(options.now).toISOString(),
    Results: parts,
    // Declared so whatever order the rows really have.
    ReportSchema: 'Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage',
  };
  await put(s3, report, `${folder}/manifest.json`, JSON.stringify(manifest));
}

function rowOf({ task, status, code, http, message }: Result, order: 'declared' | 'sample'): string {
  const pair = order === 'declared' ? [code, String(http)] : [String(http), code];
  const { bucket, key, versionId = '' } = task;
  return `${[bucket, escapeKey(key), versionId, status, ...pair, quoted(message)].join(',')}\n`;
}

const digest = (algorithm: string, text: string): string => createHash(algorithm).update(text).digest('hex');

async function put(s3: S3Client, report: Enabled, Key: string, Body: string): Promise<void> {
  const { bucket: Bucket, expectedOwner: ExpectedBucketOwner } = report;
  const command = new PutObjectCommand({
    Bucket,
    Key,
    Body,
    ExpectedBucketOwner,
    ServerSideEncryption: 'AES256',
  });
  await s3.send(command).catch((error: unknown) => {
    throw new JobError('ReportNotWritten', `The report could not be written: ${String(error)}`);
  });
}
