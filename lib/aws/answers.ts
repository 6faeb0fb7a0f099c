/** S3's refusals, sorted by status and code; never by message, which changes. */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';

/** An answer of the store that is a verdict on the request. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly requestId?: string;
}

const THROTTLES = new Set([
  'SlowDown',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);

/** Answers that look like verdicts by their status and are none: the same request may succeed in a moment. */
const PASSING = new Set([
  ...THROTTLES,
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'ExpiredToken',
  'ExpiredTokenException',
  'TokenRefreshRequired',
  'OperationAborted',
  'ConditionalRequestConflict',
]);

/**
 * Runs a request and turns its failure into a refusal.
 *
 * @param what - the request and its object, for the message of an error.
 * @throws HoldfastError `throttled` or `unreachable` when there was no verdict.
 */
export async function ask<T>(
  what: string,
  request: () => Promise<T>,
): Promise<T | { readonly refused: Refusal }> {
  try {
    return await request();
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    const refusal = refusalOf(cause);
    if (refusal === undefined || !isVerdict(refusal)) throw noVerdict(what, refusal, cause);
    return { refused: refusal };
  }
}

function isVerdict({ status, code }: Refusal): boolean {
  // "Not implemented" is final, though its status calls it the store's own fault.
  const isFinal = status < 500 || status === 501;
  return isFinal && status !== 429 && !PASSING.has(code);
}

/** Codes that speak of who asks, and not of what was asked for. */
export const BAD_CREDENTIALS: ReadonlySet<string> = new Set([
  ...['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken'],
  ...['InvalidClientTokenId', 'UnrecognizedClientException'],
]);

/** The failure that such a code means, whatever was asked for. */
export function badCredentials(what: string, code: string): HoldfastError {
  return new HoldfastError('no-permission', {
    what: `${what}: the store does not accept the credentials (${code})`,
    next: 'check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and the clock of this machine',
  });
}

export function isRefused(answer: object): answer is { readonly refused: Refusal } {
  return 'refused' in answer;
}

function refusalOf(cause: unknown): Refusal | undefined {
  if (!(cause instanceof S3ServiceException)) return undefined;
  const { httpStatusCode, requestId } = cause.$metadata;
  if (httpStatusCode === undefined) return undefined;
  return { status: httpStatusCode, code: cause.name, ...(requestId !== undefined && { requestId }) };
}

function noVerdict(what: string, refusal: Refusal | undefined, cause: unknown): HoldfastError {
  if (
    refusal !== undefined &&
    (refusal.status === 503 || refusal.status === 429 || THROTTLES.has(refusal.code))
  ) {
    return new HoldfastError('throttled', {
      what: `${what}: the store asked to slow down (${refusal.code}) for as long as the budget of retries lasted`,
      next: 'run it again later, or with fewer connections',
      cause,
    });
  }
  const why =
    refusal === undefined
      ? cause instanceof Error
        ? cause.message || cause.name
        : 'no answer'
      : refusal.code;
  return new HoldfastError('unreachable', {
    what: `${what}: the store gave no verdict (${why})`,
    next: 'check the endpoint, the credentials and the network, and run it again',
    cause,
  });
}
