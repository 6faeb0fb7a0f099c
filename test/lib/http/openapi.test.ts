import { describe, expect, it } from '@jest/globals';
import { openApi } from '../../../lib/http/openapi.ts';
import { ROUTES } from '../../../lib/http/routes.ts';
import { judgeBy } from '../../helpers/openapi-check.ts';
import { fuzz, type FuzzRequest, type OpenApiDocument } from '../../helpers/openapi-fuzz.ts';
import { answerOf, testApi } from './support/api.ts';

const document = openApi(ROUTES) as OpenApiDocument & Record<string, unknown>;

interface Described {
  readonly operationId: string;
  readonly security: readonly Record<string, readonly string[]>[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

const described = (path: string, method: string): Described | undefined =>
  document.paths[path]?.[method.toLowerCase()] as Described | undefined;

const all = Object.values(document.paths).flatMap((methods) =>
  Object.values(methods),
) as unknown as Described[];

describe('the document', () => {
  it('is the answer to GET /openapi.json, for everybody', async () => {
    const { ask } = testApi();

    const { status, json } = await ask('GET /openapi.json', { headers: { authorization: '' } });

    expect(status).toBe(200);
    expect(json).toStrictEqual(JSON.parse(JSON.stringify(document)));
    expect(json).toHaveProperty('openapi', '3.1.0');
  });

  it('is the same whenever it is made', () => {
    expect(JSON.stringify(openApi(ROUTES))).toBe(JSON.stringify(document));
  });

  it.each(ROUTES.map(({ method, path, access }) => [method, path, access] as const))(
    'has %s %s, for %s',
    (method, path, access) => {
      expect(described(path, method)?.security).toStrictEqual(access === 'open' ? [] : [{ token: [access] }]);
    },
  );

  it.each(ROUTES.map(({ method, path, peopleOnly }) => [method, path, peopleOnly === true] as const))(
    'has %s %s for machines, unless it is for people only (%p)',
    (method, path, isForPeople) => {
      expect(described(`/machine${path}`, method) === undefined).toBe(isForPeople);
    },
  );

  it('names every operation once', () => {
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length);
  });

  it('has only references that lead somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(
      ([, reference = '']) => reference,
    );

    expect(references.length).toBeGreaterThan(20);
    for (const reference of new Set(references)) {
      const name = reference.replace('#/components/schemas/', '');
      expect(document.components.schemas).toHaveProperty([name]);
    }
    expect(JSON.stringify(document)).not.toMatch(/\$defs|\$schema/);
  });

  it('says for every variable of a path what it is', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods) as unknown as Described[]) {
        const named =
          operation.parameters?.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`) ?? [];
        expect(path.match(/\{\w+\}/g) ?? []).toStrictEqual(named);
      }
    }
  });

  it('has an example for every body, which its schema takes', () => {
    const bodies = ROUTES.filter(({ body }) => body !== undefined);

    expect(bodies).toHaveLength(5);
    for (const { body, example } of bodies) expect(body?.safeParse(example)).toMatchObject({ success: true });
  });

  it('has no refusal under the status of an answer', () => {
    for (const { responses } of all) {
      for (const [status, { description }] of Object.entries(responses)) {
        expect(description.startsWith('A problem')).toBe(Number(status) >= 400);
      }
    }
  });
});

describe('the judge', () => {
  const judge = judgeBy(document);
  const asked = { method: 'GET', path: '/runs?all=true' };

  it.each([
    [200, 'application/json', '{"runs":[]}', undefined],
    [200, 'application/json', '{"runs":[{}]}', /runs\[0\]/],
    [200, 'application/json', '{"runs":[],"secret":1}', /secret/],
    [201, 'application/json', '{"runs":[]}', /does not announce 201/],
    [200, 'text/csv', '', /does not announce/],
    [404, 'application/json', '{}', /comes as/],
    [404, 'application/problem+json', '{}', /code/],
  ])('%i %s %s', (status, type, text, verdict) => {
    const said = judge(asked, { status, type, text });

    if (verdict === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(verdict);
  });
});

describe('requests made from the document alone', () => {
  /** As the gateway makes an event of it: the path decoded, bodies that are no text in Base64. */
  const eventOf = ({ method, path, headers, body }: FuzzRequest): unknown => {
    const [plain = '', ...query] = path.split('?');
    let rawPath = plain;
    try {
      rawPath = decodeURIComponent(plain);
    } catch {
      // What cannot be decoded stays as it is.
    }
    const bytes = body === undefined ? undefined : Buffer.from(body as Uint8Array);
    return {
      version: '2.0',
      rawPath,
      rawQueryString: query.join('?'),
      headers,
      ...(bytes && { body: bytes.toString('base64'), isBase64Encoded: true }),
      requestContext: {
        http: { method },
        ...(rawPath.startsWith('/machine/') && {
          authorizer: { iam: { userArn: 'arn:aws:iam::1:role/erp' } },
        }),
      },
    };
  };

  it('are the same for the same seed', () => {
    const texts = (seed: number) => JSON.stringify([...fuzz(document, { seed, count: 50 })]);

    expect(texts(1)).toBe(texts(1));
    expect(texts(1)).not.toBe(texts(2));
  });

  it('never make it fail, and every answer is one that the document announces', async () => {
    const judge = judgeBy(document);
    const { handle, unexpected, records } = testApi();
    const statuses = new Map<number, number>();
    let documents = 0;
    let slowest = 0;
    for (const request of fuzz(document, { seed: 20_261_120, count: 3_000, tokens: ['good'] })) {
      const started = performance.now();
      const answer = answerOf(await handle(eventOf(request)));
      slowest = Math.max(slowest, performance.now() - started);
      const isOfRoute = answer.status !== 404 && answer.status !== 405;
      if (isOfRoute && request.path.includes('openapi.json')) documents += 1;
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const type = answer.headers['content-type'] ?? '';
      const verdict = answer.status >= 500 ? 'it failed' : judge(request, { ...answer, type });
      if (verdict !== undefined)
        throw new Error(
          `${verdict}\n${request.method} ${request.path}\n${String(request.body).slice(0, 500)}`,
        );
    }

    expect(unexpected).toStrictEqual([]);
    expect(records).toHaveLength(3_000 - documents);
    // It would be no test if all of them were refused, or for one reason only.
    for (const status of [200, 201, 400, 401, 404, 405, 413, 422])
      expect(statuses.get(status) ?? 0).toBeGreaterThan(2);
    expect(statuses.get(200) ?? 0).toBeGreaterThan(400);
    expect(slowest).toBeLessThan(5_000);
  }, 60_000);
});
