/** A request as API Gateway hands it over (HTTP API, payload format 2.0), parsed once. */
import * as z from 'zod';
import { HoldfastError } from '../errors.ts';
import { type Fault, FaultyRequest, memberOf, shown } from './faults.ts';

/** The gateway leaves out what is absent, or says null, as it pleases. */
const eventSchema = z.object({
  rawPath: z.string(),
  rawQueryString: z.string().nullish(),
  headers: z.record(z.string(), z.string().nullish()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    authorizer: z
      .object({ iam: z.object({ userArn: z.string().min(1) }).nullish() })
      .nullish()
      .catch(undefined),
  }),
});

export interface Asked {
  /** Of this request, as its record and its problem have it. */
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** By names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly isBase64: boolean;
  /** Who signed the request, where the gateway checked a signature. */
  readonly userArn?: string;
}

/** The gateway would take 10 MB. */
const MOST_BYTES = 256 * 1024;

/** @throws ZodError where the event is none of an HTTP API: the wiring is wrong then, not the request. */
export function readEvent(event: unknown, id: string): Asked {
  const { rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext } =
    eventSchema.parse(event);
  const userArn = requestContext.authorizer?.iam?.userArn;
  return {
    id,
    method: requestContext.http.method,
    path: rawPath,
    query: rawQueryString ?? '',
    headers: new Map(
      Object.entries(headers ?? {}).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
      ),
    ),
    body: body ?? '',
    isBase64: isBase64Encoded === true,
    ...(userArn !== undefined && { userArn }),
  };
}

/**
 * The body as text.
 *
 * @throws HoldfastError `too-large`, `bad-input`
 */
export function bodyText({ body, isBase64 }: Asked): string {
  const bytes = Buffer.from(body, isBase64 ? 'base64' : 'utf8');
  if (bytes.length > MOST_BYTES) {
    throw new HoldfastError('too-large', {
      what: `the body has ${bytes.length} bytes, and ${MOST_BYTES} are the most`,
      next: 'send less at once: a selector covers any number of versions',
    });
  }
  try {
    if (!body.isWellFormed()) throw new TypeError('half a surrogate pair');
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HoldfastError('bad-input', {
      what: 'the body is no text in UTF-8',
      next: 'encode the body in UTF-8',
      cause,
    });
  }
}

export type BodyType = 'json' | 'csv';

/** @throws FaultyRequest where the body is of a type that is not `taken`. */
export function bodyType({ headers }: Asked, taken: readonly BodyType[]): BodyType {
  // What does not say what it is, is read as what most send.
  const type = (headers.get('content-type') ?? 'application/json').split(';')[0]?.trim().toLowerCase();
  const found = taken.find((one) => type === MEDIA_TYPES[one]);
  if (found !== undefined) return found;
  const names = taken.map((one) => MEDIA_TYPES[one]).join(' or ');
  throw new FaultyRequest([{ field: 'header.content-type', rule: `must be ${names}` }]);
}

const MEDIA_TYPES = { json: 'application/json', csv: 'text/csv' } as const;

/**
 * The parameters of a query by name.
 *
 * Read by hand, since URLSearchParams keeps the first of two values in silence and turns what it cannot decode into
 * another text, which would be another key.
 */
export function queryOf({ query }: Asked): { values: Record<string, string>; faults: Fault[] } {
  const values = new Map<string, string>();
  const faults: Fault[] = [];
  const field = memberOf('query');
  for (const part of query.split('&')) {
    if (part === '') continue;
    const [rawName = '', ...rest] = part.split('=');
    const name = decoded(rawName);
    const value = decoded(rest.join('='));
    if (name === undefined || value === undefined) {
      faults.push({ field: field([name ?? shown(rawName, 100)]), rule: 'is not encoded in UTF-8' });
    } else if (values.has(name)) faults.push({ field: field([name]), rule: 'is given more than once' });
    else values.set(name, value);
  }
  return { values: Object.fromEntries(values), faults };
}

function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text.replaceAll('+', ' '));
    return plain.isWellFormed() ? plain : undefined;
  } catch {
    return undefined;
  }
}
