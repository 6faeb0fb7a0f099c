import { describe, expect, it } from '@jest/globals';
import { type FailureCode, HoldfastError } from '../../../lib/errors.ts';
import { TITLES } from '../../../lib/http/problem.ts';
import { problemSchema } from '../../../lib/matters/messages.ts';
import { answerOf, failure, MATTER, testApi } from './support/api.ts';

const SCOPE = { selector: { bucket: 'case-files' } };
const OPEN = { title: 't', reason: 'r', scope: SCOPE };
const CODES = Object.keys(TITLES) as FailureCode[];

describe('a failure of a use case', () => {
  it.each(CODES.filter((code) => code !== 'unexpected' && code !== 'partly-failed'))(
    '%s keeps its code',
    async (code) => {
      const { ask, unexpected } = testApi({ api: { get: async () => Promise.reject(failure(code)) } });

      const { status, headers, problem } = await ask('GET /matters/m-1');

      expect(problemSchema.strict().parse(problem)).toStrictEqual({
        type: `urn:holdfast:${code}`,
        title: TITLES[code],
        status: failure(code).status,
        code,
        detail: `scripted ${code}`,
        next: 'do something else',
        instance: 'request-1',
      });
      expect(status).toBe(problem.status);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(unexpected).toStrictEqual([]);
    },
  );

  it.each(['throttled', 'unreachable'] as const)('%s says when to come back', async (code) => {
    const { ask } = testApi({ api: { get: async () => Promise.reject(failure(code)) } });

    expect(Number((await ask('GET /matters/m-1')).headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([
    new TypeError('secret at /var/task/x.js'),
    failure('unexpected'),
    // Its status is one of success.
    failure('partly-failed'),
    'a text',
    undefined,
  ])('that was not foreseen tells nothing: %p', async (error) => {
    const thrown = error as Error;
    const { ask, unexpected } = testApi({ api: { get: async () => Promise.reject(thrown) } });

    const { status, text, problem } = await ask('GET /matters/m-1');

    expect({ status, code: problem.code }).toStrictEqual({ status: 500, code: 'unexpected' });
    expect(text).not.toMatch(/secret|scripted|a text/);
    expect(problem.next).toContain('request-1');
    expect(unexpected).toStrictEqual([error]);
  });

  it('cannot break out of its line, and is not of any length', async () => {
    const what = `${'x'.repeat(5_000)}\u0000\n\ud800`;
    const error = new HoldfastError('no-such-matter', { what, next: 'go\n' });
    const { ask } = testApi({ api: { get: async () => Promise.reject(error) } });

    const { problem } = await ask('GET /matters/m-1');

    expect(problem.detail).toHaveLength(1_001);
    expect(problem.next).toBe('go\ufffd');
  });
});

describe('an address that leads nowhere', () => {
  it.each([
    'GET /',
    'GET /nothing',
    'GET /matters/m-1/x',
    'GET /matters/m-1/x/roll',
    'GET /..',
    'GET /matters/ /roll',
    'GET  ',
    'GET /matters//',
  ])('%p', async (line) => {
    const { status, problem, headers } = await testApi().ask(line);

    expect({ status, code: problem.code, allow: headers.allow }).toStrictEqual({
      status: 404,
      code: 'no-such-route',
      allow: undefined,
    });
  });

  it.each([
    ['PUT /matters', 'POST, GET'],
    ['DELETE /machine/matters', 'POST, GET'],
    ['HEAD /openapi.json', 'GET'],
    ['TRACE /runs/run-1', 'GET, DELETE'],
    ['constructor /runs', 'GET'],
  ])('%s: the address has %s', async (line, allow) => {
    const { status, problem, headers } = await testApi().ask(line);

    expect({ status, code: problem.code, allow: headers.allow }).toStrictEqual({
      status: 405,
      code: 'no-such-route',
      allow,
    });
  });

  it.each([
    '..%2f',
    '%00',
    '\u0000',
    '%zz',
    '%',
    'a b',
    '\u{1f4a5}',
    '\ud800',
    'a'.repeat(101),
    '<x>',
    '?',
    '#',
  ])('and an id like %p names nothing', async (id) => {
    const { ask, calls } = testApi();

    const { status, problem } = await ask(`GET /matters/${id}`);

    expect({ status, faults: problem.faults }).toStrictEqual({
      status: 422,
      faults: [{ field: 'path.id', rule: 'must be an id' }],
    });
    expect(calls.map(({ name }) => name)).toStrictEqual(['audited']);
  });

  it('but one that is strange to programs only may be one', async () => {
    const { ask, calls } = testApi();

    await ask('GET /matters/__proto__');

    expect(calls[0]?.args[0]).toBe('__proto__');
  });
});

describe('a body', () => {
  it.each([
    ['', 'the request has no body'],
    ['{', 'the body is no JSON'],
    ['\u0000', 'the body is no JSON'],
    ['['.repeat(200_000), 'the body is no JSON'],
  ])('that is no JSON is refused', async (body, detail) => {
    const { status, problem } = await testApi().ask('POST /matters', { body });

    expect({ status, code: problem.code, detail: problem.detail }).toStrictEqual({
      status: 400,
      code: 'bad-input',
      detail,
    });
  });

  it.each([false, true])('of more than 256 kB is refused (Base64: %p)', async (base64) => {
    const body = (bytes: number) =>
      JSON.stringify({ ...OPEN, title: '' }).replace('""', `"${'a'.repeat(bytes)}"`);
    const spare = 256 * 1024 - body(0).length;

    const most = await testApi().ask('POST /matters', { body: body(spare), base64 });
    const more = await testApi().ask('POST /matters', { body: body(spare + 1), base64 });
    const wider = await testApi().ask('POST /matters', { body: body(spare - 1) + '\u00e9', base64 });

    expect(most.problem.faults?.map(({ field }) => field)).toStrictEqual(['/title']);
    expect(more).toMatchObject({ status: 413, problem: { code: 'too-large' } });
    expect(wider.status).toBe(413);
  });

  it.each(['POST /matters/m-1/release/approval', 'GET /matters'])(
    'is not taken in any size where none is asked for: %s',
    async (line) => {
      expect((await testApi().ask(line, { body: 'x'.repeat(300_000) })).status).toBe(413);
    },
  );

  it('that is not in UTF-8 is refused', async () => {
    const { handle } = testApi();
    const { eventOf } = await import('./support/api.ts');
    const event = {
      ...(eventOf('POST /matters') as object),
      body: Buffer.from([0x7b, 0xff]).toString('base64'),
      isBase64Encoded: true,
    };

    expect(answerOf(await handle(event))).toMatchObject({ status: 400, problem: { code: 'bad-input' } });
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', ';', 'text/csv'])(
    'of the type %p is refused',
    async (type) => {
      const { status, problem } = await testApi().ask('POST /events', {
        body: '{}',
        headers: { 'content-type': type },
      });

      expect(status).toBe(422);
      expect(problem.faults).toStrictEqual([
        { field: 'header.content-type', rule: 'must be application/json' },
      ]);
    },
  );

  it.each(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/json;'])(
    'of the type %p is taken',
    async (type) => {
      expect(
        (await testApi().ask('POST /matters', { body: OPEN, headers: { 'content-type': type } })).status,
      ).toBe(201);
    },
  );

  it('has every fault named, by its place', async () => {
    const versions = [{ bucket: 'UPPER', key: '' }, { bucket: 'case-files', key: 'a', more: 1 }, 7];

    const { status, problem } = await testApi().ask('POST /matters', {
      body: { reason: 'a\nb', extra: 1, scope: { versions } },
    });

    expect(status).toBe(422);
    expect(problem).toMatchObject({ code: 'bad-request', detail: 'the request has 7 faults' });
    expect(problem.faults).toStrictEqual([
      { field: '/title', rule: 'is missing' },
      { field: '/reason', rule: 'one line, without control characters' },
      { field: '/scope/versions/0/bucket', rule: 'the name of one bucket' },
      { field: '/scope/versions/0/key', rule: 'Too small: expected string to have >=1 characters' },
      { field: '/scope/versions/1/more', rule: 'is not known here' },
      { field: '/scope/versions/2', rule: 'Invalid input: expected object, received number' },
      { field: '/extra', rule: 'is not known here' },
    ]);
  });

  it.each([
    [{}, [{ field: '/scope/selector', rule: 'is missing' }]],
    [
      { selector: { bucket: 'case-files', nope: 1 } },
      [{ field: '/scope/selector/nope', rule: 'is not known here' }],
    ],
    [
      { selector: { bucket: 'case-*' } },
      [{ field: '/scope/selector/bucket', rule: 'the name of one bucket, without patterns' }],
    ],
    [{ versions: [] }, [{ field: '/scope/versions', rule: 'Too small: expected array to have >=1 items' }]],
    [
      { versions: Array.from({ length: 101 }, () => ({ bucket: 'case-files', key: 'a' })) },
      [{ field: '/scope/versions', rule: 'Too big: expected array to have <=100 items' }],
    ],
    [7, [{ field: '/scope', rule: 'Invalid input: expected object, received number' }]],
    [
      { selector: { bucket: 'case-files', 'a/b~c': 1 } },
      [{ field: '/scope/selector/a~1b~0c', rule: 'is not known here' }],
    ],
  ])('whose scope is %j', async (scope, faults) => {
    const { problem } = await testApi().ask('POST /matters/preview', { body: { scope } });

    expect(problem.faults).toStrictEqual(faults);
    expect(problem.detail).toBe(`${faults[0]?.field ?? ''}: ${faults[0]?.rule ?? ''}`);
  });

  it.each([
    [
      'half a surrogate',
      '{"scope":{"versions":[{"bucket":"case-files","key":"\\ud800"}]}}',
      '/scope/versions/0/key',
      'must be well-formed Unicode',
    ],
    [
      'a prototype',
      '{"scope":{"selector":{"bucket":"case-files","tags":{"__proto__":"x"}}}}',
      '/scope/selector/tags/__proto__',
      'cannot be the name of a member',
    ],
    ['a strange name', '{"\\udc00":1}', '/\ufffd', 'cannot be the name of a member'],
    [
      'a depth',
      `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
      '/a'.repeat(32),
      'is nested deeper than 32 levels',
    ],
  ])('that hides %s is refused', async (_, body, field, rule) => {
    const { ask, calls } = testApi();

    const { problem } = await ask('POST /matters/preview', { body });

    expect(problem.faults).toStrictEqual([{ field, rule }]);
    expect(calls.map(({ name }) => name)).toStrictEqual(['audited']);
  });

  it('is not sent back, whatever its size', async () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`m${at}`, 0]));
    const long = { [`k${'x'.repeat(200_000)}`]: 1, title: 'y'.repeat(9_000) };

    const first = await testApi().ask('POST /matters', { body: many });
    const second = await testApi().ask('POST /matters', { body: long });

    expect(first.problem.faults).toHaveLength(200);
    expect(first.problem.detail).toBe('the request has 20003 faults');
    expect(first.text.length + second.text.length).toBeLessThan(30_000);
  });

  it('with a key of more than 1,024 bytes is refused, though its characters are fewer', async () => {
    const { problem } = await testApi().ask('GET /objects/lock', {
      query: `bucket=case-files&key=${'%C3%A9'.repeat(513)}`,
    });

    expect(problem.faults).toStrictEqual([
      { field: 'query.key', rule: 'a key has 1,024 bytes at most, in UTF-8' },
    ]);
  });
});

describe('a query', () => {
  it.each([
    ['GET /matters', 'limit=0', 'query.limit'],
    ['GET /matters', 'limit=101', 'query.limit'],
    ['GET /matters', 'limit=x', 'query.limit'],
    ['GET /matters', 'after=', 'query.after'],
    ['GET /matters', 'limit=1&limit=2', 'query.limit'],
    ['GET /matters', 'after=%ff', 'query.after'],
    ['GET /matters', 'after=%ED%A0%80', 'query.after'],
    ['GET /matters', '%=1', 'query.%'],
    ['GET /matters', '__proto__=1', 'query.__proto__'],
    ['GET /runs', 'all=yes', 'query.all'],
    ['GET /runs/run-1', 'all=true', 'query.all'],
    ['POST /matters/m-1/release/approval', 'force=true', 'query.force'],
    ['GET /objects/lock', 'bucket=case-files', 'query.key'],
    ['GET /objects/lock', 'bucket=case-files&key=a&versionId=', 'query.versionId'],
  ])('%s?%s has a fault', async (line, query, field) => {
    const { status, problem } = await testApi().ask(line, { query });

    expect({ status, fields: problem.faults?.map((fault) => fault.field) }).toStrictEqual({
      status: 422,
      fields: [field],
    });
  });
});

describe('an event that is none of the gateway', () => {
  it.each([undefined, null, {}, { rawPath: 7 }, 'text'])('%j', async (event) => {
    const { handle, unexpected } = testApi();

    expect(answerOf(await handle(event))).toMatchObject({ status: 500, problem: { code: 'unexpected' } });
    expect(unexpected).toHaveLength(1);
  });

  it('may leave out what is absent', async () => {
    const { handle } = testApi();
    const event = {
      rawPath: '/openapi.json',
      requestContext: { http: { method: 'GET' }, authorizer: { iam: 7 } },
    };

    expect(answerOf(await handle(event)).status).toBe(200);
  });
});

it('answers with what the use case said, unchanged', async () => {
  expect((await testApi().ask('GET /matters/m-1')).json).toStrictEqual(MATTER);
});
