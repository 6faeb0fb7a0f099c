import { describe, expect, it } from '@jest/globals';
import { failure, testApi } from './support/api.ts';

const ARN = 'arn:aws:iam::111122223333:role/erp';
const ANNA = 'https://issuer.example#anna';
const OPEN = { title: 't', reason: 'r', scope: { selector: { bucket: 'case-files' } } };

describe('every request leaves a record', () => {
  it.each([
    ['POST /matters', { body: OPEN }, { line: 'POST /matters', status: 201, actor: ANNA }],
    ['GET /matters/m-1', {}, { line: 'GET /matters/m-1', status: 200, actor: ANNA }],
    ['GET /machine/runs', { userArn: ARN }, { line: 'GET /machine/runs', status: 200, actor: `aws#${ARN}` }],
    [
      'GET /matters',
      { headers: { authorization: 'Bearer stolen' } },
      { line: 'GET /matters', status: 401, code: 'not-signed-in', actor: 'nobody' },
    ],
    [
      'DELETE /machine/runs/run-1',
      { userArn: ARN },
      { line: 'DELETE /machine/runs/run-1', status: 403, code: 'not-allowed', actor: `aws#${ARN}` },
    ],
    ['POST /matters', { body: {} }, { line: 'POST /matters', status: 422, code: 'bad-request', actor: ANNA }],
    [
      'GET /objects/lock',
      { query: 'bucket=case-files&key=secret&versionId=' },
      { line: 'GET /objects/lock', status: 422, code: 'bad-request', actor: ANNA },
    ],
    ['GET /matters/a%00b', {}, { line: 'GET /matters/{id}', status: 422, code: 'bad-request', actor: ANNA }],
    ['GET /secret', {}, { line: 'GET unknown', status: 404, code: 'no-such-route', actor: 'nobody' }],
    ['<script> /matters', {}, { line: 'OTHER unknown', status: 405, code: 'no-such-route', actor: 'nobody' }],
  ])('%s %j', async (line, asking, record) => {
    const { ask, records } = testApi();

    const { headers } = await ask(line, asking);

    expect(records).toStrictEqual([{ ...record, id: 'request-1' }]);
    expect(headers['x-request-id']).toBe('request-1');
  });

  it('but those for the document, which anybody could fill the records with', async () => {
    const { ask, records } = testApi();

    const { status } = await ask('GET /openapi.json');

    expect([status, records]).toStrictEqual([200, []]);
  });

  it.each([
    ['Bearer stolen', 'Bearer error="invalid_token"'],
    [undefined, 'Bearer'],
  ])('and who is refused with %p hears %p', async (authorization, challenge) => {
    const { handle, ask } = testApi();
    const headers = authorization === undefined ? {} : { authorization };
    const event = { rawPath: '/matters', headers, requestContext: { http: { method: 'GET' } } };

    expect((await handle(event)).headers?.['www-authenticate']).toBe(challenge);
    expect((await ask('GET /matters')).headers).not.toHaveProperty('www-authenticate');
  });
});

describe('where the record cannot be stored', () => {
  const audited = async () => Promise.reject(failure('unreachable'));

  it.each([
    ['POST /matters', { body: OPEN }],
    ['POST /matters', { body: {} }],
    ['POST /runs/run-1/approval', {}],
    ['DELETE /runs/run-1', { headers: { authorization: '' } }],
  ])('%s %j is not answered', async (line, asking) => {
    const { ask, unexpected } = testApi({ api: { audited } });

    const { status, text, problem, headers } = await ask(line, asking);

    expect({ status, code: problem.code }).toStrictEqual({ status: 503, code: 'unreachable' });
    expect(problem.status).toBe(503);
    expect(text).not.toContain('Doe');
    expect(headers).not.toHaveProperty('location');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(unexpected).toStrictEqual([failure('unreachable')]);
  });

  it.each([
    ['GET /matters/m-1', {}],
    ['POST /matters/preview', { body: { scope: OPEN.scope } }],
  ])('%s is answered, since nothing has changed', async (line, asking) => {
    const { ask, unexpected } = testApi({ api: { audited } });

    expect((await ask(line, asking)).status).toBe(200);
    expect(unexpected).toHaveLength(1);
  });
});
