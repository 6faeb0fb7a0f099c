/** Failures as HTTP answers them: problem details (RFC 9457), with the same codes as everywhere in Holdfast. */
import { type FailureCode, HoldfastError } from '../errors.ts';
import { type Problem } from '../matters/messages.ts';
import { type Answer } from './answer.ts';
import { FaultyRequest, shown } from './faults.ts';

/** What a code means, whatever the request was. */
export const TITLES: Readonly<Record<FailureCode, string>> = {
  'bad-input': 'The request cannot be read',
  'bad-policy': 'The policy has faults',
  'bad-event': 'The event cannot be read',
  'no-such-version': 'There is no such version',
  'delete-marker': 'A delete marker cannot be locked',
  'no-lock-on-bucket': 'The bucket has no Object Lock',
  'no-permission': 'Holdfast lacks a permission in the store',
  'clock-apart': 'The clocks of Holdfast and the store are apart',
  throttled: 'The store asks to slow down',
  unreachable: 'Something that is needed cannot be reached',
  'partly-failed': 'A part of it failed',
  'needs-approval': 'Somebody must approve it',
  moved: 'The world has moved on meanwhile',
  'not-signed-in': 'Nobody is signed in',
  'not-allowed': 'The caller may not do this',
  'self-approval': 'Somebody else must approve it',
  'no-such-route': 'There is nothing at this address',
  'no-such-matter': 'There is no such matter',
  'no-such-run': 'There is no such run',
  'bad-request': 'The request has faults',
  'too-large': 'The request is too large',
  'empty-scope': 'The scope covers nothing',
  'not-managed': 'The bucket is not managed',
  'key-reused': 'The idempotency key was used for another request',
  'other-holdfast': 'Another Holdfast manages this',
  'already-asked': 'The release has been asked for already',
  'not-asked': 'The release has not been asked for',
  'run-over': 'The run is over',
  'already-released': 'The matter is released',
  unexpected: 'Holdfast failed',
};

const RETRY_AFTER_SECONDS: Partial<Record<FailureCode, number>> = { throttled: 5, unreachable: 10 };
const LONGEST_DETAIL = 1_000;

export interface ProblemOptions {
  /** Of the request. */
  readonly id: string;
  /** Told of everything that is a fault of ours. */
  readonly onUnexpected: (error: unknown, id: string) => void;
  /** Where it is another than the code has. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer to any error whatsoever; what is not meant for the caller stays here. */
export function problemAnswer(error: unknown, { id, onUnexpected, status, headers }: ProblemOptions): Answer {
  const known = meantForCallers(error);
  if (known === undefined) onUnexpected(error, id);
  const failure =
    known ??
    new HoldfastError('unexpected', {
      what: 'something failed that should not',
      next: `report it with the id ${id}`,
    });
  const problem = problemOf(failure, status ?? failure.status, id);
  const retryAfter = RETRY_AFTER_SECONDS[failure.code];
  return {
    status: problem.status,
    type: 'application/problem+json',
    text: JSON.stringify(problem),
    headers: { ...headers, ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }) },
    code: failure.code,
  };
}

function meantForCallers(error: unknown): HoldfastError | undefined {
  // A failure whose status is no failure of HTTP's has been thrown by mistake.
  const isMeant = error instanceof HoldfastError && error.code !== 'unexpected' && error.status >= 400;
  return isMeant ? error : undefined;
}

function problemOf(error: HoldfastError, status: number, id: string): Problem {
  const { code, next, message } = error;
  return {
    type: `urn:holdfast:${code}`,
    title: TITLES[code],
    status,
    code,
    detail: shown(message.slice(0, -`; ${next}`.length), LONGEST_DETAIL),
    next: shown(next, LONGEST_DETAIL),
    instance: id,
    ...(error instanceof FaultyRequest && { faults: [...error.faults] }),
  };
}
