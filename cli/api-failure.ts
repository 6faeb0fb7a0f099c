/** What went wrong with a request to the HTTP API, in words: its own, or ours where something else answered. */
import { type FailureCode, HoldfastError } from '../lib/errors.ts';
import { TITLES } from '../lib/http/problem.ts';
import { jsonOf } from '../lib/json.ts';
import { type Problem, problemSchema } from '../lib/matters/messages.ts';
import { visible } from './output.ts';

interface Refusal {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Circumstances {
  readonly address: string;
  /** Where a new token is to be put. */
  readonly place: string;
  /** Whether the same was sent before, and its answer was lost. */
  readonly isRepeat: boolean;
}

/** What a gateway says that has no words of Holdfast's. */
const BY_STATUS: Readonly<Record<number, FailureCode>> = {
  401: 'not-signed-in',
  403: 'not-allowed',
  404: 'no-such-route',
  413: 'too-large',
  429: 'throttled',
};
const AFTER_ALL: ReadonlySet<string> = new Set(['already-asked', 'already-released']);
/** What may be over in a moment; nothing else is asked again. */
const PASSING = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** Nothing was sent. */
const UNSENT =
  /^(ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$|CERT|SSL|TLS/;
const NAMED = 20;

export function failureOf(refusal: Refusal, { address, place, isRepeat }: Circumstances): HoldfastError {
  const problem = problemSchema.safeParse(jsonOf(refusal.text));
  if (!problem.success) return foreign(refusal, address, place);
  const { code, detail, next } = problem.data;
  const known = Object.hasOwn(TITLES, code) ? (code as FailureCode) : 'unexpected';
  const what = `${visible(detail)}${faultsText(problem.data)}`;
  if (known === 'not-signed-in')
    return new HoldfastError(known, { what, next: `sign in again, and ${place}` });
  if (isRepeat && AFTER_ALL.has(code)) {
    return new HoldfastError(known, {
      what,
      next: 'this command may have done it, since its first request had no answer: look with holdfast matters show',
    });
  }
  return new HoldfastError(known, { what, next: visible(next) });
}

function faultsText({ faults = [], detail }: Problem): string {
  const texts = faults.map(({ field, rule }) => visible(`${field}: ${rule}`));
  if (texts.length === 0 || (texts.length === 1 && texts[0] === visible(detail))) return '';
  const more = texts.length > NAMED ? `, and ${texts.length - NAMED} more` : '';
  return ` (${texts.slice(0, NAMED).join(', ')}${more})`;
}

/** Not the API's own words: those of a gateway or a proxy before it. */
function foreign({ status, headers, text }: Refusal, address: string, place: string): HoldfastError {
  const type = headers.get('content-type')?.split(';')[0]?.trim() ?? '';
  const kind = /html/i.test(type) || /^\s*</.test(text) ? 'a page of HTML' : 'something else';
  const to =
    status >= 300 && status < 400 ? `, which leads to ${visible(headers.get('location') ?? '')}` : '';
  const { message } = (jsonOf(text) ?? {}) as { readonly message?: unknown };
  const said = typeof message === 'string' ? JSON.stringify(visible(message.slice(0, 200))) : kind;
  const code = BY_STATUS[status] ?? 'unreachable';
  const next =
    code === 'not-signed-in'
      ? `sign in again, since a token may have expired, and ${place}`
      : code === 'throttled'
        ? 'try again later'
        : 'check the address, and what stands between: a proxy, a gateway, a page to sign in at';
  return new HoldfastError(code, {
    what: `${visible(address)} answered ${status} with ${said}${to}, not as Holdfast does`,
    next,
  });
}

/** An answer that says all is well, but not what was asked for. */
export function strangeAnswer(address: string, status: number, isJson: boolean): HoldfastError {
  return new HoldfastError('unreachable', {
    what: `${visible(address)} answered ${status}, but ${isJson ? 'in a form that this holdfast does not know' : 'not as Holdfast does'}`,
    next: isJson
      ? 'use the holdfast of the same version as the deployment'
      : 'check the address, and what stands between: a proxy, a gateway, a page to sign in at',
  });
}

/** No answer at all. */
export function unreachable(
  error: unknown,
  address: string,
  method: string,
): { readonly error: HoldfastError; readonly isFinal: boolean } {
  if (error instanceof HoldfastError) return { error, isFinal: true };
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const texts = [code, messageOf(cause) || messageOf(error)].filter((text) => text !== '');
  const why = texts.join(': ');
  const unknown =
    method === 'GET' || UNSENT.test(code)
      ? ''
      : '; look with holdfast matters list whether it was done all the same';
  return {
    isFinal: !PASSING.has(code),
    error: new HoldfastError('unreachable', {
      what: `${visible(address)} cannot be reached${why === '' ? '' : ` (${visible(why)})`}`,
      next: `check the address and the network${unknown}`,
      cause: error,
    }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
