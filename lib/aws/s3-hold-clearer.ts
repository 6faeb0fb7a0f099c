/** Takes legal holds off: the only code that sends OFF (law 6), one request at a time, never twice by itself. */
import {
  PutObjectLegalHoldCommand,
  type PutObjectLegalHoldCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type Instant } from '../lock/instant.ts';
import { type HoldClearer } from '../ports/hold-clearer.ts';
import { type VersionRef, type WriteAnswer } from '../ports/lock-store.ts';
import { ask, isRefused, type Refusal } from './answers.ts';
import { type ClockWatch } from './clock-watch.ts';
import { type S3Connection, s3Client } from './s3-client.ts';

/** S3 refuses a request that was signed longer ago (milliseconds). */
const SIGNATURE = 15 * 60_000;
/** How long the answer is waited for (milliseconds). */
const BUDGET = 10_000;

export interface S3HoldClearerOptions {
  readonly connection: S3Connection;
  readonly expectedBucketOwner?: string;
  /** Signatures are dated by the clock of this machine, and judged by that of the store. */
  readonly watch?: ClockWatch;
}

/**
 * @example
 * const clearer = new S3HoldClearer({ connection: { region: 'eu-central-1' } });
 */
export class S3HoldClearer implements HoldClearer {
  private readonly client: S3Client;
  private readonly owner: { ExpectedBucketOwner?: string };
  private readonly watch: ClockWatch | undefined;

  constructor({ connection, expectedBucketOwner, watch }: S3HoldClearerOptions) {
    // The SDK would sign a retry anew: it could land when nobody expects it any more.
    this.client = s3Client({ ...connection, sendsOnce: true });
    this.owner = expectedBucketOwner === undefined ? {} : { ExpectedBucketOwner: expectedBucketOwner };
    this.watch = watch;
    watch?.listenTo(this.client);
  }

  async clear(ref: VersionRef, landsBefore: Instant): Promise<WriteAnswer | { readonly kind: 'too-late' }> {
    this.watch?.requireAgreement();
    const command = new PutObjectLegalHoldCommand({
      Bucket: ref.bucket,
      Key: ref.key,
      VersionId: ref.versionId,
      ...this.owner,
      LegalHold: { Status: 'OFF' },
    });
    const sending = { isTooLate: false };
    const inTime =
      <A extends object, R>(next: (args: A) => Promise<R>) =>
      async (args: A): Promise<R> => {
        sending.isTooLate = signedAt(args) + SIGNATURE > landsBefore;
        if (sending.isTooLate) throw new Error('signed too late, and so not sent');
        return next(args);
      };
    // A machine that stood still between the mark and the signature must not send it when it wakes up.
    command.middlewareStack.addRelativeTo(inTime, {
      name: 'holdfastSignedInTime',
      relation: 'after',
      toMiddleware: 'httpSigningMiddleware',
    });
    const send = async (): Promise<PutObjectLegalHoldCommandOutput> =>
      this.client.send(command, { abortSignal: AbortSignal.timeout(BUDGET) });
    try {
      const answer = await ask(`take the legal hold off ${ref.bucket}/${JSON.stringify(ref.key)}`, send);
      return isRefused(answer) ? answerOf(answer.refused) : accepted(answer.$metadata.requestId);
    } catch (cause) {
      if (sending.isTooLate) return { kind: 'too-late' };
      throw cause;
    }
  }
}

function accepted(requestId: string | undefined): WriteAnswer {
  return { kind: 'accepted', ...(requestId !== undefined && { requestId }) };
}

function answerOf({ status, code, requestId }: Refusal): WriteAnswer {
  const id = requestId === undefined ? {} : { requestId };
  if (status === 403) return { kind: 'denied', ...id };
  if (status === 404) return { kind: 'gone' };
  if (status === 405) return { kind: 'marker' };
  return { kind: 'rejected', code, ...id };
}

/** The moment that a signed request says it was signed at; `x-amz-date` is 20261120T090000Z. */
function signedAt(args: unknown): number {
  const { headers } = (args as { request: { headers: Readonly<Record<string, string>> } }).request;
  const iso = (headers['x-amz-date'] ?? '').replace(
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/,
    '$1-$2-$3T$4:$5:$6Z',
  );
  const moment = Date.parse(iso);
  // A request without a date could land whenever.
  return Number.isNaN(moment) ? Number.POSITIVE_INFINITY : moment;
}
