import {
  CreateBucketCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Access, ACCESS } from '../../lib/app/caller.ts';
import { DynamoLedger } from '../../lib/aws/dynamo-ledger.ts';
import { createVerify } from '../../lib/http/auth.ts';
import { createHttpApi, type HttpApi } from '../../lib/http/handle.ts';
import { issuerKeys } from '../../lib/http/issuer-keys.ts';
import { type MatterView } from '../../lib/matters/messages.ts';
import { type VersionRef, versionIdOf } from '../../lib/ports/lock-store.ts';
import { startTokenIssuer, type TokenIssuer } from '../../local/token-issuer.ts';
import { upload } from '../helpers/bucket.ts';
import { type LedgerTable, startLedgerTable } from '../helpers/dynalite.ts';
import { type Embedded } from '../helpers/embedded.ts';
import { ANNA, bitOf, type Holds, holdsOn, openFully, startTimed, type TestTime } from '../helpers/holds.ts';
import { judgeBy } from '../helpers/openapi-check.ts';
import { fuzz, type FuzzRequest, type OpenApiDocument } from '../helpers/openapi-fuzz.ts';

const AUDIENCE = 'holdfast';
/** What the requests name now and then. */
const BUCKET = 'case-files';
/** The keys that the examples of the document name, and some that are made up by chance. */
const KEYS = ['letters/2026-11-19.pdf', 'staff/0815.pdf', 'customers/4711/letter.pdf', 'a', 'key-1', '0'];
const WITHOUT_LOCK = 'bucket-a';
const COUNT = 5_000;
const ID = /^\/matters\/(?!preview)[\w-]{1,30}(?=[/?]|$)/;

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** What the gateway makes of it: the path decoded, the body in Base64, and who signed it where machines ask. */
function eventOf({ method, path, headers, body }: FuzzRequest, isSigned: boolean): unknown {
  const [plain = '', ...query] = path.split('?');
  let rawPath = plain;
  try {
    rawPath = decodeURIComponent(plain);
  } catch {
    // What cannot be decoded stays as it is.
  }
  const bytes = body === undefined ? undefined : Buffer.from(body as Uint8Array);
  const iam = { iam: { userArn: 'arn:aws:iam::123456789012:role/erp' } };
  return {
    version: '2.0',
    rawPath,
    rawQueryString: query.join('?'),
    headers,
    ...(bytes && { body: bytes.toString('base64'), isBase64Encoded: true }),
    requestContext: {
      http: { method },
      ...(isSigned && rawPath.startsWith('/machine/') && { authorizer: iam }),
    },
  };
}

describe('10,000 requests made from the document alone, to the API on real parts', () => {
  let timed: { embedded: Embedded; time: TestTime };
  let client: S3Client;
  let table: LedgerTable;
  let tokens: TokenIssuer;
  let world: Holds;
  let handle: HttpApi;
  let document: OpenApiDocument;
  let matter: string;
  const control: VersionRef[] = [];
  const unexpected: unknown[] = [];

  beforeAll(async () => {
    [timed, table, tokens] = await Promise.all([
      startTimed(),
      startLedgerTable(),
      startTokenIssuer({ audience: AUDIENCE }),
    ]);
    client = timed.embedded.clientFor();
    world = await holdsOn(timed, {
      ledger: new DynamoLedger(table.clientFor(), table.table),
      manages: [BUCKET, WITHOUT_LOCK],
    });
    handle = createHttpApi({
      api: world.api,
      verify: createVerify({ issuer: tokens.url, audience: AUDIENCE, keys: issuerKeys(tokens.url) }),
      machineGroups: ['machines'],
      onUnexpected: (error) => {
        unexpected.push(error);
      },
      newId: () => 'request',
    });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET, ObjectLockEnabledForBucket: true }));
    await client.send(new CreateBucketCommand({ Bucket: WITHOUT_LOCK }));
    await upload(client, WITHOUT_LOCK, 'a');
    for (let at = 0; at < 20; at += 1) control.push(await upload(client, BUCKET, `control/on/${at}`));
    for (let at = 0; at < 5; at += 1) control.push(await upload(client, BUCKET, `control/off/${at}`));
    for (const key of KEYS) await upload(client, BUCKET, key);
    matter = await openFully(BUCKET, 'control/on/', world);
    document = JSON.parse(
      (await ask({ method: 'GET', path: '/openapi.json', headers: {}, body: undefined })).text,
    ) as OpenApiDocument;
  }, 30_000);
  afterAll(async () => {
    await Promise.all([timed.embedded.close(), table.close(), tokens.close()]);
  });

  async function ask(request: FuzzRequest, isSigned = false): Promise<Answered> {
    const {
      statusCode = 0,
      headers = {},
      body = '',
    }: APIGatewayProxyStructuredResultV2 = await handle(eventOf(request, isSigned));
    return { status: statusCode, type: String(headers['content-type'] ?? ''), text: body };
  }
  const token = async (sub: string, access: readonly Access[], groups = ['strangers']): Promise<string> =>
    tokens.issue({ sub, scope: access.join(' '), groups });
  /** The locks of everything in the bucket. */
  const locks = async (): Promise<string[]> => {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET }));
    return Promise.all(
      Versions.map(async ({ Key = '', VersionId = '' }) => {
        const bit = await bitOf(client, { bucket: BUCKET, key: Key, versionId: versionIdOf(VersionId) });
        return `${Key} ${VersionId} ${bit} ${await retentionOf(Key, VersionId)}`;
      }),
    );
  };
  const retentionOf = async (Key: string, VersionId: string): Promise<string> => {
    try {
      const { Retention } = await client.send(
        new GetObjectRetentionCommand({ Bucket: BUCKET, Key, VersionId }),
      );
      return JSON.stringify(Retention);
    } catch (cause) {
      return cause instanceof Error ? cause.name : String(cause);
    }
  };
  /** What members of a group see. */
  const seenBy = async (group: string): Promise<MatterView[]> =>
    (await world.api.list({ limit: 100 }, { ...ANNA, groups: [group] })).matters;
  /** Every item of the ledger that is not about a single version. */
  const ledger = async (): Promise<unknown[]> => {
    const items: unknown[] = [];
    for (const group of ['docket', 'matters'])
      for await (const item of world.deps.ledger.list(group)) items.push(item);
    return items;
  };

  /** Sends requests, of which some name matters that there are, and judges every answer. */
  async function run(seed: number, given: readonly string[], signed = false): Promise<Map<number, number>> {
    const judge = judgeBy(document);
    const statuses = new Map<number, number>();
    const faults: string[] = [];
    const known = [matter];
    let asked = 0;
    for (const made of fuzz(document, { seed, count: COUNT, tokens: given })) {
      asked += 1;
      // Ids that are made up are those of nothing: most become one of a matter that there is.
      const id = known[Math.floor(asked / 7) % known.length] ?? matter;
      const request = { ...made, path: made.path.replace(ID, `/matters/${id}`) };
      const answer = await ask(request, signed);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const verdict = answer.status >= 500 ? `it failed: ${answer.text}` : judge(request, answer);
      if (verdict !== undefined)
        faults.push(`${verdict}\n${request.method} ${request.path}\n${String(request.body).slice(0, 500)}`);
      if ((answer.status === 201 || answer.status === 202) && answer.text.includes('"openedBy"'))
        known[1 + (asked % 3)] = (JSON.parse(answer.text) as { readonly id: string }).id;
    }
    expect(unexpected.map(String).slice(0, 5)).toStrictEqual([]);
    expect(faults.slice(0, 5)).toStrictEqual([]);
    return statuses;
  }

  it('change nothing where nobody may write, and are each answered as the document says', async () => {
    const [bits, items, group] = [await locks(), await ledger(), await seenBy('legal')];
    const given = [
      await token('reader', ['matters:read']),
      await token('nobody', []),
      await token('approver', ['matters:approve', 'runs:approve']),
    ];

    const statuses = await run(20_261_120, given);

    expect(await locks()).toStrictEqual(bits);
    expect(await ledger()).toStrictEqual(items);
    expect(await seenBy('legal')).toStrictEqual(group);
    expect(world.queue).toStrictEqual([]);
    // It would be no test if all of them were refused, or for one reason only.
    for (const status of [200, 400, 401, 403, 404, 405, 422])
      expect(statuses.get(status) ?? 0).toBeGreaterThan(5);
    for (const status of [201, 202]) expect(statuses.get(status)).toBeUndefined();
  }, 120_000);

  it('change nothing of another group where strangers may do everything, and are answered as the document says', async () => {
    const before = {
      group: await seenBy('legal'),
      bits: await controlled(),
      items: (await ledger()).length,
    };
    const given = [
      await token('writer', ACCESS),
      // Requests name groups by the same few words.
      await token('second', ACCESS, ['strangers', ...KEYS, 'case-files', 'bucket-a', 'P1Y', 'null', 'aaa']),
    ];

    const statuses = await run(4_711, given, true);

    expect(await controlled()).toStrictEqual(before.bits);
    expect(await seenBy('legal')).toStrictEqual(before.group);
    for (const status of [200, 201, 202, 400, 401, 404, 405, 409, 413, 422])
      expect([status, statuses.has(status)]).toStrictEqual([status, true]);
    expect((await ledger()).length).toBeGreaterThan(before.items + 5);
    // Nothing was asked that is not on record, but for the document, which is open to everybody.
    const asked = world.records.filter((record) => record.phase === 'deed' && record.action === 'asked');
    expect(asked.length).toBeGreaterThan(1.8 * COUNT);
  }, 120_000);

  const controlled = async (): Promise<string[]> =>
    Promise.all(control.map(async (ref) => `${ref.key} ${await bitOf(client, ref)}`));

  it('had something to change', async () => {
    const bits = await controlled();

    expect(bits.filter((line) => line.endsWith(' ON'))).toHaveLength(20);
    expect(bits.filter((line) => line.endsWith(' OFF'))).toHaveLength(5);
  });
});
