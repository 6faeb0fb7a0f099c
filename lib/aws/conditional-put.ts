/** Writes that are taken only on what was read. */
import {
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { ask, BAD_CREDENTIALS, badCredentials, isRefused, type Refusal } from './answers.ts';
import { type Attempts } from './attempts.ts';
import { LEDGER_PREFIX } from './ledger-object-keys.ts';

export interface ConditionalPut {
  /** The request and its object, for the message of an error. */
  readonly what: string;
  readonly input: PutObjectCommandInput & { readonly Bucket: string };
  /** How long it may take, its retries included (milliseconds). */
  readonly budget: number;
  readonly attempts?: Attempts;
}

/** Not as expected; nothing there to be replaced; somebody else's write of the same moment. */
const CONFLICTS = new Set([412, 404, 409]);

/**
 * Writes an object with IfMatch or IfNoneMatch.
 *
 * @returns its ETag; `conflict` where the object is not as expected, or was being written by somebody else.
 * @throws HoldfastError `throttled` or `unreachable` when there was no verdict, and what else the refusal means.
 */
export async function putIf(
  client: S3Client,
  { what, input, budget, attempts }: ConditionalPut,
): Promise<{ readonly etag: string } | 'conflict'> {
  const command = new PutObjectCommand({ ...input, ContentType: 'application/json' });
  if (attempts !== undefined)
    command.middlewareStack.add(attempts.middleware, { step: 'finalizeRequest', priority: 'low' });
  const answer = await ask(what, async () => {
    try {
      return await client.send(command, { abortSignal: AbortSignal.timeout(budget) });
    } catch (error) {
      if (isConflict(error)) return 'conflict';
      throw error;
    }
  });
  if (answer === 'conflict') return answer;
  if (isRefused(answer)) throw refusedLedger(what, input.Bucket, answer.refused);
  return { etag: requireEtag(what, answer.ETag) };
}

/** How a store wants ETags in conditions: as it tells them, or without their quotes. */
export type EtagForm = 'quoted' | 'bare';

export function inForm(etag: string, form: EtagForm): string {
  return form === 'bare' ? etag.replaceAll('"', '') : etag;
}

/** Without an ETag the next write would have no condition. */
export function requireEtag(what: string, etag: string | undefined): string {
  if (etag !== undefined && etag !== '') return etag;
  throw new HoldfastError('bad-input', {
    what: `${what}: the store told no ETag, without which nothing can be replaced safely`,
    next: 'look at what stands between Holdfast and the store, or keep the ledger in a DynamoDB table',
  });
}

function isConflict(error: unknown): boolean {
  if (!(error instanceof S3ServiceException) || error.name === 'NoSuchBucket') return false;
  return CONFLICTS.has(error.$metadata.httpStatusCode ?? 0);
}

/** The failure that a refusal means for the bucket of the ledger. */
export function refusedLedger(what: string, bucket: string, { status, code }: Refusal): HoldfastError {
  if (BAD_CREDENTIALS.has(code)) return badCredentials(what, code);
  if (status === 403) {
    return new HoldfastError('no-permission', {
      what: `${what}: not allowed in the bucket ${bucket} (${code})`,
      next: `allow s3:ListBucket on it, and s3:GetObject and s3:PutObject on ${LEDGER_PREFIX}* in it`,
    });
  }
  return new HoldfastError('bad-input', {
    what: `${what}: the store refused (${code})`,
    next: `check that the bucket ${bucket} is there, and that the store knows conditional writes`,
  });
}
