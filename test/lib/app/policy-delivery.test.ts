import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  activatePolicy,
  type DeliveryDeps,
  POINTER,
  readPointer,
  rollbackPolicy,
  showPolicy,
} from '../../../lib/app/policy-delivery.ts';
import { type AuditRecord } from '../../../lib/audit/record.ts';
import { S3Documents } from '../../../lib/aws/s3-documents.ts';
import { type Documents } from '../../../lib/ports/documents.ts';
import { makeBucket } from '../../helpers/bucket.ts';
import { onePolicy, testDeps } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

const FILE = 'policy/policy.yaml';
const BROKEN = 'version: 1\nrules:\n  - name: r\n    lock: { mode: COMPLIENCE, for: P1D }\n';

/** A policy that differs from the others by its period. */
const days = (count: number): string => onePolicy(`{ mode: GOVERNANCE, for: P${count}D }`);
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

let embedded: Embedded;
let client: S3Client;
let config: string;
let now: number;
let records: AuditRecord[];

beforeAll(async () => {
  embedded = await startEmbedded();
  client = embedded.clientFor();
});
afterAll(async () => {
  await embedded.close();
});
beforeEach(async () => {
  config = await makeBucket(client, 'versioned');
  [now, records] = [Date.UTC(2026, 10, 20, 12), []];
});

function delivery(more: Partial<DeliveryDeps> = {}): DeliveryDeps {
  const base = testDeps({ client, policy: days(1), now: () => now, config });
  const audit = {
    append: async (record: AuditRecord) => {
      records.push(record);
    },
  };
  return { ...base, audit, reading: { maximum: 'P12Y' }, ...more };
}

/** Every version of every object in the configuration bucket. */
async function versions(): Promise<string[]> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: config }));
  return Versions.map(({ Key, VersionId }) => `${Key ?? ''} ${VersionId ?? ''}`).sort();
}

/** The documents as another person finds them, who moves the pointer just before we do. */
function overtaken(by: () => Promise<unknown>): Documents {
  const documents = new S3Documents(client, config);
  let pending = true;
  return {
    get: async (name, versionId) => documents.get(name, versionId),
    put: async (name, body, expected) => {
      if (name === POINTER && pending) {
        pending = false;
        await by();
      }
      return documents.put(name, body, expected);
    },
  };
}

/** The documents of so many people, none of whom moves the pointer before all of them want to. */
function together(count: number): Documents {
  const documents = new S3Documents(client, config);
  let [arrived, open] = [0, (): void => undefined];
  const all = new Promise<void>((resolve) => (open = resolve));
  return {
    get: async (name, versionId) => documents.get(name, versionId),
    put: async (name, body, expected) => {
      if (name === POINTER && (arrived += 1) === count) open();
      if (name === POINTER) await all;
      return documents.put(name, body, expected);
    },
  };
}

async function textInForce(): Promise<string | undefined> {
  return (await showPolicy(delivery()))?.text;
}

describe('activating a policy', () => {
  it('shows nothing before the first activation', async () => {
    expect(await showPolicy(delivery())).toBeUndefined();
  });

  it('puts it into force, says what changes, and records the deed with its hash', async () => {
    const { pointer, changes } = await activatePolicy(days(1), delivery({ actor: 'alice' }));

    expect(pointer).toStrictEqual({
      active: {
        hash: hashOf(days(1)),
        versionId: expect.stringMatching(/.+/),
        at: '2026-11-20T12:00:00Z',
        by: 'alice',
      },
      before: [],
    });
    expect(changes).toMatchObject([{ kind: 'added', name: 'r' }]);
    expect(await showPolicy(delivery())).toMatchObject({
      pointer,
      text: days(1),
      parsed: { ok: true, policy: { hash: hashOf(days(1)) } },
    });
    expect(records).toStrictEqual([
      {
        id: '2026-11-20T12:00:00Z-1',
        time: '2026-11-20T12:00:00Z',
        actor: 'alice',
        phase: 'deed',
        action: 'policy-activated',
        policy: hashOf(days(1)),
        detail: `version ${pointer.active.versionId}`,
      },
    ]);
  });

  it('again, remembers what was in force before', async () => {
    const first = await activatePolicy(days(1), delivery());
    const second = await activatePolicy(days(2), delivery());

    expect(second.pointer.before).toStrictEqual([first.pointer.active]);
    expect(second.pointer.active.versionId).not.toBe(first.pointer.active.versionId);
    expect(second.changes).toStrictEqual([{ kind: 'changed', name: 'r', detail: 'lock.for: P1D → P2D' }]);
  });

  it('remembers twenty and no more', async () => {
    for (let at = 1; at <= 23; at += 1) await activatePolicy(days(at), delivery());

    const { pointer } = (await readPointer(new S3Documents(client, config))) ?? {};
    expect(pointer?.before.map(({ hash }) => hash)).toStrictEqual(
      Array.from({ length: 20 }, (_, at) => hashOf(days(22 - at))),
    );
  });

  it.each([
    ['a fault in its shape', BROKEN, /line 4:.*COMPLIENCE/],
    ['no YAML at all', 'rules: [', /line 1:/],
    ['a lock beyond the cap of the deployment', onePolicy('{ mode: GOVERNANCE, for: P13Y }'), /P12Y/],
  ])('a file with %s is refused and changes nothing', async (_, text, message) => {
    await activatePolicy(days(1), delivery());
    const before = await versions();

    await expect(activatePolicy(text, delivery())).rejects.toMatchObject({
      code: 'bad-policy',
      message: expect.stringMatching(message),
    });

    expect(await versions()).toStrictEqual(before);
    expect(records).toHaveLength(1);
  });

  it('where a rule does not say, it does what the deployment says', async () => {
    await activatePolicy(days(1), delivery());

    const shown = await showPolicy(delivery({ reading: { enforce: 'observe' } }));

    expect(shown?.parsed).toMatchObject({ ok: true, policy: { rules: [{ enforce: 'observe' }] } });
  });

  it.each(['plain', 'suspended'] as const)(
    'a %s bucket keeps no versions, so it is refused',
    async (kind) => {
      config = await makeBucket(client, 'plain');
      if (kind === 'suspended') {
        const VersioningConfiguration = { Status: 'Suspended' as const };
        await client.send(new PutBucketVersioningCommand({ Bucket: config, VersioningConfiguration }));
      }

      await expect(activatePolicy(days(1), delivery())).rejects.toMatchObject({
        code: 'bad-input',
        next: expect.stringContaining('enable versioning'),
      });

      expect(await showPolicy(delivery())).toBeUndefined();
      expect(records).toStrictEqual([]);
    },
  );
});

describe('somebody else was faster', () => {
  it('with the first activation', async () => {
    const documents = overtaken(async () => activatePolicy(days(2), delivery({ actor: 'bob' })));

    await expect(activatePolicy(days(1), delivery({ documents }))).rejects.toMatchObject({
      code: 'moved',
      exitCode: 9,
    });

    expect(await textInForce()).toBe(days(2));
    expect(records).toMatchObject([{ actor: 'bob', policy: hashOf(days(2)) }]);
  });

  it('with a later activation', async () => {
    await activatePolicy(days(1), delivery());
    const documents = overtaken(async () => activatePolicy(days(2), delivery()));

    await expect(activatePolicy(days(3), delivery({ documents }))).rejects.toMatchObject({ code: 'moved' });

    expect(await textInForce()).toBe(days(2));
    expect(records).toHaveLength(2);
  });

  it('while we roll back', async () => {
    await activatePolicy(days(1), delivery());
    await activatePolicy(days(2), delivery());
    const documents = overtaken(async () => activatePolicy(days(3), delivery()));

    await expect(rollbackPolicy(delivery({ documents }))).rejects.toMatchObject({ code: 'moved' });

    expect(await textInForce()).toBe(days(3));
    expect(records).toHaveLength(3);
  });

  it('of eight who saw the same pointer exactly one wins, and its policy is in force', async () => {
    const texts = Array.from({ length: 8 }, (_, at) => days(at + 1));
    const documents = together(texts.length);

    const answers = await Promise.allSettled(
      texts.map(async (text) => activatePolicy(text, delivery({ documents }))),
    );

    const winners = texts.filter((_, at) => answers[at]?.status === 'fulfilled');
    expect(winners).toHaveLength(1);
    expect(await textInForce()).toBe(winners[0]);
    expect(records).toMatchObject([{ policy: hashOf(winners[0] ?? '') }]);
  });
});

describe('rolling back', () => {
  it('puts the policy before into force, says what changes, and records the deed with its hash', async () => {
    const first = await activatePolicy(days(1), delivery());
    await activatePolicy(days(2), delivery());
    now += 60_000;

    const { pointer, changes } = await rollbackPolicy(delivery({ actor: 'bob' }));

    expect(pointer.active).toStrictEqual({
      ...first.pointer.active,
      at: '2026-11-20T12:01:00Z',
      by: 'bob',
    });
    expect(changes).toStrictEqual([{ kind: 'changed', name: 'r', detail: 'lock.for: P2D → P1D' }]);
    expect(await textInForce()).toBe(days(1));
    expect(records.at(-1)).toMatchObject({
      phase: 'deed',
      action: 'policy-rolled-back',
      actor: 'bob',
      policy: hashOf(days(1)),
      detail: `version ${first.pointer.active.versionId}`,
    });
  });

  it('twice, goes back two', async () => {
    for (const count of [1, 2, 3]) await activatePolicy(days(count), delivery());

    await rollbackPolicy(delivery());
    await rollbackPolicy(delivery());

    expect(await textInForce()).toBe(days(1));
    expect(records.map((record) => record.phase === 'deed' && record.action)).toStrictEqual([
      'policy-activated',
      'policy-activated',
      'policy-activated',
      'policy-rolled-back',
      'policy-rolled-back',
    ]);
  });

  it('and activating anew, goes back to what was in force', async () => {
    for (const count of [1, 2]) await activatePolicy(days(count), delivery());
    await rollbackPolicy(delivery());
    await activatePolicy(days(3), delivery());

    await rollbackPolicy(delivery());

    expect(await textInForce()).toBe(days(1));
  });

  it('is refused where nothing was in force before', async () => {
    await expect(rollbackPolicy(delivery())).rejects.toMatchObject({ code: 'bad-input' });
    await activatePolicy(days(1), delivery());

    await expect(rollbackPolicy(delivery())).rejects.toMatchObject({
      code: 'bad-input',
      next: expect.stringContaining('holdfast policy activate'),
    });

    expect(await textInForce()).toBe(days(1));
    expect(records).toHaveLength(1);
  });

  it('to a policy that this deployment no longer allows is refused', async () => {
    await activatePolicy(onePolicy('{ mode: GOVERNANCE, for: P5Y }'), delivery());
    await activatePolicy(days(1), delivery());

    await expect(rollbackPolicy(delivery({ reading: { maximum: 'P1Y' } }))).rejects.toMatchObject({
      code: 'bad-policy',
    });

    expect(await textInForce()).toBe(days(1));
    expect(records).toHaveLength(2);
  });
});

describe('tampering behind the pointer', () => {
  /** Lets the pointer name other text than was activated, as somebody with access to the bucket could. */
  async function tamper(): Promise<void> {
    const documents = new S3Documents(client, config);
    const stored = await readPointer(documents);
    const forged = await documents.put(FILE, days(300), 'any');
    const active = { ...stored?.pointer.active, versionId: forged?.versionId };
    await documents.put(POINTER, JSON.stringify({ ...stored?.pointer, active }), 'any');
  }

  async function deleteActive(): Promise<void> {
    const stored = await readPointer(new S3Documents(client, config));
    const VersionId = stored?.pointer.active.versionId;
    await client.send(new DeleteObjectCommand({ Bucket: config, Key: FILE, VersionId }));
  }

  beforeEach(async () => {
    await activatePolicy(days(1), delivery());
    await activatePolicy(days(2), delivery());
  });

  it('other text under the pointer is refused by its hash', async () => {
    await tamper();

    await expect(showPolicy(delivery())).rejects.toMatchObject({
      code: 'bad-policy',
      message: expect.stringContaining('is not the text that was activated'),
    });
  });

  it('text that is gone is told apart from text that was changed', async () => {
    await deleteActive();

    await expect(showPolicy(delivery())).rejects.toMatchObject({
      code: 'bad-policy',
      message: expect.stringContaining('is gone'),
    });
  });

  it('text that an earlier entry means is refused when it is gone, and the present one stays', async () => {
    await rollbackPolicy(delivery());
    const first = await readPointer(new S3Documents(client, config));
    await activatePolicy(days(3), delivery());
    const VersionId = first?.pointer.active.versionId;
    await client.send(new DeleteObjectCommand({ Bucket: config, Key: FILE, VersionId }));

    await expect(rollbackPolicy(delivery())).rejects.toMatchObject({ code: 'bad-policy' });

    expect(await textInForce()).toBe(days(3));
  });

  it.each([
    ['changed', tamper],
    ['gone', deleteActive],
  ])('when the text is %s, activating again mends it, as the advice says', async (_, harm) => {
    await harm();

    await activatePolicy(days(2), delivery());

    expect(await textInForce()).toBe(days(2));
  });

  it.each([
    ['changed', tamper],
    ['gone', deleteActive],
  ])('when the text is %s, rolling back mends it too', async (_, harm) => {
    await harm();

    await rollbackPolicy(delivery());

    expect(await textInForce()).toBe(days(1));
  });

  it.each(['not json', '{}', '{"active":{"hash":"x","versionId":"v","at":"","by":""},"before":[]}'])(
    'a pointer that holds %j is refused, and is not written over',
    async (body) => {
      await new S3Documents(client, config).put(POINTER, body, 'any');

      await expect(showPolicy(delivery())).rejects.toMatchObject({ code: 'bad-policy' });
      await expect(activatePolicy(days(3), delivery())).rejects.toMatchObject({ code: 'bad-policy' });
      await expect(rollbackPolicy(delivery())).rejects.toMatchObject({ code: 'bad-policy' });

      expect((await new S3Documents(client, config).get(POINTER))?.body).toBe(body);
      expect(records).toHaveLength(2);
    },
  );
});
