/** The HTTP API over real HTTP, with use cases that answer what a test wants: the wire is that of a deployment. */
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ACCESS } from '../../lib/app/caller.ts';
import { type MatterApi } from '../../lib/app/matter-api.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { createHttpApi } from '../../lib/http/handle.ts';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** No answer at all: the connection ends. */
  readonly cut?: true;
}

export interface Heard {
  /** `GET /matters?limit=100`. */
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface MatterServer {
  readonly url: string;
  readonly heard: Heard[];
  /** What the use cases answer; those that are not named may not be asked. */
  api: Partial<MatterApi>;
  /** Answers in place of the API, as a proxy would. */
  instead: (line: string, attempt: number) => Reply | undefined;
  close(): Promise<void>;
}

export const ANA = { issuer: 'https://issuer.example', subject: 'ana', name: 'Ana Meyer' };

/** Takes the token of a test, whose claims are not looked at but for `Bearer old`, which has expired. */
export async function startMatterServer(): Promise<MatterServer> {
  const heard: Heard[] = [];
  const use = (): Partial<MatterApi> => server.api;
  const handle = createHttpApi({
    api: new Proxy({} as MatterApi, {
      get: (_, name: keyof MatterApi) =>
        use()[name] ?? (name === 'audited' ? async () => undefined : unasked(name)),
    }),
    verify: async (authorization) => {
      if (authorization === 'Bearer old' || authorization === undefined)
        throw new HoldfastError('not-signed-in', { what: 'the token has expired', next: 'sign in' });
      return { person: ANA, groups: ['legal'], access: new Set(ACCESS) };
    },
    machineGroups: [],
    onUnexpected: () => undefined,
    newId: () => 'request-1',
  });

  async function replyTo(message: IncomingMessage): Promise<Reply> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const line = `${message.method ?? ''} ${message.url ?? ''}`;
    heard.push({ line, headers: message.headers, body });
    const other = server.instead(line, heard.filter((one) => one.line === line).length);
    if (other !== undefined) return other;
    const [rawPath = '', rawQueryString = ''] = (message.url ?? '').split('?');
    const result = await handle({
      rawPath: decodeURIComponent(rawPath),
      rawQueryString,
      headers: message.headers,
      body: body === '' ? null : body,
      isBase64Encoded: false,
      requestContext: { http: { method: message.method } },
    });
    return {
      status: result.statusCode ?? 0,
      headers: Object.fromEntries(
        Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)]),
      ),
      body: result.body ?? '',
    };
  }

  const listener = createServer((message, response) => {
    void replyTo(message).then(({ status, headers, body, cut }) => {
      if (cut === true) response.destroy();
      else response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const server: MatterServer = {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    heard,
    api: {},
    instead: () => undefined,
    close: async () =>
      new Promise((resolve) => {
        listener.close(() => {
          resolve();
        });
        listener.closeAllConnections();
      }),
  };
  return server;
}

function unasked(name: string): () => Promise<never> {
  return async () => {
    throw new Error(`nobody should ask ${name}`);
  };
}
