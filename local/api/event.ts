/** The event that API Gateway makes of a request, in payload format 2.0. What is absent has no key. */
import type { Authorizer } from './authorize.ts';
import type { ApiRequest } from './request.ts';
import type { RouteMatch } from './routes.ts';

interface EventContext {
  readonly requestId: string;
  readonly accountId: string;
  readonly now: number;
}

const API_ID = 'local';

export function eventOf(
  request: ApiRequest,
  { routeKey, pathParameters }: RouteMatch,
  authorizer: Authorizer | undefined,
  { requestId, accountId, now }: EventContext,
): object {
  const { method, path, query, headers, cookies, protocol, sourceIp } = request;
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    // Cookies come in the list of their own alone.
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'cookie')),
    ...(query !== '' && { queryStringParameters: queryParameters(query) }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    requestContext: {
      accountId,
      apiId: API_ID,
      ...(authorizer && { authorizer }),
      // With the port, so that what is built of it leads back here.
      domainName: headers.host ?? '',
      domainPrefix: API_ID,
      http: { method, path, protocol, sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId,
      routeKey,
      stage: '$default',
      time: logTime(now),
      timeEpoch: now,
    },
    ...bodyOf(request),
  };
}

/** Decoded, repeated ones joined by commas. */
function queryParameters(query: string): Record<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const earlier = values.get(name);
    values.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(values);
}

/** API Gateway takes these for text; all else comes in Base64: forms too, and what does not say what it is. */
const TEXT = /^(text\/.*|application\/(json|xml|javascript))$/;

function bodyOf({ body, headers }: ApiRequest): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const isText = TEXT.test(type);
  return { body: body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** `12/Mar/2020:19:03:58 +0000` */
function logTime(now: number): string {
  const [, day = '', month = '', year = '', time = ''] = new Date(now).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
