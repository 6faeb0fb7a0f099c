/** What the HTTP API answers: refusals of its own, and what a function returned. */
import { type Fields, isFields, list } from '../fields.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly body: Buffer;
}

/** A request that no function gets to see, or whose function failed. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export const refusalReply = ({ status, message, headers }: Refused): Reply => ({
  ...jsonReply(JSON.stringify({ message })),
  status,
  headers: { 'content-type': 'application/json', ...headers },
});

export const failed = (): Refused => new Refused(500, 'Internal Server Error');

/** The most that a function may return. */
const MOST_BYTES = 6 * 1024 ** 2;

/** With a status code the result says what to answer; any other is the answer itself. */
export function replyOf(result: unknown): Reply {
  const json = JSON.stringify(result ?? null);
  if (Buffer.byteLength(json) > MOST_BYTES) throw failed();
  return isFields(result) && result.statusCode !== undefined ? structured(result) : jsonReply(json);
}

const jsonReply = (json: string): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  cookies: [],
  body: Buffer.from(json),
});

function structured({ statusCode, headers, cookies, body, isBase64Encoded }: Fields): Reply {
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) throw failed();
  if (body !== undefined && body !== null && typeof body !== 'string') throw failed();
  return {
    status,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...headersOf(headers) },
    cookies: list(cookies).map(String),
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

/** What the connection needs is the gateway's to say. */
const OWN_HEADERS = ['connection', 'content-length', 'keep-alive', 'transfer-encoding'];

function headersOf(headers: unknown): Record<string, string> {
  if (headers === undefined || headers === null) return {};
  if (!isFields(headers)) throw failed();
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      if (!['string', 'number', 'boolean'].includes(typeof value)) throw failed();
      const lower = name.toLowerCase();
      return OWN_HEADERS.includes(lower) ? [] : [[lower, String(value)]];
    }),
  );
}
