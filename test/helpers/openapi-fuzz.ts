/** Requests by the thousand, made from an OpenAPI document alone: some as it asks, most broken in one way or two. */
import { BODIES, HOSTILE, METHODS, QUERIES, TOKENS, TYPES } from './hostile.ts';
import { type Random, randomFrom } from './random.ts';
import { broken, hugeOr, sample, type Schema, textOf } from './schema-sample.ts';

export interface FuzzRequest {
  readonly method: string;
  /** With its query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

export interface FuzzOptions {
  /** The same seed makes the same requests. */
  readonly seed: number;
  readonly count: number;
  /** Tokens that the API takes; without any, all are refused. */
  readonly tokens?: readonly string[];
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { schema: Schema; example?: unknown }>>;
  };
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** What is built up, and then broken. */
interface Draft {
  method: string;
  template: string;
  ids: string[];
  query: string[];
  headers: Record<string, string>;
  type: string | undefined;
  value: unknown;
  body: string | Uint8Array | undefined;
}

export function* fuzz(
  document: OpenApiDocument,
  { seed, count, tokens = [] }: FuzzOptions,
): Generator<FuzzRequest> {
  const random = randomFrom(seed);
  const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ template, method, operation })),
  );
  for (let made = 0; made < count; made += 1) {
    const { template, method, operation } = random.pick(operations);
    const draft = draftOf(document, template, method.toUpperCase(), operation, random, tokens);
    const faults = random.chance(0.25) ? 0 : random.chance(0.7) ? 1 : 2;
    for (let fault = 0; fault < faults; fault += 1) random.pick(FAULTS)(draft, random);
    yield finished(draft);
  }
}

function draftOf(
  document: OpenApiDocument,
  template: string,
  method: string,
  { parameters = [], requestBody }: Operation,
  random: Random,
  tokens: readonly string[],
): Draft {
  const { schemas } = document.components;
  const [type, media] = requestBody
    ? random.pick(Object.entries(requestBody.content))
    : [undefined, undefined];
  const isText = type !== undefined && !type.endsWith('json');
  const value =
    media && (isText || random.chance(0.3) ? media.example : sample(media.schema, schemas, random));
  const headers: Record<string, string> = {};
  if (tokens.length > 0) headers.authorization = `Bearer ${random.pick(tokens)}`;
  if (type !== undefined) headers['content-type'] = type;
  const query: string[] = [];
  const ids: string[] = [];
  for (const parameter of parameters) {
    if (!parameter.required && random.chance(isText ? 0.1 : 0.6)) continue;
    const text = String(sample(parameter.schema, schemas, random));
    if (parameter.in === 'path') ids.push(encodeURIComponent(text.toWellFormed()));
    else if (parameter.in === 'query')
      query.push(`${parameter.name}=${encodeURIComponent(text.toWellFormed())}`);
    else headers[parameter.name.toLowerCase()] = latin(text);
  }
  const body =
    value === undefined ? undefined : typeof value === 'string' && isText ? value : JSON.stringify(value);
  return { method, template, ids, query, headers, type, value, body };
}

type Break = (draft: Draft, random: Random) => void;

const FAULTS: readonly Break[] = [
  breakValue,
  breakValue,
  breakValue,
  breakValue,
  (draft, random) => (draft.ids = [random.pick(HOSTILE)]),
  (draft, random) => (draft.method = random.pick(METHODS)),
  (draft, random) =>
    (draft.template += random.pick([
      '/',
      '/x',
      '//',
      '/..',
      '/%2e',
      '/roll/roll',
      '%00',
      '/../../machine/runs',
    ])),
  (draft, random) => draft.query.push(random.pick(QUERIES)),
  (draft, random) =>
    draft.query.push(...draft.query, `x=${encodeURIComponent(textOf(random, 20).toWellFormed())}`),
  (draft, random) => (draft.query = [`after=${'a'.repeat(random.below(6_000))}`]),
  (draft, random) => (draft.headers.authorization = random.pick(TOKENS)),
  (draft) => delete draft.headers.authorization,
  (draft, random) => (draft.headers['content-type'] = random.pick(TYPES)),
  (draft) => delete draft.headers['content-type'],
  (draft, random) =>
    (draft.headers['idempotency-key'] = random.pick(['', ' ', 'a b', '\u00ff', 'k'.repeat(201), 'k'])),
  (draft, random) => (draft.body = random.pick(BODIES)),
  (draft, random) => (draft.body = random.bytes(random.below(2_000))),
  (draft, random) => {
    // Cut off in the middle, or with something in it that was never there.
    const text = typeof draft.body === 'string' ? draft.body : '{}';
    const at = random.below(text.length + 1);
    draft.body = text.slice(0, at) + (random.chance(0.5) ? '' : textOf(random, 10) + text.slice(at));
  },
];

/** One place of the JSON body becomes another thing. */
function breakValue(draft: Draft, random: Random): void {
  if (draft.type === undefined || draft.type.endsWith('csv')) {
    draft.body = hugeOr(random, JSON.stringify(textOf(random, 200)));
    return;
  }
  draft.value = broken(draft.value, random);
  draft.body = hugeOr(random, JSON.stringify(draft.value ?? null));
}

function finished({ method, template, ids, query, headers, body }: Draft): FuzzRequest {
  const left = [...ids];
  const path = template.replaceAll(/\{\w+\}/g, () => left.shift() ?? 'none');
  const isBare = method === 'GET' || method === 'OPTIONS';
  return {
    method,
    path: query.length > 0 ? `${path}?${query.join('&')}` : path,
    headers,
    body: isBare ? undefined : body,
  };
}

/** What a header can carry. */
function latin(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '\u00bf').trim();
}
