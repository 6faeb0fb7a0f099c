/** The HTTP layer for tests: use cases with answers ready, tokens that need no issuer, and the records they leave. */
import { type APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { ACCESS, type Caller } from '../../../../lib/app/caller.ts';
import { type MatterApi } from '../../../../lib/app/matter-api.ts';
import { type FailureCode, HoldfastError } from '../../../../lib/errors.ts';
import { createHttpApi } from '../../../../lib/http/handle.ts';
import {
  type EventAnswer,
  type LockView,
  type MatterView,
  type Preview,
  type Problem,
  type RunView,
} from '../../../../lib/matters/messages.ts';

const AT = '2026-11-20T09:00:00Z';
const PERSON = { issuer: 'https://issuer.example', subject: 'anna' };

export const MATTER: MatterView = {
  id: 'm-1',
  title: 'Doe v. Example Corp.',
  reason: 'Complaint served',
  group: 'legal',
  state: 'in force',
  openedBy: PERSON,
  openedAt: AT,
  scopes: [
    {
      id: 's-1',
      selector: { bucket: 'case-files', prefix: 'customers/' },
      state: 'in force',
      addedBy: PERSON,
      addedAt: AT,
      counts: { versions: 2, bytes: 20, on: 2, exceptions: 0 },
    },
  ],
  history: [{ at: AT, what: 'opened', by: PERSON }],
};
export const OPENING: MatterView = {
  ...MATTER,
  state: 'opening',
  scopes: MATTER.scopes.map((scope) => ({ ...scope, state: 'opening' })),
};
const PREVIEW: Preview = { versions: 1, bytes: 10, more: false, samples: ['a'], requests: 3, usd: 0.01 };
const FORECAST = { looked: 1, of: 1, atOnce: 1, byLifecycle: [], retained: 0, held: 0, gone: 0 };
const LOCK: LockView = {
  bucket: 'case-files',
  key: 'a',
  versionId: 'v1',
  created: AT,
  size: 10,
  mode: 'none',
  eventHold: false,
  hold: 'on',
  matters: ['m-1'],
  others: 0,
};
const EVENT: EventAnswer = { id: 'e-1', state: 'done', versions: 0, counts: {}, results: [] };
const RUN: RunView = {
  id: 'run-1',
  state: 'waiting',
  plan: 'plan-1',
  source: 'inventory',
  started: AT,
  versions: 1,
  waitsFor: ['approval'],
  groups: {},
};

type Request = Parameters<MatterApi['audited']>[0];

export interface Scripted {
  readonly api?: Partial<MatterApi>;
  readonly caller?: Partial<Caller>;
}

export interface Asking {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly userArn?: string;
  readonly base64?: boolean;
}

/** Every function of the API is called with the arguments that are kept in `calls`. */
export function testApi({ api = {}, caller = {} }: Scripted = {}) {
  const records: Request[] = [];
  const unexpected: unknown[] = [];
  const calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
  const canned: MatterApi = {
    preview: async () => PREVIEW,
    open: async () => ({ matter: MATTER, isNew: true }),
    list: async () => ({ matters: [MATTER] }),
    get: async () => MATTER,
    widen: async () => MATTER,
    askRelease: async () => ({ matter: MATTER, deletable: FORECAST }),
    approveRelease: async () => OPENING,
    roll: async () => ({ lines: ['bucket,key', 'case-files,a'] }),
    pages: async () => ({ pages: [{ name: 'p', sha256: 's' }] }),
    lock: async () => LOCK,
    postEvent: async () => EVENT,
    runs: async () => [RUN],
    run: async () => RUN,
    approveRun: async () => RUN,
    cancelRun: async () => RUN,
    audited: async (request) => {
      records.push(request);
    },
    ...api,
  };
  const spied = Object.fromEntries(
    Object.entries(canned).map(([name, run]) => [
      name,
      async (...args: never[]) => {
        calls.push({ name, args });
        return (run as (...given: never[]) => unknown)(...args);
      },
    ]),
  ) as unknown as MatterApi;
  let ids = 0;
  const handle = createHttpApi({
    api: spied,
    verify: async (authorization) => {
      if (authorization !== 'Bearer good') throw failure('not-signed-in');
      return { person: PERSON, groups: ['legal'], access: new Set(ACCESS), ...caller };
    },
    machineGroups: ['machines'],
    onUnexpected: (error) => unexpected.push(error),
    newId: () => `request-${(ids += 1)}`,
  });
  const ask = async (line: string, asking: Asking = {}) => answerOf(await handle(eventOf(line, asking)));
  return { ask, handle, records, unexpected, calls };
}

export function failure(code: FailureCode): HoldfastError {
  return new HoldfastError(code, { what: `scripted ${code}`, next: 'do something else' });
}

/** A request as the gateway hands it over: with a good token, unless it says otherwise. */
export function eventOf(
  line: string,
  { query = '', headers, body, userArn, base64 = false }: Asking = {},
): unknown {
  const blank = line.indexOf(' ');
  const [method, rawPath] = [line.slice(0, blank), line.slice(blank + 1)];
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query,
    headers: {
      host: 'api.example',
      authorization: 'Bearer good',
      'content-type': 'application/json',
      ...headers,
    },
    pathParameters: null,
    body: text === undefined ? null : base64 ? Buffer.from(text).toString('base64') : text,
    isBase64Encoded: base64,
    requestContext: {
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      ...(userArn !== undefined && { authorizer: { iam: { userArn } } }),
    },
  };
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly json: unknown;
  readonly problem: Problem;
}

export function answerOf(result: APIGatewayProxyStructuredResultV2): TestAnswer {
  const headers = Object.fromEntries(
    Object.entries(result.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  const text = result.body ?? '';
  const json = (headers['content-type'] ?? '').includes('json') ? (JSON.parse(text) as unknown) : undefined;
  return { status: result.statusCode ?? 0, headers, text, json, problem: json as Problem };
}
