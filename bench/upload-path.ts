/** The upload path as lib/compose/uploads.ts builds it, without Lambda and SQS, on servers of the benchmark. */
import { setTimeout } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, PutObjectLockConfigurationCommand, type S3Client } from '@aws-sdk/client-s3';
import { AuditWriter } from '../lib/app/audit-writer.ts';
import { Brake } from '../lib/app/brake.ts';
import { type MessageDeps } from '../lib/app/deps.ts';
import { handleMessage } from '../lib/app/handle-message.ts';
import { DeliveredPolicy } from '../lib/app/policy-source.ts';
import { type RecordDeps } from '../lib/app/record-deps.ts';
import { CloudWatchCopy } from '../lib/aws/cloudwatch-copy.ts';
import { S3AuditStore } from '../lib/aws/s3-audit-store.ts';
import { s3Client } from '../lib/aws/s3-client.ts';
import { S3Documents } from '../lib/aws/s3-documents.ts';
import { S3LockStore } from '../lib/aws/s3-lock-store.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { type VersionRef } from '../lib/ports/lock-store.ts';
import { type Policy } from '../lib/policy/compile.ts';
import { providerNamed } from '../lib/providers/index.ts';
import { type RequestProbe } from './request-probe.ts';
import { type ServerProcess } from './server-process.ts';

const AUDIT = 'bench-audit';
const CONFIG = 'bench-config';
export const BUCKET = 'bench-docs';

const credentials = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' };

export interface Servers {
  readonly s3: ServerProcess;
  readonly logs: ServerProcess;
}

/** The client that everybody uses, with the buckets made. */
export async function readyClient({ s3 }: Servers, probe: RequestProbe): Promise<S3Client> {
  const client = s3Client({ endpoint: `http://127.0.0.1:${s3.port}`, credentials });
  for (const Bucket of [BUCKET, AUDIT, CONFIG]) {
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: Bucket !== CONFIG }));
  }
  const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } } as const;
  await client.send(
    new PutObjectLockConfigurationCommand({
      Bucket: AUDIT,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule },
    }),
  );
  client.middlewareStack.add(probe.middleware, { step: 'initialize' });
  return client;
}

/** A client for the log service, where the records are copied to. */
export function readyLogs({ logs }: Servers, probe: RequestProbe): CloudWatchLogsClient {
  const client = new CloudWatchLogsClient({
    endpoint: `http://127.0.0.1:${logs.port}`,
    region: 'us-east-1',
    credentials,
  });
  client.middlewareStack.add(probe.middleware, { step: 'initialize' });
  return client;
}

/** What handling messages needs, and the wait for the copies of its records. */
export interface UploadDeps extends MessageDeps {
  readonly copied: () => Promise<void>;
}

/** Longer than any copy takes: the figures are to hold all of it (milliseconds). */
const COPY_PATIENCE = 10_000;

/** What handling messages needs; without `logs` the records are stored and not copied. */
export function uploadDeps(packaged: Policy, client: S3Client, logs?: CloudWatchLogsClient): UploadDeps {
  const fail = (cause: unknown): never => {
    throw cause;
  };
  const documents = new S3Documents(client, CONFIG);
  const audit = new AuditWriter({
    store: new S3AuditStore({ client, bucket: AUDIT }),
    ...(logs && { copy: new CloudWatchCopy(logs, 'audit') }),
    newWriter: randomUUID,
    onCopyFailed: fail,
  });
  const recording: RecordDeps = { audit, clock: systemClock, actor: 'bench', newId: randomUUID };
  const reading = { maximum: 'P12Y', enforce: 'apply' } as const;
  return {
    ...recording,
    documents,
    copied: async () => audit.copied(setTimeout(COPY_PATIENCE, undefined, { ref: false })),
    store: new S3LockStore({ client, provider: providerNamed('aws') }),
    policies: new DeliveredPolicy({ documents, clock: systemClock, reading, packaged, onStale: fail }),
    brake: new Brake({ ...recording, documents, limit: { versions: 100_000, bytes: 1e13 } }),
    queue: { sendLater: async () => Promise.reject(new Error('nothing was to wait')) },
    manages: (bucket) => bucket === BUCKET,
  };
}

/** Hands the event of an upload over, as the queue would, and makes sure that it ended in a lock. */
export async function handleUpload({ bucket, key, versionId }: VersionRef, deps: UploadDeps): Promise<void> {
  const body = JSON.stringify({
    id: randomUUID(),
    source: 'aws.s3',
    'detail-type': 'Object Created',
    time: new Date().toISOString(),
    detail: { bucket: { name: bucket }, object: { key, 'version-id': versionId } },
  });
  const result = await handleMessage({ body, messageId: 'bench', receives: 1, waits: 0 }, deps);
  // A function does the same before it answers.
  await deps.copied();
  if (result.kind === 'handled' && result.records.every(({ outcome }) => outcome === 'locked')) return;
  throw new Error(`the event was not answered with a lock: ${JSON.stringify(result)}`);
}
