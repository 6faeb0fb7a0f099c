import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type MatterView, type Problem } from '../../lib/matters/messages.ts';
import { type VersionRef, versionIdOf } from '../../lib/ports/lock-store.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { upload } from '../helpers/bucket.ts';
import { HOSTILE } from '../helpers/bulk.ts';
import { fileOf } from '../helpers/cli.ts';
import { bitOf, setBit, SILENT } from '../helpers/holds.ts';
import { askAsMachine } from './support/machine.ts';

// Every function is a process of its own, and openings wait for what they may have believed.
jest.setTimeout(120_000);

/** Nobody listens to the events of this one. */
const QUIET = 'quiet-files';
const HEARD = 'case-files';
const ALL = 'matters:read matters:write matters:approve';

interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}
interface Asked {
  readonly as?: string;
  readonly body?: unknown;
  readonly csv?: string;
  readonly key?: string;
}

describe('matters, end to end', () => {
  let cloud: Cloud;
  let client: S3Client;
  const records: Readonly<Record<string, unknown>>[] = [];
  const logs: string[] = [];
  const tokens = new Map<string, string>();

  async function call<T = MatterView>(method: string, path: string, asked: Asked = {}): Promise<Answer<T>> {
    const { as = 'anna', body, csv, key } = asked;
    const token = tokens.get(as);
    const response = await fetch(cloud.api.url + path, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(csv !== undefined && { 'content-type': 'text/csv' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(csv !== undefined && { body: csv }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as T,
    };
  }
  const refused = async (method: string, path: string, asked: Asked = {}): Promise<[number, string]> => {
    const { status, body } = await call<Problem>(method, path, asked);
    return [status, body.code];
  };
  /** A condition that functions bring about, looked at until it holds. */
  const until = async <T>(look: () => Promise<T | undefined>, what: string): Promise<T> => {
    for (let tries = 0; tries < 1_200; tries += 1) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`in vain: ${what}`);
  };
  const show = async (id: string): Promise<MatterView> => (await call('GET', `/matters/${id}`)).body;
  const untilState = async (id: string, begins: string): Promise<MatterView> =>
    until(async () => {
      const matter = await show(id);
      return matter.state.startsWith(begins) ? matter : undefined;
    }, `${id} ${begins}`);
  const request = (scope: object, more: object = {}): object => ({
    ...{ title: 'Doe v. Example', reason: 'Complaint served', scope },
    ...more,
  });
  const selector = (bucket: string, prefix: string, more: object = {}): object => ({
    selector: { bucket, prefix, ...more },
  });
  /** Opens a matter and waits until it covers what it names. */
  const open = async (scope: object, more: object = {}): Promise<string> => {
    const { status, body } = await call('POST', '/matters', { body: request(scope, more) });
    expect([status, body.state]).toStrictEqual([202, 'opening']);
    await untilState(body.id, 'in force');
    return body.id;
  };
  const approve = async (id: string): Promise<void> => {
    expect((await call('POST', `/matters/${id}/release`, { body: { reason: 'settled' } })).status).toBe(200);
    const { status } = await call('POST', `/matters/${id}/release/approval`, { as: 'ben' });
    expect(status).toBe(202);
  };
  const release = async (id: string): Promise<MatterView> => {
    await approve(id);
    return untilState(id, 'released');
  };
  const bits = async (refs: readonly VersionRef[]): Promise<string[]> =>
    Promise.all(refs.map(async (ref) => bitOf(client, ref)));
  const all = (bit: 'ON' | 'OFF', refs: readonly VersionRef[]): string[] => refs.map(() => bit);
  /** The lines of the roll of a matter that name a key. */
  const roll = async (id: string, key: string): Promise<string[]> =>
    (await call<string>('GET', `/matters/${id}/roll`)).body
      .split(/\r?\n/)
      .filter((line) => line.includes(key));
  const put = async (bucket: string, prefix: string, count: number): Promise<VersionRef[]> => {
    const refs: VersionRef[] = [];
    for (let at = 0; at < count; at += 1)
      refs.push(await upload(client, bucket, `${prefix}${String(at).padStart(4, '0')}`));
    return refs;
  };

  beforeAll(async () => {
    cloud = await startCloud({
      policyFile: fileOf('silent.yaml', SILENT),
      unheard: [QUIET],
      // Every hold is due to be looked at again whenever it is asked for.
      params: { reconcileEvery: 'PT1S' },
    });
    cloud.output.on('record', (record) => records.push(record));
    cloud.output.on('log', (line) => logs.push(line));
    const { url: endpoint, region, credentials } = cloud;
    client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    for (const Bucket of [QUIET, HEARD])
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    await client.send(new CreateBucketCommand({ Bucket: 'without-lock' }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await client.send(new PutBucketVersioningCommand({ Bucket: 'without-lock', VersioningConfiguration }));
    const people = { anna: ALL, ben: ALL, eve: ALL, reader: 'matters:read', nothing: 'openid' };
    for (const [sub, scope] of Object.entries(people)) {
      const groups = sub === 'eve' ? ['tax'] : ['legal'];
      tokens.set(sub, await cloud.tokens.issue({ sub, name: `${sub} of legal`, scope, groups }));
    }
  }, 60_000);
  afterAll(async () => {
    client.destroy();
    await cloud.close();
  });

  it('answers a list of versions at once with the end state, and takes it as CSV too', async () => {
    const refs = await put(QUIET, 'list/', 20);
    const versions = refs.map(({ bucket, key, versionId }) => ({ bucket, key, versionId }));
    const csv = ['bucket,key,versionId', ...refs.map((ref) => `${ref.bucket},${ref.key},${ref.versionId}`)];

    const json = await call('POST', '/matters', { body: request({ versions }) });
    const text = await call('POST', '/matters?title=By%20CSV&reason=served&group=legal', {
      csv: `${csv.join('\r\n')}\r\n`,
    });

    for (const { status, body, headers } of [json, text]) {
      expect(status).toBe(201);
      expect(body).toMatchObject({
        state: 'in force',
        scopes: [{ named: 20, counts: { versions: 20, on: 20, exceptions: 0 } }],
      });
      expect(headers.get('location')).toBe(`/matters/${body.id}`);
    }
    expect(await bits(refs)).toStrictEqual(all('ON', refs));
    await release(json.body.id);
    expect(await bits(refs)).toStrictEqual(all('ON', refs));
    await release(text.body.id);
    expect(await bits(refs)).toStrictEqual(all('OFF', refs));
  });

  it('lets nobody approve the release that they asked for themselves', async () => {
    const [ref] = (await put(QUIET, 'self/', 1)) as [VersionRef];
    const { body } = await call('POST', '/matters', { body: request({ versions: [ref] }) });
    await call('POST', `/matters/${body.id}/release`, { body: { reason: 'settled' } });

    expect(await refused('POST', `/matters/${body.id}/release/approval`)).toStrictEqual([
      403,
      'self-approval',
    ]);

    expect(await show(body.id)).toMatchObject({ state: 'release asked' });
    expect(await bitOf(client, ref)).toBe('ON');
    const machine = await askAsMachine(cloud.api.url, {
      method: 'POST',
      path: `/machine/matters/${body.id}/release/approval`,
      credentials: cloud.credentials,
    });
    expect([machine.status, ((await machine.json()) as Problem).code]).toStrictEqual([403, 'not-allowed']);
    expect(await bitOf(client, ref)).toBe('ON');
  });

  it('keeps every one of 200 versions ON that another matter needs, and takes off the others', async () => {
    const both = [
      ...(await put(QUIET, 'overlap/2-both/', 98)),
      // Older versions of the same keys, and a key that is hard to write.
      ...(await put(QUIET, 'overlap/2-both/', 98)),
      ...(await Promise.all(
        [1, 2, 3, 4].map(async () => upload(client, QUIET, `overlap/2-both/${HOSTILE}`)),
      )),
    ];
    const onlyA = await put(QUIET, 'overlap/1-only-a/', 20);
    const onlyB = await put(QUIET, 'overlap/3-only-b/', 20);
    const [a, b] = await Promise.all([
      open(selector(QUIET, 'overlap/2-both/')),
      open(selector(QUIET, 'overlap/2-both/')),
    ]);
    for (const [id, prefix] of [
      [a, 'overlap/1-only-a/'],
      [b, 'overlap/3-only-b/'],
    ] as const) {
      const { status } = await call('POST', `/matters/${id}/scopes`, {
        body: { scope: selector(QUIET, prefix) },
      });
      expect(status).toBe(202);
      await untilState(id, 'in force');
    }
    expect(both).toHaveLength(200);
    expect(await bits([...both, ...onlyA, ...onlyB])).toStrictEqual(all('ON', [...both, ...onlyA, ...onlyB]));

    const released = await release(a);

    expect(await bits(both)).toStrictEqual(all('ON', both));
    expect(await bits(onlyB)).toStrictEqual(all('ON', onlyB));
    expect(await bits(onlyA)).toStrictEqual(all('OFF', onlyA));
    expect(released).toMatchObject({
      state: 'released',
      scopes: [
        { released: { off: 0, needed: 200, notOurs: 0, gone: 0, failed: 0 } },
        { released: { off: 20, needed: 0, notOurs: 0, gone: 0, failed: 0 } },
      ],
    });
    expect(await show(b)).toMatchObject({ state: 'in force' });

    expect(await release(b)).toMatchObject({ state: 'released' });

    const every = [...both, ...onlyA, ...onlyB];
    expect(await bits(every)).toStrictEqual(all('OFF', every));
  });

  it('takes off what two matters that are released together alone needed, and nothing else', async () => {
    const own = await put(QUIET, 'pair/own/', 30);
    const foreign = await put(QUIET, 'pair/foreign/', 3);
    const third = await put(QUIET, 'pair/third/', 5);
    for (const ref of foreign) await setBit(client, ref, 'ON');
    const [a, b, c] = await Promise.all([
      open(selector(QUIET, 'pair/')),
      open(selector(QUIET, 'pair/')),
      open(selector(QUIET, 'pair/third/')),
    ]);

    await Promise.all([approve(a), approve(b)]);
    const matters = await Promise.all([untilState(a, 'released'), untilState(b, 'released')]);

    expect(await bits(own)).toStrictEqual(all('OFF', own));
    expect(await bits([...foreign, ...third])).toStrictEqual(all('ON', [...foreign, ...third]));
    // Whoever came first may have found that the other one still needed it.
    const listed = new Set<string>();
    for (const { id, state, exceptions = [], scopes } of matters) {
      const [{ released } = {}] = scopes;
      expect(released).toMatchObject({ gone: 0, failed: 0 });
      expect(state).toBe(released?.notOurs === 0 ? 'released' : 'released with exceptions');
      for (const { key, outcome } of exceptions) listed.add(`${key} ${outcome}`);
      for (const { key } of third) expect(await roll(id, key)).toMatchObject([/,needed,/]);
      for (const { key } of own) expect(await roll(id, key)).toMatchObject([/,(off|needed),/]);
    }
    expect([...listed].sort()).toStrictEqual(foreign.map(({ key }) => `${key} found-on`));
    const off = matters.map(({ scopes: [scope] }) => scope?.released?.off ?? 0);
    expect(off.reduce((sum, one) => sum + one)).toBeGreaterThanOrEqual(own.length);
    expect(await show(c)).toMatchObject({ state: 'in force' });
    const lock = await call<{ matters: string[] }>(
      'GET',
      `/objects/lock?bucket=${QUIET}&key=${encodeURIComponent(third[0]?.key ?? '')}`,
    );
    expect(lock.body).toMatchObject({ hold: 'on', matters: [c], others: 0 });
  });

  it('holds what is uploaded into an open matter the moment that it comes, and puts it on the roll', async () => {
    const id = await open(selector(HEARD, 'arrivals/'), { allowEmpty: true });

    const ref = await upload(client, HEARD, 'arrivals/new');
    const beside = await upload(client, HEARD, 'elsewhere/new');

    await until(async () => ((await bitOf(client, ref)) === 'ON' ? true : undefined), 'a hold on arrival');
    const lines = await until(async () => {
      const found = await roll(id, 'arrivals/new');
      return found.length > 0 ? found : undefined;
    }, 'a line of the roll');
    expect(lines).toMatchObject([expect.stringContaining(ref.versionId)]);
    expect(await bitOf(client, beside)).toBe('OFF');
    await release(id);
    expect(await bitOf(client, ref)).toBe('OFF');
  });

  it('holds what is uploaded while it opens, though no event tells of it, before it says that it is in force', async () => {
    const early = await put(QUIET, 'meanwhile/', 3);
    const { body } = await call('POST', '/matters', { body: request(selector(QUIET, 'meanwhile/')) });
    await until(async () => {
      const { working } = (await show(body.id)).scopes[0] ?? {};
      return working === 'placing holds' ? true : undefined;
    }, 'that it has listed');
    const late = await upload(client, QUIET, 'meanwhile/late');

    const { state } = await until(async () => {
      const matter = await show(body.id);
      return matter.state === 'opening' ? undefined : matter;
    }, 'the end of the opening');
    const seen = await bits([...early, late]);

    expect(state).toBe('in force');
    expect(seen).toStrictEqual(all('ON', [...early, late]));
    expect(await roll(body.id, 'meanwhile/late')).toHaveLength(1);
  });

  it('keeps what a tag brought into it when the tag is gone, and releases it with the others', async () => {
    const TagSet = [{ Key: 'case', Value: 'doe' }];
    const tagged = await upload(client, HEARD, 'tags/before', { Tagging: 'case=doe' });
    const later = await upload(client, HEARD, 'tags/later');
    const never = await upload(client, HEARD, 'tags/never', { Tagging: 'case=other' });
    const id = await open(selector(HEARD, 'tags/', { tags: { case: 'doe' } }));
    await client.send(new PutObjectTaggingCommand({ Bucket: HEARD, Key: later.key, Tagging: { TagSet } }));
    await until(async () => ((await bitOf(client, later)) === 'ON' ? true : undefined), 'a hold by tag');

    for (const { key: Key } of [tagged, later])
      await client.send(new DeleteObjectTaggingCommand({ Bucket: HEARD, Key }));
    await reconcile([id]);

    expect(await bits([tagged, later, never])).toStrictEqual(['ON', 'ON', 'OFF']);
    for (const { key, versionId } of [tagged, later])
      expect(await roll(id, key)).toMatchObject([expect.stringContaining(versionId)]);
    expect(await roll(id, 'tags/never')).toStrictEqual([]);
    expect(await release(id)).toMatchObject({
      state: 'released',
      scopes: [{ released: { off: 2, needed: 0, notOurs: 0 } }],
    });
    expect(await bits([tagged, later])).toStrictEqual(['OFF', 'OFF']);
  });

  /** Has every hold looked at again, and waits until that is done. */
  const reconcile = async (ids: readonly string[]): Promise<void> => {
    const scopes = async (): Promise<MatterView['scopes']> =>
      (await Promise.all(ids.map(show))).flatMap((matter) => matter.scopes);
    const before = Math.max(...(await scopes()).map(({ asOf = '' }) => Date.parse(asOf)));
    await until(async () => (before + 2_000 < Date.now() ? true : undefined), 'that they are due');
    await cloud.invoke('onReconcile', {});
    await until(async () => {
      const isDone = (await scopes()).every(
        ({ asOf = '', working }) => Date.parse(asOf) > before && working === undefined,
      );
      return isDone ? true : undefined;
    }, 'that they were looked at again');
  };

  it('sets again what an outsider took off, records it, and alarms', async () => {
    const refs = await put(QUIET, 'outsider/', 3);
    const id = await open(selector(QUIET, 'outsider/'));
    const [victim] = refs as [VersionRef];
    await setBit(client, victim, 'OFF');
    const seen = logs.length;

    await reconcile([id]);

    expect(await bits(refs)).toStrictEqual(all('ON', refs));
    const found = await until(async () => {
      const some = records.filter(({ outcome }) => outcome === 'hold-found-off');
      return some.length > 0 ? some : undefined;
    }, 'the copy of the record');
    expect(found).toMatchObject([{ key: victim.key, versionId: victim.versionId, cause: id }]);
    const metrics = await until(async () => {
      const lines = logs
        .slice(seen)
        .filter((line) => line.includes('"_aws"') && line.includes('HoldFoundOff'));
      return lines.length > 0 ? lines : undefined;
    }, 'the metric');
    expect(metrics.map((line) => JSON.parse(line) as object)).toMatchObject([
      { HoldFoundOff: expect.anything(), service: 'holds' },
    ]);
    expect(metrics.join()).not.toContain('outsider/');
    expect(await roll(id, victim.key)).toMatchObject([/,somebody,/]);
    expect(await show(id)).toMatchObject({ state: 'in force' });
  });

  it('opens one matter for one key, however often it is sent, and says when another request has it', async () => {
    const [ref, other] = (await put(QUIET, 'once/', 2)) as [VersionRef, VersionRef];
    const body = request({ versions: [ref] });
    const key = 'ticket-4711';

    const answers = await Promise.all([1, 2, 3].map(async () => call('POST', '/matters', { body, key })));
    const again = await call('POST', '/matters', { body, key });

    expect(new Set([...answers, again].map(({ body: { id } }) => id)).size).toBe(1);
    expect(answers.map(({ status }) => status).filter((status) => status === 201)).toHaveLength(1);
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ state: 'in force' });
    const another = request({ versions: [other] });
    expect(await refused('POST', '/matters', { body: another, key })).toStrictEqual([409, 'key-reused']);
    expect(await bitOf(client, other)).toBe('OFF');
    // The same key of somebody else is another one.
    expect((await call('POST', '/matters', { body, key, as: 'ben' })).body.id).not.toBe(again.body.id);

    const scope = { scope: { versions: [other] } };
    const path = `/matters/${again.body.id}/scopes`;
    const widened = [
      await call('POST', path, { body: scope, key }),
      await call('POST', path, { body: scope, key }),
    ];
    expect(widened.map(({ status }) => status)).toStrictEqual([200, 200]);
    expect((await show(again.body.id)).scopes).toHaveLength(2);
    expect(await refused('POST', path, { body: { scope: { versions: [ref] } }, key })).toStrictEqual([
      409,
      'key-reused',
    ]);
  });

  describe('refuses', () => {
    let id: string;
    let closed: string;
    let ref: VersionRef;
    beforeAll(async () => {
      ref = await upload(client, QUIET, 'refusals/one');
      const body = request({ versions: [ref] });
      id = (await call('POST', '/matters', { body })).body.id;
      closed = (await call('POST', '/matters', { body })).body.id;
      await release(closed);
    });
    const opening = async (scope: object): Promise<[number, string]> =>
      refused('POST', '/matters', { body: request(scope) });

    it('a release that is asked for twice, approved before it was asked for, or approved twice', async () => {
      const { id: own } = (await call('POST', '/matters', { body: request({ versions: [ref] }) })).body;
      const ask = { body: { reason: 'settled' } };

      expect(await refused('POST', `/matters/${own}/release/approval`, { as: 'ben' })).toStrictEqual([
        409,
        'not-asked',
      ]);
      await call('POST', `/matters/${own}/release`, ask);
      expect(await refused('POST', `/matters/${own}/release`, ask)).toStrictEqual([409, 'already-asked']);
      await call('POST', `/matters/${own}/release/approval`, { as: 'ben' });
      expect(await refused('POST', `/matters/${own}/release/approval`, { as: 'ben' })).toStrictEqual([
        409,
        'already-released',
      ]);
      expect(await refused('POST', `/matters/${own}/release`, ask)).toStrictEqual([409, 'already-released']);
    });

    it('to widen what is released', async () => {
      const body = { scope: { versions: [ref] } };

      expect(await refused('POST', `/matters/${closed}/scopes`, { body })).toStrictEqual([
        409,
        'already-released',
      ]);
    });

    it('a matter that there is not, and one of another group in the same words', async () => {
      const ways = [
        ['GET', ''],
        ['GET', '/roll'],
        ['GET', '/roll/pages'],
        ['POST', '/release'],
        ['POST', '/release/approval'],
        ['POST', '/scopes'],
      ] as const;
      for (const [method, path] of ways) {
        const body = path === '/scopes' ? { scope: { versions: [ref] } } : { reason: 'none' };
        const asked = method === 'POST' && path !== '/release/approval' ? { body } : {};

        expect(await refused(method, `/matters/m-none${path}`, asked)).toStrictEqual([404, 'no-such-matter']);
        const invisible = await call<Problem>(method, `/matters/${id}${path}`, { ...asked, as: 'eve' });
        expect([invisible.status, invisible.body.code]).toStrictEqual([404, 'no-such-matter']);
        expect(JSON.stringify(invisible.body).replaceAll(id, 'm-none')).toContain('there is no matter');
      }
      const { body: list } = await call<{ matters: MatterView[] }>('GET', '/matters', { as: 'eve' });
      expect(list.matters).toStrictEqual([]);
      const lock = await call('GET', `/objects/lock?bucket=${QUIET}&key=refusals/one`, { as: 'eve' });
      expect(lock.body).toMatchObject({ hold: 'on', matters: [], others: expect.any(Number) });
    });

    it('who has no scope, the wrong scope, no token, or names a group that is not theirs', async () => {
      const body = request({ versions: [ref] });

      expect(await refused('GET', '/matters', { as: 'nothing' })).toStrictEqual([403, 'not-allowed']);
      expect(await refused('POST', '/matters', { as: 'reader', body })).toStrictEqual([403, 'not-allowed']);
      expect(await refused('POST', `/matters/${id}/release/approval`, { as: 'reader' })).toStrictEqual([
        403,
        'not-allowed',
      ]);
      expect((await call('GET', '/matters', { as: 'stranger' })).status).toBe(401);
      expect(await refused('POST', '/matters', { body: { ...body, group: 'tax' } })).toStrictEqual([
        403,
        'not-allowed',
      ]);
    });

    it('what covers nothing, is not there, or cannot be held', async () => {
      const marker = await upload(client, QUIET, 'refusals/deleted');
      const { VersionId = '' } = await client.send(
        new DeleteObjectCommand({ Bucket: QUIET, Key: 'refusals/deleted' }),
      );
      const plain = await upload(client, 'without-lock', 'x');

      expect(await opening(selector(QUIET, 'nothing-here/'))).toStrictEqual([422, 'empty-scope']);
      expect(
        await opening({ versions: [{ ...ref, versionId: versionIdOf('no-such-version-at-all') }] }),
      ).toStrictEqual([404, 'no-such-version']);
      expect(await opening({ versions: [{ bucket: QUIET, key: 'refusals/nowhere' }] })).toStrictEqual([
        404,
        'no-such-version',
      ]);
      expect(await opening({ versions: [{ ...marker, versionId: VersionId }] })).toStrictEqual([
        409,
        'delete-marker',
      ]);
      expect(await opening(selector('without-lock', 'x'))).toStrictEqual([409, 'no-lock-on-bucket']);
      expect(await opening({ versions: [plain] })).toStrictEqual([409, 'no-lock-on-bucket']);
      const own = cloud.bucketOf('ConfigBucket');
      expect(await opening(selector(own, 'x'))).toStrictEqual([422, 'not-managed']);
      expect(await opening({ versions: [{ bucket: own, key: 'x' }] })).toStrictEqual([422, 'not-managed']);
    });

    it('more than 100 versions by name', async () => {
      const versions = Array.from({ length: 101 }, () => ref);
      for (let at = 0; at < 101; at += 1) await upload(client, QUIET, 'refusals/many');

      expect(await opening({ versions })).toStrictEqual([422, 'bad-request']);
      expect(await opening({ versions: [{ bucket: QUIET, key: 'refusals/many' }] })).toStrictEqual([
        413,
        'too-large',
      ]);
      expect(await bitOf(client, await upload(client, QUIET, 'refusals/many'))).toBe('OFF');
    });

    it('a bucket that another Holdfast has holds in', async () => {
      const { url, region, credentials } = cloud;
      const other = await startCloud({
        policyFile: fileOf('silent.yaml', SILENT),
        outside: { url, region, credentials, kind: 'aws' },
      });
      try {
        const token = await other.tokens.issue({ sub: 'anna', scope: ALL, groups: ['legal'] });
        const answer = await fetch(`${other.api.url}/matters`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(request({ versions: [ref] })),
        });

        expect([answer.status, ((await answer.json()) as Problem).code]).toStrictEqual([
          409,
          'other-holdfast',
        ]);
      } finally {
        await other.close();
      }
    });

    it('all of it without changing anything: the version is ON, and its matter in force', async () => {
      expect(await bitOf(client, ref)).toBe('ON');
      expect(await show(id)).toMatchObject({ state: 'in force' });
    });
  });

  it('leaves a record of everything that was asked, and of no name', () => {
    const asked = records.filter(({ action }) => action === 'asked');

    expect(asked.length).toBeGreaterThan(50);
    expect(asked.some(({ detail }) => String(detail).endsWith('403 self-approval'))).toBe(true);
    expect(JSON.stringify(records)).not.toContain('of legal');
    expect(JSON.stringify(records)).not.toContain('Doe v. Example');
    expect(
      logs.filter((line) => /"(ApiFailed|HoldFailed|HoldMessageUnknown|ReconcileFailed)"/.test(line)),
    ).toStrictEqual([]);
  });
});
