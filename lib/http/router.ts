/** Finds the route of a request: Powertools' router over the table of routes. */
import { HttpVerbs, Router } from '@aws-lambda-powertools/event-handler/http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { type Asked } from './request.ts';
import { type Route } from './route.ts';

export const MACHINE = '/machine';

export type Found =
  | {
      readonly kind: 'route';
      readonly route: Route;
      readonly params: Readonly<Record<string, string>>;
      readonly base: string;
    }
  /** Nothing answers to this method and path; `allow` are the methods that the path has. */
  | { readonly kind: 'none'; readonly allow: readonly string[] }
  | { readonly kind: 'failed'; readonly error: unknown };

export type Serve = (asked: Asked, found: Found) => Promise<Response>;

const nothing = (): void => undefined;
/** What the router would log is answered and recorded anyway. */
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** @param serve - never throws: it answers failures too. */
export function createRouter(
  routes: readonly Route[],
  serve: Serve,
): (asked: Asked) => Promise<APIGatewayProxyStructuredResultV2> {
  const router = new Router({ logger: SILENT });
  const pending = new WeakMap<object, Asked>();
  const askedBy = (event: object): Asked => {
    const asked = pending.get(event);
    if (asked === undefined) throw new TypeError('the router made up an event');
    return asked;
  };
  for (const base of ['', MACHINE]) {
    for (const route of routes) {
      router.route(
        async ({ event, params }) => serve(askedBy(event), { kind: 'route', route, params, base }),
        { method: route.method, path: `/${`${base}${route.path}`.slice(1).replaceAll(/\{(\w+)\}/g, ':$1')}` },
      );
    }
  }
  router.notFound(async (_, { event }) => {
    const asked = askedBy(event);
    return serve(asked, { kind: 'none', allow: methodsAt(routes, routable(asked.path)) });
  });
  router.errorHandler(Error, async (error, { event }) => serve(askedBy(event), { kind: 'failed', error }));
  return async (asked) => {
    const event = bareEvent(asked);
    pending.set(event, asked);
    // Nothing here asks for the context of the function.
    return router.resolve(event, {} as Context);
  };
}

/**
 * Only what leads to a route. The rest of a request would be put into a Request of the web by the router, which
 * throws at a GET with a body, at a strange Host, and at values that are no headers.
 */
function bareEvent({ method, path }: Asked): APIGatewayProxyEventV2 {
  // A method that the router does not know is one that no route has.
  const verb = Object.hasOwn(HttpVerbs, method) ? method : 'OPTIONS';
  const rawPath = routable(path);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: {
      accountId: '',
      apiId: '',
      domainName: 'holdfast.invalid',
      domainPrefix: '',
      http: { method: verb, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '', userAgent: '' },
      requestId: '',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
  };
}

/** The gateway hands over decoded paths: encoded again, a segment stays what it is. */
function routable(path: string): string {
  const segments = path.split('/').slice(1);
  // The router would resolve the dots, and throw at a blank; a slash at the end it takes away.
  const isStrange = segments.some(
    (segment, at) =>
      segment === '.' ||
      segment === '..' ||
      (segment.trim() === '' && !(segment === '' && at === segments.length - 1)),
  );
  if (isStrange) return '/';
  return `/${segments.map((segment) => encodeURIComponent(segment.toWellFormed())).join('/')}`;
}

function methodsAt(routes: readonly Route[], path: string): string[] {
  const plain = path.startsWith(`${MACHINE}/`) ? path.slice(MACHINE.length) : path;
  const fitting = routes.filter((route) =>
    new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`).test(plain),
  );
  return [...new Set(fitting.map(({ method }) => method))];
}
