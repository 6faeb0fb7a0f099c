import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { S3Error } from './errors.ts';

/** A request as S3 sees it, before anybody has looked at who sent it. */
export interface S3Request {
  readonly method: string;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  /** The path as sent, decoded: what the signature is made of. */
  readonly path: string;
  /** The path as sent. */
  readonly rawPath: string;
  readonly isVirtualHost: boolean;
  /** The query as sent, decoded, in order and with repetitions. */
  readonly parameters: readonly (readonly [string, string])[];
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly sourceIp: string;
}

const invalidUri = (uri: string): S3Error =>
  new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.", { URI: uri });

// The URL class would resolve `..`, and keys may be made of dots.
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUri(text);
  }
};

/** Reads method, bucket, key and query of a request, path style or `bucket.localhost`. */
export function readRequest(message: IncomingMessage): S3Request {
  const target = (message.url ?? '/').replace(/^https?:\/\/[^/?]*/i, '');
  const questionMark = target.indexOf('?');
  const rawPath = questionMark < 0 ? target : target.slice(0, questionMark);
  const parameters = questionMark < 0 ? [] : readQuery(target.slice(questionMark + 1));
  const path = decode(rawPath === '' ? '/' : rawPath);
  return {
    method: message.method ?? 'GET',
    ...splitPath(path, message.headers.host),
    path,
    rawPath,
    isVirtualHost: VIRTUAL_HOST.test(message.headers.host ?? ''),
    parameters,
    query: new Map(parameters),
    headers: message.headers,
    rawHeaders: message.rawHeaders,
    sourceIp: message.socket.remoteAddress ?? '127.0.0.1',
  };
}

function readQuery(text: string): (readonly [string, string])[] {
  return text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const spaced = pair.replaceAll('+', ' ');
      const equals = spaced.indexOf('=');
      if (equals < 0) return [decode(spaced), ''] as const;
      return [decode(spaced.slice(0, equals)), decode(spaced.slice(equals + 1))] as const;
    });
}

const VIRTUAL_HOST = /^(.+)\.localhost(?::\d+)?$/i;

function splitPath(path: string, host = ''): { bucket?: string; key?: string } {
  const virtual = VIRTUAL_HOST.exec(host)?.[1];
  if (virtual !== undefined)
    return path === '/' ? { bucket: virtual } : { bucket: virtual, key: path.slice(1) };
  const slash = path.indexOf('/', 1);
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const key = slash < 0 ? '' : path.slice(slash + 1);
  return { ...(bucket === '' ? {} : { bucket }), ...(key === '' ? {} : { key }) };
}

/** The only value of a header; Node joins repeated ones. */
export function header(request: S3Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
