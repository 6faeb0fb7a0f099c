/** An HTTP API of API Gateway on the loopback address, in front of functions (payload format 2.0). */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorize, type AuthorizeOptions } from './api/authorize.ts';
import { eventOf } from './api/event.ts';
import { failed, refusalReply, Refused, type Reply, replyOf } from './api/reply.ts';
import { readRequest } from './api/request.ts';
import { type ApiRoute, selectRoute } from './api/routes.ts';

export interface HttpApiOptions extends AuthorizeOptions {
  readonly routes: readonly ApiRoute[];
  /** How long a function may take; 30 seconds, as in AWS, when left out. */
  readonly timeoutMs?: number;
  /** Told why a function failed: its caller never is. */
  readonly onError?: (error: unknown) => void;
}

export interface HttpApi {
  readonly url: string;
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
// More than the API takes, so that the refusal is the API's and not Node's.
const MOST_HEADER_BYTES = 64 * 1024;

export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const server = createServer({ maxHeaderSize: MOST_HEADER_BYTES }, (message, response) => {
    void respond(message, response, options);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

async function respond(
  message: IncomingMessage,
  response: ServerResponse,
  options: HttpApiOptions,
): Promise<void> {
  const requestId = randomBytes(11).toString('base64');
  try {
    send(response, requestId, await answer(message, requestId, options));
  } catch (error) {
    if (!(error instanceof Refused)) options.onError?.(error);
    message.resume();
    send(response, requestId, refusalReply(error instanceof Refused ? error : failed()));
  }
}

async function answer(message: IncomingMessage, requestId: string, options: HttpApiOptions): Promise<Reply> {
  const request = await readRequest(message);
  const match = selectRoute(options.routes, request.method, request.path);
  if (match === undefined) throw new Refused(404, 'Not Found');
  const authorizer = authorize(match.route.authorizer, request, options);
  const { accountId, timeoutMs = TIMEOUT_MS } = options;
  const event = eventOf(request, match, authorizer, { requestId, accountId, now: Date.now() });
  return replyOf(await within(timeoutMs, match.route.invoke(event)));
}

/** The function goes on when its time is up, as it does in AWS; only nobody waits for it any more. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<unknown> {
  const done = new AbortController();
  const tooLate = sleep(milliseconds, undefined, { signal: done.signal }).then(() => {
    throw new Refused(503, 'Service Unavailable');
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    done.abort();
  }
}

function send(response: ServerResponse, requestId: string, { status, headers, cookies, body }: Reply): void {
  try {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (cookies.length > 0) response.setHeader('set-cookie', [...cookies]);
  } catch {
    // A function can return what is no header.
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    send(response, requestId, refusalReply(failed()));
    return;
  }
  response.statusCode = status;
  response.setHeader('apigw-requestid', requestId);
  response.end(body);
}
