/** The composition root of everything that places or clears holds. */
import { createHash } from 'node:crypto';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type ArrivalDeps, ensureOnRoll, neededBy } from '../app/matters/arrivals.ts';
import { Coverage } from '../app/matters/coverage.ts';
import { OpenMatters } from '../app/matters/open-matters.ts';
import { type ApiDeps } from '../app/matters/service.ts';
import { type StepDeps } from '../app/matters/step.ts';
import { requireConditionalWrites } from '../aws/conditional-writes.ts';
import { dynamoClient } from '../aws/dynamo-client.ts';
import { DynamoLedger } from '../aws/dynamo-ledger.ts';
import { ObjectLedger } from '../aws/object-ledger.ts';
import { S3BucketSurvey } from '../aws/s3-bucket-survey.ts';
import { S3BulkStore } from '../aws/s3-bulk-store.ts';
import { PATIENCE, s3Client } from '../aws/s3-client.ts';
import { S3Documents } from '../aws/s3-documents.ts';
import { S3HoldClearer } from '../aws/s3-hold-clearer.ts';
import { S3RollStore } from '../aws/s3-roll-store.ts';
import { SqsDelayQueue } from '../aws/sqs-delay-queue.ts';
import { SqsWorkQueue } from '../aws/sqs-work-queue.ts';
import { type Policy } from '../policy/compile.ts';
import { type Ledger } from '../ports/ledger.ts';
import { type HoldEnvironment, readHoldEnvironment } from './hold-environment.ts';
import { composeUploads, type Trouble, type Uploads } from './uploads.ts';

export interface HoldTrouble extends Trouble {
  /** Somebody else took holds off that matters need; they are ON again. */
  readonly onFoundOff: (count: number) => void;
}

export interface Holds extends Uploads {
  readonly holdEnvironment: HoldEnvironment;
  /** What working on matters needs, by the policy that is in force now. */
  readonly stepping: () => Promise<StepDeps & ArrivalDeps>;
  /** What answering the API needs. */
  readonly answering: () => Promise<ApiDeps>;
}

/** @throws HoldfastError `bad-input` when a variable is missing or wrong. */
export function composeHolds(env: NodeJS.ProcessEnv, trouble: HoldTrouble): Holds {
  const uploads = composeUploads(env, trouble);
  const holdEnvironment = readHoldEnvironment(env);
  const { environment: shared, clock, documents, managed } = uploads;
  const owner = shared.HOLDFAST_BUCKET_OWNER;
  const owned = owner === undefined ? {} : { expectedBucketOwner: owner };
  const endpoint = shared.AWS_ENDPOINT_URL_S3;
  const control = s3Client(endpoint === undefined ? {} : { endpoint });
  const sqs = new SQSClient({ requestHandler: PATIENCE });
  const fresh = holdEnvironment.HOLDFAST_DOCKET_FRESH_SECONDS * 1_000;
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const rolls = new S3RollStore(control, shared.HOLDFAST_AUDIT_BUCKET, owner);
  const clearer = new S3HoldClearer({ connection: managed.connection, watch: managed.watch, ...owned });
  const holds = new SqsWorkQueue(sqs, holdEnvironment.HOLDFAST_HOLD_QUEUE_URL);
  const later = new SqsDelayQueue(sqs, holdEnvironment.HOLDFAST_HOLD_QUEUE_URL);
  const coverage = new Coverage(uploads.store);
  const table = holdEnvironment.HOLDFAST_LEDGER_TABLE;
  const tables = holdEnvironment.AWS_ENDPOINT_URL_DYNAMODB;
  let opened: Promise<{ ledger: Ledger; open: OpenMatters }> | undefined;

  const openLedger = async (): Promise<{ ledger: Ledger; open: OpenMatters }> => {
    const ledger =
      table === ''
        ? new ObjectLedger(control, shared.HOLDFAST_AUDIT_BUCKET, {
            ...owned,
            etags: await requireConditionalWrites(control, shared.HOLDFAST_AUDIT_BUCKET, owner),
          })
        : new DynamoLedger(dynamoClient(tables === undefined ? {} : { endpoint: tables }), table);
    return { ledger, open: new OpenMatters({ ledger, clock, fresh }) };
  };
  const stepping = async (): Promise<StepDeps & ArrivalDeps> => {
    opened ??= openLedger().catch((cause: unknown) => {
      opened = undefined;
      throw cause;
    });
    const { ledger, open } = await opened;
    const policy: Policy = await uploads.policies.current();
    const base = { ...uploads, policy, ledger, open, rolls, clearer, holds, later, hash, coverage };
    const deps: StepDeps & ArrivalDeps = {
      ...base,
      docketFresh: fresh,
      epoch: `ledger-${hash(uploads.newId()).slice(0, 16)}`,
      onFoundOff: trouble.onFoundOff,
      clearing: {
        ...base,
        policyHash: policy.hash,
        neededBy: async (ref, docket, but, custody) => neededBy(ref, docket, but, custody, deps),
        ensureOnRoll: async (ref, matter, page) => ensureOnRoll(ref, matter, page, deps),
      },
    };
    return deps;
  };
  return {
    ...uploads,
    holdEnvironment,
    stepping,
    answering: async () => ({
      ...(await stepping()),
      documents,
      manages: uploads.manages,
      marks: (bucket) => new S3Documents(managed.client, bucket, owner),
      lifecycle: new S3BucketSurvey(managed.client, owner),
      unprocessed: async () => waitingIn(sqs, shared.HOLDFAST_QUEUE_URL),
      allRuns: () => runIds(new S3BulkStore(control, shared.HOLDFAST_CONFIG_BUCKET, owner)),
    }),
  };
}

async function waitingIn(sqs: SQSClient, QueueUrl: string): Promise<number> {
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const;
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

async function* runIds(bulk: S3BulkStore): AsyncGenerator<string> {
  for await (const name of bulk.list('runs/')) {
    const id = /^runs\/(run-[0-9a-f]{16})\/run\.json$/.exec(name)?.[1];
    if (id !== undefined) yield id;
  }
}
