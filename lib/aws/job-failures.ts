/** Makes one sentence of whatever S3 or S3 Control answers about a bulk job. */
import { HoldfastError } from '../errors.ts';

/** @throws HoldfastError in place of whatever the store or the way to it answers. */
export async function named<T>(what: string, needs: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    throw failureOf(what, needs, cause);
  }
}

const THROTTLES = new Set(['SlowDown', 'TooManyRequestsException', 'ThrottlingException']);

/** S3 and S3 Control have classes of errors of their own; both tell a status and a code. */
export function failureOf(what: string, needs: string, cause: unknown): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  const status = statusOf(cause);
  const [code, message] = cause instanceof Error ? [cause.name, cause.message] : ['unknown', String(cause)];
  if (status === 503 || status === 429 || THROTTLES.has(code))
    return new HoldfastError('throttled', {
      what: `${what}: the store asked to slow down (${code})`,
      next: 'run the same command again later',
      cause,
    });
  if (status === undefined || status >= 500)
    return new HoldfastError('unreachable', {
      what: `${what}: the store gave no verdict (${message})`,
      next: 'check the endpoint, the credentials and the network, and run the same command again',
      cause,
    });
  if (status === 401 || status === 403)
    return new HoldfastError('no-permission', {
      what: `${what}: the store denied it (${code})`,
      next: `it needs ${needs}`,
      cause,
    });
  return new HoldfastError('bad-input', {
    what: `${what}: the store found fault with the request (${status} ${code}: ${message})`,
    next: 'check the role, the names of the buckets and the endpoint',
    cause,
  });
}

function statusOf(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('$metadata' in cause)) return undefined;
  return (cause.$metadata as { readonly httpStatusCode?: number }).httpStatusCode;
}
