import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { collect, openBody, requireLength } from './body.ts';
import type { Answer, Call } from './call.ts';
import { httpDate } from './dates.ts';
import { notImplemented, S3Error } from './errors.ts';
import { verifyIntegrity } from './integrity.ts';
import { OPERATIONS } from './operations/index.ts';
import { requireAction } from './permissions.ts';
import { readRequest, type S3Request } from './request.ts';
import { findRoute } from './route.ts';
import type { Service } from './service.ts';
import { verifySignature } from './signature.ts';
import { errorDocument } from './xml.ts';

const UPLOAD_LIMIT = 1024 ** 3;
const DOCUMENT_LIMIT = 2 * 1024 ** 2;
const DRAIN_LIMIT = 64 * 1024 ** 2;
const KEEP_ALIVE_MS = 60_000;

/** An HTTP server that answers as the S3 of this service. */
export function createS3Server(service: Service): Server {
  const server = createServer({ keepAlive: true }, (message, response) => {
    void respond(service, message, response);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  // A large upload over a slow client may take its time.
  server.requestTimeout = 0;
  return server;
}

interface Ids {
  readonly requestId: string;
  readonly hostId: string;
}

async function respond(service: Service, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const ids: Ids = {
    requestId: randomBytes(8).toString('hex').toUpperCase(),
    hostId: randomBytes(48).toString('base64'),
  };
  try {
    send(message, response, ids, await answer(service, message, ids.requestId));
  } catch (error) {
    await refuse(message, response, ids, error);
  }
}

async function refuse(
  message: IncomingMessage,
  response: ServerResponse,
  ids: Ids,
  error: unknown,
): Promise<void> {
  // The client went away in the middle of its request.
  if (message.destroyed && !message.complete) return;
  try {
    await drain(message);
    send(message, response, ids, refusal(message, ids, error));
  } catch {
    response.destroy();
  }
}

async function answer(service: Service, message: IncomingMessage, requestId: string): Promise<Answer> {
  const request = readRequest(message);
  const route = findRoute(request);
  const raw = await collect(message, route.upload ? UPLOAD_LIMIT : DOCUMENT_LIMIT);
  const signed = verifySignature(request, service);
  inject(service, request, route.operation);
  if (route.upload) requireLength(request);
  const body = openBody(request, signed, raw);
  const action = request.query.has('versionId') ? (route.versionAction ?? route.action) : route.action;
  const { bucket, key } = request;
  requireAction(service, signed.principal, { action, bucket, key });
  const call: Call = {
    service,
    request,
    principal: signed.principal,
    body: body.data,
    integrity: await verifyIntegrity(request, body),
    now: service.clock(),
    requestId,
  };
  const operation = OPERATIONS[route.operation];
  if (!operation) throw notImplemented(`${route.operation} is not implemented.`);
  return operation(call);
}

// A client that is still sending would take an early answer for a broken connection.
async function drain(message: IncomingMessage): Promise<void> {
  if (message.complete || message.destroyed || Number(message.headers['content-length'] ?? 0) > DRAIN_LIMIT)
    return;
  await new Promise<void>((resolve) => {
    message
      .once('close', resolve)
      .once('end', resolve)
      .once('error', () => {
        resolve();
      });
    message.resume();
  });
}

function inject(service: Service, request: S3Request, operation: string): void {
  const { method, bucket, key } = request;
  const fault = service.fault({
    operation,
    method,
    ...(bucket === undefined ? {} : { bucket }),
    ...(key === undefined ? {} : { key }),
  });
  if (fault) throw new S3Error(fault.status, fault.code, fault.message);
}

function refusal(message: IncomingMessage, ids: Ids, error: unknown): Answer {
  const refused = error instanceof S3Error ? error : internalError(error);
  const body = errorDocument({
    Code: refused.code,
    Message: refused.message,
    ...refused.members,
    RequestId: ids.requestId,
    HostId: ids.hostId,
  });
  // What was not read cannot be told from the next request on this connection.
  const closing = message.complete ? {} : { connection: 'close' };
  const isEmpty = refused.status === 304;
  return {
    status: refused.status,
    headers: { ...(isEmpty ? {} : { 'content-type': 'application/xml' }), ...refused.headers, ...closing },
    ...(isEmpty ? {} : { body }),
  };
}

function internalError(error: unknown): S3Error {
  process.stderr.write(`s3: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return new S3Error(500, 'InternalError', 'We encountered an internal error. Please try again.');
}

function send(message: IncomingMessage, response: ServerResponse, ids: Ids, reply: Answer): void {
  if (response.destroyed) return;
  response.statusCode = reply.status;
  response.setHeader('x-amz-id-2', ids.hostId);
  response.setHeader('x-amz-request-id', ids.requestId);
  response.setHeader('Date', httpDate(Date.now()));
  response.setHeader('Server', 'AmazonS3');
  for (const [name, value] of Object.entries(reply.headers ?? {}))
    if (value !== undefined) response.setHeader(name, value);
  const hasNoBody = message.method === 'HEAD' || reply.status === 204 || reply.status === 304;
  if (hasNoBody) {
    response.end();
    return;
  }
  const body = reply.body ?? '';
  response.setHeader('Content-Length', Buffer.byteLength(body));
  if (reply.headers?.['content-type'] === undefined && typeof body === 'string' && body !== '')
    response.setHeader('Content-Type', 'application/xml');
  response.end(body);
}
