/** Makes one sentence of whatever a store or the way to it answers, for people at a terminal. */
import { ask, BAD_CREDENTIALS, badCredentials, type Refusal } from '../lib/aws/answers.ts';
import { HoldfastError } from '../lib/errors.ts';

/** A request as a person would name it, and the permissions it needs. */
export interface Asked {
  readonly what: string;
  readonly needs: string;
}

const ELSEWHERE = new Set(['AuthorizationHeaderMalformed', 'PermanentRedirect', 'TemporaryRedirect']);

/** @throws HoldfastError in place of every failure of the store. */
export async function inWords<T>(asked: Asked, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    throw await failureOf(asked, cause);
  }
}

/** The same for what comes piece by piece. */
export async function* eachInWords<T>(asked: Asked, pieces: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* pieces;
  } catch (cause) {
    throw await failureOf(asked, cause);
  }
}

async function failureOf(asked: Asked, cause: unknown): Promise<unknown> {
  if (cause instanceof HoldfastError) return cause;
  if (cause instanceof Error && cause.name === 'CredentialsProviderError') {
    return new HoldfastError('bad-input', {
      what: `${asked.what}: there are no credentials`,
      next: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
      cause,
    });
  }
  try {
    // The adapters' own sorting: what is no verdict of the store comes back as an error.
    const { refused } = await ask<never>(asked.what, () => {
      throw cause;
    });
    return refusal(asked, refused, cause);
  } catch (named) {
    return named;
  }
}

function refusal({ what, needs }: Asked, { status, code }: Refusal, cause: unknown): HoldfastError {
  if (code === 'NoSuchBucket') {
    return new HoldfastError('bad-input', {
      what: `${what}: there is no such bucket`,
      next: 'check its name, the endpoint and the account',
      cause,
    });
  }
  if (BAD_CREDENTIALS.has(code)) return badCredentials(what, code);
  if (ELSEWHERE.has(code) || (status >= 300 && status < 400)) {
    return new HoldfastError('bad-input', {
      what: `${what}: the bucket is in another region (${code})`,
      next: 'name its region with --region',
      cause,
    });
  }
  if (status === 401 || status === 403) {
    return new HoldfastError('no-permission', {
      what: `${what}: the store denied it (${code})`,
      next: `it needs ${needs}`,
      cause,
    });
  }
  return new HoldfastError('bad-input', {
    what: `${what}: the store found fault with the request (${status} ${code})`,
    next: 'check the names of the buckets and the endpoint',
    cause,
  });
}
