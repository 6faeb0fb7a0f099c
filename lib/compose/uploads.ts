/** The composition root of the upload path: the one place that knows both the ports and their adapters. */
import { randomBytes, randomUUID } from 'node:crypto';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { AuditWriter } from '../app/audit-writer.ts';
import { Brake } from '../app/brake.ts';
import { type MessageDeps } from '../app/deps.ts';
import { type RecordDeps } from '../app/record-deps.ts';
import { DeliveredPolicy } from '../app/policy-source.ts';
import { ClockWatch } from '../aws/clock-watch.ts';
import { CloudWatchCopy } from '../aws/cloudwatch-copy.ts';
import { loadPolicy } from '../aws/load-policy.ts';
import { S3AuditStore } from '../aws/s3-audit-store.ts';
import { isScratchBucket } from '../aws/probe-names.ts';
import { PATIENCE, type S3Connection, s3Client } from '../aws/s3-client.ts';
import { S3Documents } from '../aws/s3-documents.ts';
import { S3LockStore } from '../aws/s3-lock-store.ts';
import { S3VersionListing } from '../aws/s3-version-listing.ts';
import { SqsDelayQueue } from '../aws/sqs-delay-queue.ts';
import { systemClock } from '../aws/system-clock.ts';
import { type Policy } from '../policy/compile.ts';
import { compileGlob } from '../policy/glob.ts';
import { providerNamed } from '../providers/index.ts';
import { type Provider } from '../providers/record.ts';
import { type Environment, readEnvironment } from './environment.ts';

/** How long a function waits for the searchable copy before it answers (milliseconds). */
const COPY_PATIENCE = 10_000;

/** What goes wrong without stopping anything: somebody must hear of it. */
export interface Trouble {
  /** The active policy could not be taken over; the last good one stays in force. */
  readonly onPolicyStale: (cause: unknown) => void;
  /** Records are stored, and missing in the searchable copy. */
  readonly onCopyFailed: (cause: unknown) => void;
}

export interface Uploads extends MessageDeps {
  readonly environment: Environment;
  readonly auditStore: S3AuditStore;
  readonly listing: S3VersionListing;
  /** The store of the managed buckets, for those who need clients of their own. */
  readonly managed: {
    readonly client: S3Client;
    readonly connection: S3Connection;
    readonly watch: ClockWatch;
  };
  /** Waits until the searchable copy has every record; call it before a function ends. */
  readonly copied: () => Promise<void>;
}

/**
 * Builds what the functions of the upload path need from their environment; once per execution environment.
 *
 * @throws HoldfastError `bad-input` when a variable is missing or wrong, `bad-policy` when the packaged policy is broken.
 */
export function composeUploads(env: NodeJS.ProcessEnv, { onPolicyStale, onCopyFailed }: Trouble): Uploads {
  const environment = readEnvironment(env);
  const owner = environment.HOLDFAST_BUCKET_OWNER;
  const control = s3Client(controlConnection(environment));
  const provider = providerNamed(environment.HOLDFAST_STORE);
  const connection = managedConnection(environment, provider);
  const managed = environment.HOLDFAST_STORE_ENDPOINT === undefined ? control : s3Client(connection);
  const watch = new ClockWatch(systemClock);
  watch.listenTo(managed);
  const documents = new S3Documents(control, environment.HOLDFAST_CONFIG_BUCKET, owner);
  const auditStore = new S3AuditStore({
    client: control,
    bucket: environment.HOLDFAST_AUDIT_BUCKET,
    ...(owner !== undefined && { expectedBucketOwner: owner }),
  });
  const audit = new AuditWriter({
    store: auditStore,
    copy: new CloudWatchCopy(
      new CloudWatchLogsClient({ requestHandler: PATIENCE, maxAttempts: 2 }),
      environment.HOLDFAST_AUDIT_LOG_GROUP,
    ),
    newWriter: randomUUID,
    onCopyFailed,
  });
  const recording: RecordDeps = {
    audit,
    clock: systemClock,
    actor: environment.AWS_LAMBDA_FUNCTION_NAME,
    newId: () => randomBytes(6).toString('hex'),
  };
  const reading = { maximum: environment.HOLDFAST_MAXIMUM, enforce: environment.HOLDFAST_ENFORCE };
  const buckets = environment.HOLDFAST_BUCKETS.split(',').map((pattern) => compileGlob(pattern.trim()));
  const own = new Set([environment.HOLDFAST_CONFIG_BUCKET, environment.HOLDFAST_AUDIT_BUCKET]);
  return {
    ...recording,
    environment,
    documents,
    auditStore,
    managed: { client: managed, connection, watch },
    copied: async () => audit.copied(systemClock.wait(COPY_PATIENCE)),
    listing: new S3VersionListing(managed, owner),
    store: new S3LockStore({
      client: managed,
      provider,
      watch,
      ...(owner !== undefined && { expectedBucketOwner: owner }),
    }),
    policies: new DeliveredPolicy({
      documents,
      clock: systemClock,
      reading,
      packaged: packagedPolicy(environment.HOLDFAST_POLICY, reading, onPolicyStale),
      onStale: onPolicyStale,
    }),
    brake: new Brake({
      ...recording,
      documents,
      limit: { versions: environment.HOLDFAST_BREAKER_VERSIONS, bytes: environment.HOLDFAST_BREAKER_BYTES },
    }),
    queue: new SqsDelayQueue(new SQSClient({ requestHandler: PATIENCE }), environment.HOLDFAST_QUEUE_URL),
    // Holdfast's own buckets look after themselves, whatever the list says; those of the probe are for experiments.
    manages: (bucket) =>
      !own.has(bucket) && !isScratchBucket(bucket) && buckets.some((matches) => matches(bucket)),
  };
}

/** The policy in the bundle; without one nothing is written, and somebody must hear of it. */
function packagedPolicy(
  path: string,
  reading: Parameters<typeof loadPolicy>[1],
  onPolicyStale: Trouble['onPolicyStale'],
): Policy {
  try {
    return loadPolicy(path, reading);
  } catch (cause) {
    onPolicyStale(cause);
    throw cause;
  }
}

function controlConnection({ AWS_ENDPOINT_URL_S3: endpoint }: Environment): S3Connection {
  return endpoint === undefined ? {} : { endpoint };
}

/** Where the managed buckets are: in the S3 of this account, or elsewhere. */
function managedConnection(environment: Environment, { needsContentMd5 }: Provider): S3Connection {
  const endpoint = environment.HOLDFAST_STORE_ENDPOINT;
  if (endpoint === undefined) return controlConnection(environment);
  const accessKeyId = environment.HOLDFAST_STORE_ACCESS_KEY_ID;
  const secretAccessKey = environment.HOLDFAST_STORE_SECRET_ACCESS_KEY;
  const region = environment.HOLDFAST_STORE_REGION;
  return {
    endpoint,
    needsContentMd5,
    ...(region !== undefined && { region }),
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
  };
}
