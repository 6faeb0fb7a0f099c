/** Asks the HTTP API: with the token of whoever asks, again where it says so, and with its refusals in words. */
import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import { systemClock } from '../lib/aws/system-clock.ts';
import { HoldfastError } from '../lib/errors.ts';
import { jsonOf } from '../lib/json.ts';
import { apiAddress, type ApiOptions, tokenSource } from './api-options.ts';
import { failureOf, strangeAnswer, unreachable } from './api-failure.ts';
import { paint, printError } from './output.ts';

export interface Answered<T> {
  readonly value: T;
  /** As it was answered, with what this command does not know of too. */
  readonly raw: unknown;
}

export interface TextPage {
  readonly text: string;
  /** Where the next page begins. */
  readonly next?: string;
}

export interface Api {
  get<T>(path: string, schema: z.ZodType<T>, query?: Query): Promise<Answered<T>>;
  csv(path: string, query?: Query): Promise<TextPage>;
  post<T>(path: string, schema: z.ZodType<T>, body?: unknown): Promise<Answered<T>>;
  /** Who the token says that it is of; the API has verified it once it has answered. */
  bearer(): string;
}

type Query = Readonly<Record<string, string | undefined>>;

interface Request {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly accept: string;
  readonly body?: string;
  readonly key?: string;
}

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const TRIES = 4;
const LONGEST_WAIT = 60_000;
/** More than the gateway gives a function. */
const TIMEOUT = 60_000;
const TRY_AGAIN = new Set([429, 502, 503]);

export function openApi(options: ApiOptions): Api {
  const address = apiAddress(options);
  const token = tokenSource(options);
  // What is wrong with it is said before anything is asked.
  token.read();
  const urlOf = (path: string, query: Query = {}): string => {
    const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    return `${address}${path}${given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`}`;
  };

  /** A GET changes nothing, and whatever else is sent again has the key that it had. */
  async function ask(request: Request): Promise<Reply> {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await send(request, token.read()).catch((error: unknown) => {
        const failure = unreachable(error, address, request.method);
        if (failure.isFinal || attempt === TRIES) throw failure.error;
        return undefined;
      });
      if (reply !== undefined && (!TRY_AGAIN.has(reply.status) || attempt === TRIES)) {
        if (reply.status >= 200 && reply.status < 300) return reply;
        throw failureOf(reply, { address, place: token.place, isRepeat: attempt > 1 });
      }
      const wait = waitOf(reply?.headers.get('retry-after') ?? undefined, attempt);
      if (process.stderr.isTTY)
        printError(paint('dim', `no answer yet: asking again in ${Math.ceil(wait / 1_000)} s`));
      await systemClock.wait(wait);
    }
  }

  async function json<T>(schema: z.ZodType<T>, request: Request): Promise<Answered<T>> {
    const { text, status } = await ask(request);
    const raw = jsonOf(text);
    const parsed = schema.safeParse(raw);
    if (parsed.success) return { value: parsed.data, raw };
    throw strangeAnswer(address, status, raw !== undefined);
  }

  return {
    get: async (path, schema, query) =>
      json(schema, { method: 'GET', url: urlOf(path, query), accept: 'application/json' }),
    csv: async (path, query) => {
      const url = urlOf(path, query);
      const { text, status, headers } = await ask({ method: 'GET', url, accept: 'text/csv' });
      if (!/^text\/csv\b/i.test(headers.get('content-type') ?? ''))
        throw strangeAnswer(address, status, false);
      const next = nextOf(headers.get('link') ?? '', url);
      return { text, ...(next !== undefined && { next }) };
    },
    post: async (path, schema, body) =>
      json(schema, {
        method: 'POST',
        url: urlOf(path),
        accept: 'application/json',
        key: randomUUID(),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    bearer: () => bearerOf(token.read()),
  };
}

async function send({ method, url, accept, body, key }: Request, token: string): Promise<Reply> {
  const response = await fetch(url, {
    method,
    // Somebody else's page to sign in at is no answer, and the token is not for them.
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT),
    headers: {
      accept,
      authorization: `Bearer ${token}`,
      'user-agent': 'holdfast',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function waitOf(retryAfter: string | undefined, attempt: number): number {
  const seconds = /^\d{1,9}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : undefined;
  const moment = Date.parse(retryAfter ?? '');
  const asked = seconds ?? (Number.isNaN(moment) ? undefined : moment - Date.now());
  return Math.min(Math.max(asked ?? 1_000 * 2 ** (attempt - 1), 0), LONGEST_WAIT);
}

/** Only where the next page begins is taken from the link: behind a gateway, its address may be another. */
function nextOf(link: string, url: string): string | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link) ?? [];
  if (target === undefined || !URL.canParse(target, url)) return undefined;
  const next = new URL(target, url).searchParams.get('after') ?? undefined;
  if (next === undefined || next !== new URL(url).searchParams.get('after')) return next;
  throw new HoldfastError('unexpected', {
    what: 'the API names a page as the next one of itself',
    next: 'report it to whoever runs Holdfast',
  });
}

function bearerOf(token: string): string {
  const claims = jsonOf(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const { name, email, sub } = (claims ?? {}) as Partial<Record<string, unknown>>;
  const known = [name, email, sub].find((claim) => typeof claim === 'string' && claim !== '');
  return typeof known === 'string' ? known : 'somebody whose token tells no name';
}
