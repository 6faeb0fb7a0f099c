/** A request to the HTTP API, read within the limits of API Gateway. */
import type { IncomingMessage } from 'node:http';
import { Refused } from './reply.ts';

export interface ApiRequest {
  readonly method: string;
  /** As sent: what signatures are made of. */
  readonly sentPath: string;
  /** Decoded: what routes are matched with, and what functions get. */
  readonly path: string;
  readonly query: string;
  /** Lower case, repeated ones joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly string[];
  readonly protocol: string;
  readonly sourceIp: string;
  readonly body: Buffer;
}

/** The quotas of HTTP APIs, which nobody can have raised. */
const MOST_BODY_BYTES = 10 * 1024 ** 2;
const MOST_HEADER_BYTES = 10_240;

export async function readRequest(message: IncomingMessage): Promise<ApiRequest> {
  const { method = 'GET', url = '/', headersDistinct } = message;
  const protocol = `HTTP/${message.httpVersion}`;
  const values = Object.entries(headersDistinct).flatMap(([name, all = []]) =>
    all.map((value) => [name, value] as const),
  );
  const headerBytes = Buffer.byteLength(
    [method, url, protocol, ...values.map(([, value]) => value)].join(' '),
  );
  if (headerBytes > MOST_HEADER_BYTES) throw new Refused(431, 'Request Header Fields Too Large');
  const body = await bodyOf(message);
  const questionMark = url.indexOf('?');
  const sentPath = questionMark === -1 ? url : url.slice(0, questionMark);
  return {
    method,
    sentPath,
    path: decoded(sentPath),
    query: questionMark === -1 ? '' : url.slice(questionMark + 1),
    headers: Object.fromEntries(
      Object.entries(headersDistinct).map(([name, all = []]) => [name, all.join(',')]),
    ),
    cookies: (headersDistinct.cookie ?? []).flatMap((header) => header.split(/; */)),
    protocol,
    sourceIp: message.socket.remoteAddress ?? '127.0.0.1',
    body,
  };
}

/** Reads all of it even when it is too large: a client that is still sending would not hear the refusal. */
async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MOST_BODY_BYTES) chunks.push(chunk);
  }
  if (size > MOST_BODY_BYTES) throw new Refused(413, 'Request Entity Too Large');
  return Buffer.concat(chunks);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Refused(400, 'Bad Request');
  }
}
