import { describe, expect, it } from '@jest/globals';
import { ROUTES } from '../../../lib/http/routes.ts';
import { MATTER, OPENING, testApi } from './support/api.ts';

const ARN = 'arn:aws:sts::111122223333:assumed-role/erp/session';
const SCOPE = { selector: { bucket: 'case-files', prefix: 'a/' } };
const OPEN = { title: 't', reason: 'r', scope: SCOPE };
const EVENT = { event: 'employment-ended', action: 'release', scope: SCOPE };
const CALLER = expect.objectContaining({ groups: ['legal'] });

describe('every route asks its use case', () => {
  it.each([
    ['POST /matters/preview', { body: { scope: SCOPE } }, 200, 'preview', [SCOPE, CALLER]],
    ['POST /matters', { body: OPEN }, 201, 'open', [OPEN, undefined, CALLER]],
    ['GET /matters', {}, 200, 'list', [{ limit: 50 }, CALLER]],
    ['GET /matters', { query: 'limit=7&after=x%20y' }, 200, 'list', [{ limit: 7, after: 'x y' }, CALLER]],
    ['GET /matters/m-1', {}, 200, 'get', ['m-1', CALLER]],
    ['GET /matters/m-1/', {}, 200, 'get', ['m-1', CALLER]],
    [
      'POST /matters/m-1/scopes',
      { body: { scope: SCOPE } },
      200,
      'widen',
      ['m-1', { scope: SCOPE }, undefined, CALLER],
    ],
    ['POST /matters/m-1/release', { body: { reason: 'r' } }, 200, 'askRelease', ['m-1', 'r', CALLER]],
    ['POST /matters/m-1/release/approval', {}, 202, 'approveRelease', ['m-1', CALLER]],
    ['GET /matters/m-1/roll', { query: 'after=z' }, 200, 'roll', ['m-1', 'z', CALLER]],
    ['GET /matters/m-1/roll/pages', {}, 200, 'pages', ['m-1', undefined, CALLER]],
    [
      'GET /objects/lock',
      { query: 'bucket=case-files&key=a%2Fb+c' },
      200,
      'lock',
      [{ bucket: 'case-files', key: 'a/b c' }, CALLER],
    ],
    [
      'GET /objects/lock',
      { query: 'bucket=case-files&key=a%2Bb&versionId=v=1' },
      200,
      'lock',
      [{ bucket: 'case-files', key: 'a+b', versionId: 'v=1' }, CALLER],
    ],
    ['POST /events', { body: EVENT }, 200, 'postEvent', [EVENT, undefined, CALLER]],
    ['GET /runs', {}, 200, 'runs', [false, CALLER]],
    ['GET /runs', { query: 'all=true' }, 200, 'runs', [true, CALLER]],
    ['GET /runs/run-1', {}, 200, 'run', ['run-1', CALLER]],
    ['POST /runs/run-1/approval', {}, 200, 'approveRun', ['run-1', CALLER]],
    ['DELETE /runs/run-1', {}, 200, 'cancelRun', ['run-1', CALLER]],
  ])('%s %j', async (line, asking, status, name, args) => {
    const { ask, calls, unexpected } = testApi();

    const answer = await ask(line, asking);

    expect(answer.status).toBe(status);
    expect(calls[0]).toStrictEqual({ name, args });
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(unexpected).toStrictEqual([]);
  });

  it('and every one of them is in this list, but for the document', () => {
    expect(ROUTES.map(({ method, path }) => `${method} ${path}`)).toStrictEqual([
      'POST /matters/preview',
      'POST /matters',
      'GET /matters',
      'GET /matters/{id}',
      'POST /matters/{id}/scopes',
      'POST /matters/{id}/release',
      'POST /matters/{id}/release/approval',
      'GET /matters/{id}/roll',
      'GET /matters/{id}/roll/pages',
      'GET /objects/lock',
      'POST /events',
      'GET /runs',
      'GET /runs/{id}',
      'POST /runs/{id}/approval',
      'DELETE /runs/{id}',
      'GET /openapi.json',
    ]);
  });
});

describe('a matter that is opened', () => {
  it.each([
    ['is in force', MATTER, true, 201],
    ['is being worked on', OPENING, true, 202],
    ['was opened before by the same request', OPENING, false, 200],
  ])('%s', async (_, matter, isNew, status) => {
    const { ask } = testApi({ api: { open: async () => ({ matter, isNew }) } });

    const answer = await ask('POST /matters', { body: OPEN });

    expect(answer).toMatchObject({ status, json: matter, headers: { location: '/matters/m-1' } });
  });

  it('has an address that a machine can follow too', async () => {
    const { ask } = testApi();

    expect(await ask('POST /machine/matters', { body: OPEN, userArn: ARN })).toMatchObject({
      status: 201,
      headers: { location: '/machine/matters/m-1' },
    });
  });

  it('is widened with work to follow', async () => {
    const { ask } = testApi({ api: { widen: async () => OPENING } });

    expect(await ask('POST /matters/m-1/scopes', { body: { scope: SCOPE } })).toMatchObject({
      status: 202,
      headers: { location: '/matters/m-1' },
    });
  });

  it.each(['POST /matters', 'POST /matters/m-1/scopes', 'POST /events'])(
    '%s hands on the key',
    async (line) => {
      const { ask, calls } = testApi();
      const body = line === 'POST /matters' ? OPEN : line === 'POST /events' ? EVENT : { scope: SCOPE };

      await ask(line, { body, headers: { 'Idempotency-Key': 'order-66' } });

      expect(calls[0]?.args).toContain('order-66');
    },
  );

  it.each(['', 'a b', '\u00e9', 'k'.repeat(201)])('takes no key like %p', async (key) => {
    const { ask, calls } = testApi();

    const { status, problem } = await ask('POST /matters', {
      body: OPEN,
      headers: { 'idempotency-key': key },
    });

    expect(status).toBe(422);
    expect(problem.faults).toStrictEqual([
      { field: 'header.idempotency-key', rule: 'must be 1 to 200 visible characters of ASCII' },
    ]);
    expect(calls.map(({ name }) => name)).toStrictEqual(['audited']);
  });
});

describe('pages', () => {
  it('of matters lead to the next one', async () => {
    const { ask } = testApi({ api: { list: async () => ({ matters: [], next: 'a&b=">' }) } });

    const { headers } = await ask('GET /matters', { query: 'limit=2' });

    expect(headers.link).toBe('</matters?limit=2&after=a%26b%3D%22%3E>; rel="next"');
  });

  it('of a roll are CSV', async () => {
    const { ask } = testApi({ api: { roll: async () => ({ lines: ['a,b', '1,2'], next: 'n' }) } });

    expect(await ask('GET /matters/m-1/roll')).toMatchObject({
      text: 'a,b\r\n1,2\r\n',
      headers: { 'content-type': 'text/csv; charset=utf-8', link: '</matters/m-1/roll?after=n>; rel="next"' },
    });
  });

  it('end', async () => {
    expect((await testApi().ask('GET /matters')).headers).not.toHaveProperty('link');
  });
});

describe('machines', () => {
  const lines = ROUTES.filter(({ access }) => access !== 'open').map(
    ({ method, path }) => `${method} ${path.replace('{id}', 'm-1')}`,
  );

  it.each(lines)(
    '%s is not signed in by the word of a gateway that checks no signature there',
    async (line) => {
      const { ask, calls } = testApi();

      const { status } = await ask(line, { userArn: ARN, headers: { authorization: '' } });

      expect(status).toBe(401);
      expect(calls.map(({ name }) => name)).toStrictEqual(['audited']);
    },
  );

  it.each(lines)('%s under /machine wants a signature, and takes no token for one', async (line) => {
    const { ask } = testApi();

    const { status, headers } = await ask(line.replace(' ', ' /machine'));

    expect({ status, scheme: headers['www-authenticate'] }).toStrictEqual({
      status: 401,
      scheme: 'AWS4-HMAC-SHA256',
    });
  });

  it.each([
    'POST /machine/matters/m-1/release/approval',
    'POST /machine/runs/run-1/approval',
    'DELETE /machine/runs/run-1',
  ])('%s is not for them', async (line) => {
    const { ask, calls } = testApi();

    const { status, problem } = await ask(line, { userArn: ARN });

    expect({ status, code: problem.code }).toStrictEqual({ status: 403, code: 'not-allowed' });
    expect(calls.map(({ name }) => name)).toStrictEqual(['audited']);
  });

  it('act under their ARN, for the groups that are configured', async () => {
    const { ask, calls } = testApi();

    await ask('GET /machine/runs', { userArn: ARN });

    expect(calls[0]?.args[1]).toStrictEqual({
      person: { issuer: 'aws', subject: ARN },
      groups: ['machines'],
      access: new Set(['matters:read', 'matters:write']),
    });
  });

  it.each([
    'GET /machine/../matters',
    'GET /matters/../machine/matters',
    'GET /machine/%2e%2e/matters',
    'GET //machine/matters',
  ])('have no way round: %s', async (line) => {
    const { ask } = testApi();

    expect((await ask(line, { userArn: ARN })).status).toBe(404);
  });
});

describe('access', () => {
  const signed = ROUTES.filter(({ access }) => access !== 'open');

  it.each(signed.map((route) => [route.method, route.path, route.access]))(
    '%s %s needs %s',
    async (method, path, access) => {
      const others = (['matters:read', 'matters:write', 'matters:approve', 'runs:approve'] as const).filter(
        (one) => one !== access,
      );
      const { ask, calls } = testApi({ caller: { access: new Set(others) } });

      const { status, problem } = await ask(`${method} ${path.replace('{id}', 'm-1')}`);

      expect({ status, code: problem.code }).toStrictEqual({ status: 403, code: 'not-allowed' });
      expect(problem.detail).toContain(access);
      expect(calls.map(({ name }) => name)).toStrictEqual(['audited']);
    },
  );
});
