import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import type { StackRoute } from '../../local/stack-routes.ts';
import { type HttpApi, startHttpApi } from '../../local/http-api.ts';
import { askAsMachine, signatureOf } from './support/machine.ts';

type Event = Readonly<Record<string, unknown>>;

const ROUTES: readonly StackRoute[] = [
  { method: '*', path: '*', authorizer: 'none' },
  { method: '*', path: '/machine/{proxy+}', authorizer: 'iam' },
  { method: '*', path: '/matters/closed', authorizer: 'none' },
  { method: 'GET', path: '/matters/{id}', authorizer: 'none' },
  { method: 'GET', path: '/matters/closed', authorizer: 'none' },
  { method: 'GET', path: '/{proxy+}', authorizer: 'none' },
  { method: 'GET', path: '/matters/{id}/{rest+}', authorizer: 'none' },
  { method: 'GET', path: '/{kind}/{id}/holds', authorizer: 'none' },
  { method: 'POST', path: '/people', authorizer: 'jwt' },
];

let api: HttpApi;
let events: Event[] = [];
/** What the function behind all routes does next. */
let handle: (event: unknown) => Promise<unknown>;
const errors: unknown[] = [];

const gateway = async (routes: readonly StackRoute[], timeoutMs?: number): Promise<HttpApi> =>
  startHttpApi({
    region: 'us-east-1',
    accountId: '123456789012',
    machines: [{ accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' }],
    routes: routes.map((route) => ({
      ...route,
      invoke: async (event) => {
        events.push(event as Event);
        return handle(event);
      },
    })),
    onError: (error) => errors.push(error),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });

beforeAll(async () => {
  api = await gateway(ROUTES);
});
afterAll(async () => api.close());
beforeEach(() => {
  events = [];
  errors.length = 0;
  handle = async () => ({ ok: true });
});

describe('the route that a request takes', () => {
  it.each([
    ['GET', '/matters/closed', 'GET /matters/closed', undefined],
    ['POST', '/matters/closed', 'ANY /matters/closed', undefined],
    ['GET', '/matters/a%20b', 'GET /matters/{id}', { id: 'a b' }],
    ['GET', '/matters/1/holds', 'GET /{kind}/{id}/holds', { kind: 'matters', id: '1' }],
    ['GET', '/matters/1/x/y', 'GET /matters/{id}/{rest+}', { id: '1', rest: 'x/y' }],
    ['GET', '/matters/1%2Fx', 'GET /matters/{id}/{rest+}', { id: '1', rest: 'x' }],
    ['GET', '/matters/', 'GET /{proxy+}', { proxy: 'matters/' }],
    ['PUT', '/matters/1', '$default', undefined],
    ['GET', '/', '$default', undefined],
  ])('%s %s is the most specific that matches', async (method, path, routeKey, pathParameters) => {
    await fetch(api.url + path, { method });

    expect(events).toMatchObject([{ routeKey, requestContext: { routeKey } }]);
    expect(events[0]?.pathParameters).toStrictEqual(pathParameters);
  });

  it('is none where nothing matches', async () => {
    const small = await gateway([{ method: 'GET', path: '/a', authorizer: 'none' }]);

    const answers = await Promise.all([
      fetch(`${small.url}/b`),
      fetch(`${small.url}/a`, { method: 'POST' }),
      fetch(`${small.url}/a%zz`),
    ]);
    await small.close();

    expect(answers.map(({ status }) => status)).toStrictEqual([404, 404, 400]);
    expect(await answers[0].json()).toStrictEqual({ message: 'Not Found' });
    expect(events).toStrictEqual([]);
  });
});

describe('the event', () => {
  it('is that of payload format 2.0', async () => {
    const before = Date.now();

    const answer = await fetch(`${api.url}/matters/caf%C3%A9?b=1%2B1&a=x+y&b=2&empty`, {
      headers: [
        ['X-Twice', 'one'],
        ['x-twice', 'two'],
        ['Cookie', 'a=1; b=2'],
        ['User-Agent', 'test'],
      ],
    });

    const { headers, requestContext, ...event } = events[0] ?? {};
    const { timeEpoch, ...context } = requestContext as Event;
    expect(event).toStrictEqual({
      version: '2.0',
      routeKey: 'GET /matters/{id}',
      rawPath: '/matters/café',
      rawQueryString: 'b=1%2B1&a=x+y&b=2&empty',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { b: '1+1,2', a: 'x y', empty: '' },
      pathParameters: { id: 'café' },
      isBase64Encoded: false,
    });
    expect(headers).toMatchObject({ 'x-twice': expect.stringMatching(/^one, ?two$/), 'user-agent': 'test' });
    expect(headers).not.toHaveProperty('cookie');
    expect(context).toStrictEqual({
      accountId: '123456789012',
      apiId: 'local',
      domainName: new URL(api.url).host,
      domainPrefix: 'local',
      http: {
        method: 'GET',
        path: '/matters/café',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'test',
      },
      requestId: answer.headers.get('apigw-requestid'),
      routeKey: 'GET /matters/{id}',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
    });
    expect(timeEpoch).toBeGreaterThanOrEqual(before);
  });

  it('has no key for what the request lacks', async () => {
    await fetch(`${api.url}/matters/closed`);

    expect(Object.keys(events[0] ?? {}).toSorted()).toStrictEqual(
      [
        ...['version', 'routeKey', 'rawPath', 'rawQueryString'],
        ...['headers', 'requestContext', 'isBase64Encoded'],
      ].toSorted(),
    );
  });

  it.each([
    ['application/json; charset=utf-8', false],
    ['text/csv', false],
    ['application/octet-stream', true],
    ['application/x-www-form-urlencoded', true],
    [undefined, true],
  ])('has a body of type %s in Base64: %s', async (type, isBase64Encoded) => {
    const body = Buffer.from('{"é":1}');

    await fetch(`${api.url}/x`, { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) });

    const text = body.toString(isBase64Encoded ? 'base64' : 'utf8');
    expect(events).toMatchObject([{ body: text, isBase64Encoded }]);
  });
});

describe('the limits', () => {
  it('refuse a body over 10 MB and take one of 10 MB', async () => {
    const post = async (bytes: number): Promise<Response> =>
      fetch(`${api.url}/x`, { method: 'POST', body: new Uint8Array(bytes) });

    const [most, more] = [await post(10 * 1024 ** 2), await post(10 * 1024 ** 2 + 1)];

    expect([most.status, more.status]).toStrictEqual([200, 413]);
    expect(await more.json()).toStrictEqual({ message: 'Request Entity Too Large' });
    expect(events).toHaveLength(1);
  });

  it('refuse headers over 10240 bytes', async () => {
    const ask = async (bytes: number): Promise<number> =>
      (await fetch(`${api.url}/x`, { headers: { 'x-long': 'a'.repeat(bytes) } })).status;

    expect([await ask(9_900), await ask(10_240), await ask(20_000)]).toStrictEqual([200, 431, 431]);
  });
});

describe('a route for people', () => {
  const post = async (authorization?: string): Promise<Response> =>
    fetch(`${api.url}/people`, { method: 'POST', ...(authorization && { headers: { authorization } }) });

  it.each([undefined, 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic YTpi'])(
    'is closed to %s',
    async (authorization) => {
      const answer = await post(authorization);

      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await answer.json()).toStrictEqual({ message: 'Unauthorized' });
      expect(events).toStrictEqual([]);
    },
  );

  it('hands claims over as text, whoever signed them', async () => {
    const nested = { b: [1], a: null };
    const token = new UnsecuredJWT({ sub: 'ann', groups: ['x', 'y z'], exp: 1, ok: true, nested }).encode();

    await post(`bearer ${token}`);

    const claims = { sub: 'ann', groups: '[x y z]', exp: '1', ok: 'true', nested: 'map[a:null b:[1]]' };
    expect((events[0]?.requestContext as Event).authorizer).toStrictEqual({ jwt: { claims } });
  });
});

describe('a route for machines', () => {
  it('names who signed', async () => {
    const answer = await askAsMachine(api.url, {
      method: 'POST',
      path: '/machine/a%20b/c?page2=x&page=1%2F2&page=0',
      headers: { 'content-type': 'application/json', 'x-amz-meta': 'a  b' },
      body: '{"a":"é"}',
    });

    expect(answer.status).toBe(200);
    expect(events).toMatchObject([{ rawPath: '/machine/a b/c', pathParameters: { proxy: 'a b/c' } }]);
    expect((events[0]?.requestContext as Event).authorizer).toStrictEqual({
      iam: {
        accessKey: 'holdfast',
        accountId: '123456789012',
        callerId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
        userArn: 'arn:aws:iam::123456789012:user/holdfast',
        userId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
      },
    });
  });

  it.each([
    ['an unknown key', { credentials: { accessKeyId: 'other', secretAccessKey: 'holdfast-secret' } }],
    ['a wrong secret', { credentials: { accessKeyId: 'holdfast', secretAccessKey: 'other' } }],
    ['another service', { service: 's3' }],
    ['another region', { region: 'eu-west-1' }],
    ['a signature of yesterday', { signedAt: new Date(Date.now() - 86_400_000) }],
    ['a signature of ten minutes ago', { signedAt: new Date(Date.now() - 600_000) }],
  ])('is closed to %s', async (_, request) => {
    const answer = await askAsMachine(api.url, { path: '/machine/x', ...request });

    expect(answer.status).toBe(403);
    expect(await answer.json()).toStrictEqual({ message: 'Forbidden' });
    expect(events).toStrictEqual([]);
  });

  it('is closed to what was changed after signing, and to what was not signed', async () => {
    const signed = { method: 'POST', path: '/machine/x?a=1', body: 'one' };
    const headers = await signatureOf(api.url, signed);
    const ask = async (path: string, method: string, body: string, more = {}): Promise<number> =>
      (await fetch(api.url + path, { method, body, headers: { ...headers, ...more } })).status;

    const statuses = [
      await ask('/machine/x?a=1', 'POST', 'two'),
      await ask('/machine/y?a=1', 'POST', 'one'),
      await ask('/machine/x?a=2', 'POST', 'one'),
      await ask('/machine/x?a=1', 'PUT', 'one'),
      await ask('/machine/x?a=1', 'POST', 'one', { 'x-amz-more': '1' }),
      (await fetch(`${api.url}/machine/x`)).status,
      await ask('/machine/x?a=1', 'POST', 'one'),
    ];

    expect(statuses).toStrictEqual([403, 403, 403, 403, 403, 403, 200]);
  });
});

describe('the answer', () => {
  const ask = async (result: unknown): Promise<Response> => {
    handle = async () => result;
    return fetch(`${api.url}/matters/closed`);
  };

  it('is what the function says', async () => {
    const answer = await ask({
      statusCode: 201,
      headers: { 'Content-Type': 'application/problem+json', 'x-count': 3, 'content-length': '9999' },
      cookies: ['a=1; Secure', 'b=2'],
      body: '{"é":1}',
    });

    expect(answer.status).toBe(201);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/problem+json',
      'x-count': '3',
      'apigw-requestid': expect.stringMatching(/^.{15}=$/),
    });
    expect(answer.headers.getSetCookie()).toStrictEqual(['a=1; Secure', 'b=2']);
    expect(await answer.json()).toStrictEqual({ é: 1 });
  });

  it('may be bytes, or nothing', async () => {
    const bytes = await ask({ statusCode: '200', body: '/w==', isBase64Encoded: true });
    const nothing = await ask({ statusCode: 204 });

    expect(bytes.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect([...(await bytes.bytes())]).toStrictEqual([0xff]);
    expect([nothing.status, await nothing.text()]).toStrictEqual([204, '']);
  });

  it.each([{ a: 1 }, 'text', [1], null, undefined])(
    'is the result %j itself where it has no status',
    async (result) => {
      const answer = await ask(result);

      expect([answer.status, answer.headers.get('content-type')]).toStrictEqual([200, 'application/json']);
      expect(await answer.json()).toStrictEqual(result ?? null);
    },
  );

  it.each([
    ['is no status', { statusCode: 'x' }],
    ['is no body', { statusCode: 200, body: { a: 1 } }],
    ['are no headers', { statusCode: 200, headers: { a: {} } }],
    ['no header may hold', { statusCode: 200, headers: { a: 'x\ny' } }],
    ['is larger than 6 MB', { statusCode: 200, body: 'x'.repeat(6 * 1024 ** 2) }],
  ])('is an error of the server where the function returns what %s', async (_, result) => {
    const answer = await ask(result);

    expect(answer.status).toBe(500);
    expect(await answer.json()).toStrictEqual({ message: 'Internal Server Error' });
  });

  it('is an error of the server where the function throws, without its words', async () => {
    handle = async () => Promise.reject(new Error('secret'));

    const answer = await fetch(`${api.url}/matters/closed`);

    expect([answer.status, await answer.json()]).toStrictEqual([500, { message: 'Internal Server Error' }]);
    expect(errors).toStrictEqual([new Error('secret')]);
  });

  it('comes without the function when that takes too long', async () => {
    const hasty = await gateway(ROUTES, 1);
    handle = async () => new Promise(() => undefined);

    const answer = await fetch(`${hasty.url}/matters/closed`);
    await hasty.close();

    expect([answer.status, await answer.json()]).toStrictEqual([503, { message: 'Service Unavailable' }]);
  });

  it('to HEAD has no body', async () => {
    const answer = await fetch(`${api.url}/x`, { method: 'HEAD' });

    expect([answer.status, await answer.text()]).toStrictEqual([200, '']);
  });
});
