/** The shared documents of a deployment, and a writer of records for what is done at this terminal. */
import { randomBytes, randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { userInfo } from 'node:os';
import {
  GetBucketLocationCommand,
  HeadBucketCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { AuditWriter } from '../lib/app/audit-writer.ts';
import { type RecordDeps } from '../lib/app/record-deps.ts';
import { BAD_CREDENTIALS } from '../lib/aws/answers.ts';
import { FileAuditStore } from '../lib/aws/file-audit-store.ts';
import { makeFolder } from '../lib/aws/make-folder.ts';
import { S3AuditStore } from '../lib/aws/s3-audit-store.ts';
import { s3Client } from '../lib/aws/s3-client.ts';
import { S3Documents } from '../lib/aws/s3-documents.ts';
import { systemClock } from '../lib/aws/system-clock.ts';
import { HoldfastError } from '../lib/errors.ts';
import { type Batch } from '../lib/audit/chain.ts';
import { type AuditStore } from '../lib/ports/audit-store.ts';
import { type Documents } from '../lib/ports/documents.ts';
import {
  configBucket,
  type ConnectionOptions,
  type ControlOptions,
  endpointOf,
  given,
  recordingPlace,
} from './control-options.ts';
import { providerOf } from './provider.ts';
import { inWords } from './store-failures.ts';

/** Where a record is kept that could not be stored where it belongs. */
const UNSTORED = 'holdfast-unstored-records';

export function clientOf(options: ConnectionOptions): S3Client {
  const { region } = options;
  const endpoint = endpointOf(options);
  const { needsContentMd5 } = providerOf(options);
  return s3Client({
    needsContentMd5,
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
  });
}

/** What the functions share, for reading. */
export async function openDocuments(options: ControlOptions): Promise<Documents> {
  const bucket = configBucket(options);
  const client = clientOf(options);
  await requireBucket(client, bucket, options);
  return inWordsDocuments(new S3Documents(client, bucket, ownerOf(options)), bucket);
}

/** What the functions share, for changing: with a place where the change is recorded. */
export async function openControl(
  options: ControlOptions,
): Promise<{ documents: Documents; recording: RecordDeps }> {
  recordingPlace(options);
  const documents = await openDocuments(options);
  return { documents, recording: await openRecording(options) };
}

/** The place where what is done at this terminal is recorded. */
export async function openRecording(options: ControlOptions): Promise<RecordDeps> {
  const place = recordingPlace(options);
  if (place.kind === 'folder') requireFolder(place.folder);
  const store =
    place.kind === 'folder' ? new FileAuditStore(place.folder) : await auditStore(place.bucket, options);
  const user = userName();
  const audit = new AuditWriter({
    store: keptAtLeast(
      store,
      place.kind === 'folder' ? `the folder ${place.folder}` : `the bucket ${place.bucket}`,
    ),
    newWriter: () => `cli-${user}-${randomBytes(6).toString('hex')}`,
    onCopyFailed: () => undefined, // there is no copy here
  });
  return { audit, clock: systemClock, actor: `cli:${user}`, newId: randomUUID };
}

/** Deeds are recorded after they are done, so that the place is looked at before. */
function requireFolder(folder: string): void {
  try {
    makeFolder(folder);
    // With the dot, a file of that name is no folder.
    accessSync(`${folder}/.`, constants.W_OK);
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: `records cannot be kept in the folder ${folder}, and nothing is done without a record`,
      next: 'name a folder that can be written with --audit-folder, or an audit bucket with --audit',
      cause,
    });
  }
}

export function ownerOf({ bucketOwner }: ConnectionOptions): string | undefined {
  return given(bucketOwner, 'HOLDFAST_BUCKET_OWNER');
}

async function auditStore(bucket: string, options: ConnectionOptions): Promise<AuditStore> {
  const client = clientOf(options);
  await requireBucket(client, bucket, options);
  const owner = ownerOf(options);
  return new S3AuditStore({ client, bucket, ...(owner !== undefined && { expectedBucketOwner: owner }) });
}

/**
 * Refuses a bucket that is not there before anything is done: a missing document and a missing bucket look alike.
 * Who may not ask is believed: the next request will tell.
 */
export async function requireBucket(
  client: S3Client,
  bucket: string,
  options: ConnectionOptions,
): Promise<void> {
  const owner = ownerOf(options);
  const asked = { what: `look for the bucket ${bucket}`, needs: `s3:ListBucket on ${bucket}` };
  await inWords(asked, async () => {
    try {
      const expected = owner === undefined ? {} : { ExpectedBucketOwner: owner };
      await client.send(new HeadBucketCommand({ Bucket: bucket, ...expected }));
    } catch (cause) {
      const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
      // HEAD tells no reason; a request with a body tells whether it is about the bucket or about who asks.
      if (status === 403) return requireKnownUser(client, bucket);
      if (status === 400) await client.send(new GetBucketLocationCommand({ Bucket: bucket }));
      if (status !== 404) throw cause;
      throw new HoldfastError('bad-input', {
        what: `there is no bucket ${bucket}`,
        next: 'check its name, the endpoint and the account',
        cause,
      });
    }
  });
}

/** Who may not ask is believed; who is not known at all is told so. */
async function requireKnownUser(client: S3Client, bucket: string): Promise<void> {
  try {
    await client.send(new GetBucketLocationCommand({ Bucket: bucket }));
  } catch (cause) {
    if (cause instanceof S3ServiceException && BAD_CREDENTIALS.has(cause.name)) throw cause;
  }
}

function inWordsDocuments(documents: Documents, bucket: string): Documents {
  return {
    get: async (name, versionId) =>
      inWords(
        {
          what: `read ${name} in the bucket ${bucket}`,
          needs: `s3:GetObject, s3:GetObjectVersion and s3:ListBucket on ${bucket}`,
        },
        async () => documents.get(name, versionId),
      ),
    put: async (name, body, expected) =>
      inWords(
        {
          what: `write ${name} in the bucket ${bucket}`,
          needs: `s3:PutObject and s3:GetObject on ${bucket}`,
        },
        async () => documents.put(name, body, expected),
      ),
  };
}

/** Deeds are recorded after they are done: a record that cannot be stored is kept, and said. */
function keptAtLeast(store: AuditStore, place: string): AuditStore {
  return {
    put: async (batch) => {
      try {
        await inWords({ what: `store its record in ${place}`, needs: 's3:PutObject there' }, async () =>
          store.put(batch),
        );
      } catch (cause) {
        await keepHere(batch);
        throw new HoldfastError('partly-failed', {
          what: `a record could not be stored (an intent: then nothing was done; any other: it is done): ${cause instanceof Error ? cause.message : String(cause)}`,
          next: `then store ${UNSTORED}/${batch.name}.ndjson.gz as records/${batch.name}.ndjson.gz, if nothing is there`,
          cause,
        });
      }
    },
  };
}

/** The last resort; where not even that works, the record itself is what there is to say. */
async function keepHere(batch: Batch): Promise<void> {
  try {
    await new FileAuditStore(UNSTORED).put(batch);
  } catch (cause) {
    throw new HoldfastError('partly-failed', {
      what: `a record could be stored neither where it belongs nor in ./${UNSTORED} (an intent: then nothing was done; any other: it is done)`,
      next: `keep it: ${batch.lines.join(' ')}`,
      cause,
    });
  }
}

/** The user of this machine, with nothing in the name that a writer's name may not hold. */
function userName(): string {
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    // A container may run under a number that has no name.
    name = String(process.getuid?.() ?? 'unknown');
  }
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 64);
}
