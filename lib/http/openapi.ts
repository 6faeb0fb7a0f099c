/** The API as OpenAPI 3.1 describes it, made of the routes: the same routes make the same text. */
import type * as z from 'zod';
import { ACCESS } from '../app/caller.ts';
import { type FailureCode, HoldfastError } from '../errors.ts';
import { problemSchema } from '../matters/messages.ts';
import { Components } from './components.ts';
import { idSchema, keySchema, type Route, type Said } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** What any signed route may answer, and what those with a body may. */
const ALWAYS: readonly FailureCode[] = [
  'not-signed-in',
  'not-allowed',
  'bad-request',
  'throttled',
  'unreachable',
  'unexpected',
];
const WITH_BODY: readonly FailureCode[] = ['bad-input', 'too-large'];

const HEADERS: Readonly<Record<'location' | 'link', Json>> = {
  location: { description: 'What to follow.', schema: { type: 'string' } },
  link: { description: 'The next page, as rel="next", where there is one.', schema: { type: 'string' } },
};

const INTRODUCTION = [
  'Holds object versions for legal matters, and tells what is locked.',
  'People sign in with a token of the issuer that Holdfast is deployed with; its scopes say what they may do.',
  'Programs sign as AWS does and use the addresses under /machine, where nothing can be approved.',
  'Refusals are problem details (RFC 9457); their codes are stable.',
].join(' ');

export function openApi(routes: readonly Route[]): object {
  const components = new Components();
  const paths: Record<string, Record<string, Json>> = {};
  for (const base of ['', '/machine']) {
    for (const route of routes) {
      if (base !== '' && route.peopleOnly) continue;
      const operations = (paths[`${base}${route.path}`] ??= {});
      operations[route.method.toLowerCase()] = operation(route, base !== '', components);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: '1',
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `Scopes: ${ACCESS.join(', ')}.`,
        },
        signature: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4 for execute-api; allows matters:read and matters:write.',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
      schemas: components.sorted(),
    },
  };
}

function operation(route: Route, isMachine: boolean, components: Components): Json {
  const { operationId, summary, access } = route;
  const scheme = isMachine ? { signature: [] } : { token: [access] };
  const parameters = parametersOf(route, components);
  return {
    operationId: isMachine
      ? `machine${operationId.charAt(0).toUpperCase()}${operationId.slice(1)}`
      : operationId,
    summary,
    security: access === 'open' ? [] : [scheme],
    ...(parameters.length > 0 && { parameters }),
    ...(route.body && { requestBody: requestBody(route, route.body, components) }),
    responses: { ...answersOf(route, components), ...refusalsOf(route, components) },
  };
}

function parametersOf(route: Route, components: Components): Json[] {
  const query = components.inline(route.query) as { properties?: Record<string, Json>; required?: string[] };
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]) => {
    // A default is what is taken when the parameter is left out.
    const required = (query.required ?? []).includes(name);
    return { name, in: 'query', required, schema };
  });
  const body = route.body && components.bodyOf(route.body);
  const withCsv = (route.csvQuery ?? []).map((name) => ({
    name,
    in: 'query',
    required: false,
    description: 'With text/csv only, in place of the member of the JSON body.',
    schema: body?.properties?.[name] ?? {},
  }));
  return [
    ...(route.path.includes('{id}')
      ? [{ name: 'id', in: 'path', required: true, schema: components.inline(idSchema) }]
      : []),
    ...inQuery,
    ...withCsv,
    ...(route.takesKey
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description: 'The same key with the same request does it once.',
            schema: components.inline(keySchema),
          },
        ]
      : []),
  ];
}

function requestBody({ csvQuery, example }: Route, body: z.ZodType, components: Components): Json {
  const list = {
    schema: { type: 'string', description: 'bucket,key,versionId: a header, and up to 100 versions.' },
    example: 'bucket,key,versionId\r\ncase-files,letters/2026-11-19.pdf,\r\n',
  };
  return {
    required: true,
    content: {
      'application/json': { schema: components.refer(body, 'input'), example },
      ...(csvQuery && { 'text/csv': list }),
    },
  };
}

function answersOf({ answers }: Route, components: Components): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, said]: [string, Said]) => {
      const { description, schema, headers } = said;
      const content =
        schema === undefined
          ? { 'text/csv': { schema: { type: 'string' } } }
          : { 'application/json': { schema: components.refer(schema, 'output') } };
      const named = (headers ?? []).map(
        (name) => [name === 'link' ? 'Link' : 'Location', HEADERS[name]] as const,
      );
      return [
        status,
        { description, ...(named.length > 0 && { headers: Object.fromEntries(named) }), content },
      ];
    }),
  );
}

/** One answer for each status, which names the codes that come with it. */
function refusalsOf({ access, body, refusals }: Route, components: Components): Json {
  const codes = new Set([
    ...(access === 'open' ? ['unexpected' as const] : ALWAYS),
    ...(body ? WITH_BODY : []),
    ...refusals,
  ]);
  const byStatus = new Map<number, FailureCode[]>();
  for (const code of codes) {
    const { status } = new HoldfastError(code, { what: '', next: '' });
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const schema = components.refer(problemSchema, 'output');
  return Object.fromEntries(
    [...byStatus].map(([status, named]) => [
      String(status),
      {
        description: `A problem with the code ${named.toSorted().join(', ')}.`,
        content: { 'application/problem+json': { schema } },
      },
    ]),
  );
}
