/** Every failure Holdfast names: a stable code, what happened, and what to do next. */

/** Maps each code to the exit code of the command line and the status of the HTTP API. */
const FAILURES = {
  'bad-input': { exit: 2, status: 400 },
  'bad-policy': { exit: 2, status: 422 },
  'bad-event': { exit: 2, status: 400 },
  'no-such-version': { exit: 2, status: 404 },
  'delete-marker': { exit: 2, status: 409 },
  'no-lock-on-bucket': { exit: 2, status: 409 },
  'no-permission': { exit: 4, status: 403 },
  'clock-apart': { exit: 2, status: 500 },
  throttled: { exit: 5, status: 503 },
  unreachable: { exit: 5, status: 502 },
  'partly-failed': { exit: 6, status: 207 },
  'needs-approval': { exit: 8, status: 409 },
  moved: { exit: 9, status: 409 },
  'not-signed-in': { exit: 4, status: 401 },
  'not-allowed': { exit: 4, status: 403 },
  'self-approval': { exit: 4, status: 403 },
  'no-such-route': { exit: 2, status: 404 },
  'no-such-matter': { exit: 2, status: 404 },
  'no-such-run': { exit: 2, status: 404 },
  'bad-request': { exit: 2, status: 422 },
  'too-large': { exit: 2, status: 413 },
  'empty-scope': { exit: 2, status: 422 },
  'not-managed': { exit: 2, status: 422 },
  'key-reused': { exit: 2, status: 409 },
  'other-holdfast': { exit: 2, status: 409 },
  'already-asked': { exit: 2, status: 409 },
  'not-asked': { exit: 2, status: 409 },
  'already-released': { exit: 2, status: 409 },
  'run-over': { exit: 9, status: 409 },
  unexpected: { exit: 1, status: 500 },
} as const;

export type FailureCode = keyof typeof FAILURES;

export interface FailureText {
  /** What happened, and to which version, bucket or file: one sentence without its full stop. */
  readonly what: string;
  /** What the reader should do next: one sentence without its full stop. */
  readonly next: string;
  readonly cause?: unknown;
}

/**
 * The one error class of Holdfast.
 *
 * @example
 * throw new HoldfastError('bad-input', { what: '"6m" is not a period', next: 'write 6mo or P6M' });
 */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: FailureCode;
  readonly next: string;

  constructor(code: FailureCode, text: FailureText) {
    super(`${text.what}; ${text.next}`, text.cause === undefined ? undefined : { cause: text.cause });
    this.code = code;
    this.next = text.next;
  }

  get exitCode(): number {
    return FAILURES[this.code].exit;
  }

  get status(): number {
    return FAILURES[this.code].status;
  }
}
