import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reconcileAll, type Reconciled } from '../../../../lib/app/matters/reconcile.ts';
import { type Matter } from '../../../../lib/matters/matter.ts';
import { parsePeriod } from '../../../../lib/policy/period.ts';
import { type VersionRef } from '../../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../../helpers/bucket.ts';
import { type Embedded } from '../../../helpers/embedded.ts';
import {
  ANNA,
  BEN,
  bitOf,
  type Holds,
  holdsOn,
  MINUTE,
  openFully,
  type Ports,
  releaseFully,
  setBit,
  startTimed,
  type TestTime,
} from '../../../helpers/holds.ts';

const EVERY = parsePeriod('PT1H');

describe('the work on a matter', () => {
  let timed: { embedded: Embedded; time: TestTime };
  let client: S3Client;
  let bucket: string;

  beforeAll(async () => {
    timed = await startTimed({ reader: ['s3:PutObjectLegalHold'] });
    client = timed.embedded.clientFor();
  });
  beforeEach(async () => {
    bucket = await makeBucket(client);
  });
  afterAll(async () => timed.embedded.close());
  const reconcile = async ({ deps }: Holds, every = EVERY): Promise<Reconciled> =>
    reconcileAll(every, deps, (matter, cause) => {
      throw new Error(matter, { cause });
    });
  const put = async (count: number, prefix = 'w/'): Promise<VersionRef[]> => {
    const refs: VersionRef[] = [];
    for (let at = 0; at < count; at += 1) refs.push(await upload(client, bucket, `${prefix}${at}`));
    return refs;
  };
  const bits = async (refs: readonly VersionRef[]): Promise<string[]> =>
    Promise.all(refs.map(async (ref) => bitOf(client, ref)));
  const all = (bit: string, refs: readonly VersionRef[]): string[] => refs.map(() => bit);
  const opening = async ({ api }: Holds, prefix = 'w/'): Promise<string> =>
    (await api.open({ title: 't', reason: 'r', scope: { selector: { bucket, prefix } } }, undefined, ANNA))
      .matter.id;
  const scopeOf = ({ scopes: [scope] }: Matter): Matter['scopes'][number] => {
    if (scope === undefined) throw new Error('it has no scope');
    return scope;
  };

  it('waits until nobody can believe a docket without it, then lists, places and says so', async () => {
    const world = await holdsOn(timed);
    const refs = await put(3);
    const began = timed.time.now();
    const id = await opening(world);
    const phases: string[] = [];

    await world.pump(async () => {
      const { work, state } = scopeOf(await world.matter(id));
      const phase = work?.phase ?? state;
      if (phases.at(-1) !== phase) phases.push(phase);
      if (phase === 'list' && phases.filter((one) => one === 'list').length === 1)
        expect(timed.time.now() - began).toBeGreaterThanOrEqual(21_000);
      return false;
    });

    expect(phases).toStrictEqual(['wait', 'list', 'gather', 'list', 'gather', 'settle', 'in force']);
    expect(await bits(refs)).toStrictEqual(all('ON', refs));
    expect(await world.api.get(id, ANNA)).toMatchObject({
      state: 'in force',
      scopes: [{ counts: { versions: 3, bytes: 12, on: 3, exceptions: 0 } }],
      exceptions: [],
    });
    expect(await world.roll(id)).toHaveLength(3);
    expect(world.queue).toStrictEqual([]);
  });

  it('lists again for what was uploaded while it placed, and puts nothing on the roll twice', async () => {
    const world = await holdsOn(timed);
    const refs = await put(2);
    const id = await opening(world);
    await world.pump(async () => scopeOf(await world.matter(id)).work?.phase === 'gather');
    refs.push(await upload(client, bucket, 'w/late'));

    await world.pump();

    expect(await bits(refs)).toStrictEqual(all('ON', refs));
    expect((await world.roll(id)).map(({ key }) => key).sort()).toStrictEqual(['w/0', 'w/1', 'w/late']);
    expect(await world.api.get(id, ANNA)).toMatchObject({ scopes: [{ counts: { versions: 3, on: 3 } }] });
  });

  it('cuts more than a hundred versions into pieces', async () => {
    const world = await holdsOn(timed);
    await put(230);
    const id = await opening(world);
    let pieces = 0;
    await world.pump(() => {
      pieces = Math.max(pieces, world.queue.filter(({ task }) => task === 'place').length);
      return false;
    });

    expect(pieces).toBe(3);
    expect(await world.roll(id)).toHaveLength(230);
    expect(await world.api.get(id, ANNA)).toMatchObject({ scopes: [{ counts: { versions: 230, on: 230 } }] });
  }, 60_000);

  it('comes to the same where every message is delivered twice', async () => {
    const world = await holdsOn(timed);
    const refs = await put(3);
    const id = await opening(world);
    const twice = async (): Promise<void> => {
      await world.pump(async () => {
        const next = world.queue.toSorted((one, other) => one.due - other.due)[0];
        if (next?.receives === 0) {
          if (next.due > timed.time.now()) timed.time.pass(next.due - timed.time.now());
          await world.deliver({ ...next, receives: 1 });
        }
        return false;
      });
    };

    await twice();
    const opened = await world.api.get(id, ANNA);
    await world.api.askRelease(id, 'settled', ANNA);
    await world.api.approveRelease(id, BEN);
    expect(await bits(refs)).toStrictEqual(all('ON', refs));
    await twice();

    expect(opened).toMatchObject({ state: 'in force', scopes: [{ counts: { versions: 3, on: 3 } }] });
    expect(await bits(refs)).toStrictEqual(all('OFF', refs));
    expect(await world.api.get(id, ANNA)).toMatchObject({
      state: 'released',
      scopes: [{ released: { off: 3, needed: 0, notOurs: 0, failed: 0 } }],
    });
  }, 60_000);

  /**
   * Nothing of a process happens after its `calls`-th request: neither its own work nor its messages. The first
   * deployment dies; another one, on the same ledger, goes on with what is left of the queue.
   */
  const mortal = (calls: { left: number }) => {
    const wrap = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, name) => {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== 'function' || name === 'requireWritable') return member;
          return (...args: unknown[]): unknown => {
            calls.left -= 1;
            if (calls.left < 0) throw new Error('killed');
            return Reflect.apply(member, target, args);
          };
        },
      });
    return (ports: Ports): Ports =>
      Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, wrap(port)])) as unknown as Ports;
  };

  it.each(['open', 'release'] as const)(
    'goes on wherever it was killed: %s',
    async (work) => {
      const calls = { left: Number.POSITIVE_INFINITY };
      const world = await holdsOn(timed, { wrap: mortal(calls) });
      const healthy = await holdsOn(timed, { beside: world });
      let clean = 0;
      for (let at = 0; ; at += 4) {
        const prefix = `${work}-${at}/`;
        const refs = await put(2, prefix);
        const id = await opening(healthy, prefix);
        if (work === 'release') {
          await healthy.pump();
          await healthy.api.askRelease(id, 'settled', ANNA);
          await healthy.api.approveRelease(id, BEN);
        }
        // The function dies in the midst of some message, and all that it had received comes again, or is lost.
        calls.left = at;
        await world.pump(() => calls.left < 0);
        const isDead = calls.left < 0;
        calls.left = Number.POSITIVE_INFINITY;
        for (let tries = 0; tries < 3; tries += 1) {
          await healthy.pump();
          timed.time.pass(11 * MINUTE);
          await reconcile(healthy, parsePeriod('P1D'));
        }

        await healthy.pump();

        const { state, scopes, exceptions = [] } = await healthy.api.get(id, ANNA);
        if (work === 'open') {
          expect([at, state]).toStrictEqual([at, 'in force']);
          expect([at, ...(await bits(refs))]).toStrictEqual([at, ...all('ON', refs)]);
          expect(scopes).toMatchObject([{ counts: { exceptions: 0 } }]);
        } else {
          // What was marked and never answered is not asked for once more: it stays ON, and is listed.
          const left = exceptions.map(({ key }) => key);
          const wanted = refs.map(({ key }) => (left.includes(key) ? 'ON' : 'OFF'));
          expect([at, state]).toStrictEqual([at, left.length > 0 ? 'released with exceptions' : 'released']);
          expect([at, ...(await bits(refs))]).toStrictEqual([at, ...wanted]);
          expect(exceptions.every(({ outcome }) => outcome === 'unclear')).toBe(true);
          clean += left.length === 0 ? 1 : 0;
        }
        const listed = (await healthy.roll(id)).map(({ versionId }) => versionId);
        expect(new Set(listed)).toStrictEqual(new Set(refs.map(({ versionId }) => versionId)));
        expect(healthy.dead).toStrictEqual([]);
        if (!isDead) {
          expect(at).toBeGreaterThan(30);
          if (work === 'release') expect(clean).toBeGreaterThan(at / 8);
          return;
        }
      }
    },
    120_000,
  );

  it('is resumed after ten minutes where its message was lost, and not before', async () => {
    const world = await holdsOn(timed);
    const refs = await put(2);
    const id = await opening(world);
    world.queue.length = 0;

    timed.time.pass(9 * MINUTE);
    expect(await reconcile(world)).toStrictEqual({ matters: 1, begun: 0, resumed: 0 });
    timed.time.pass(2 * MINUTE);
    expect(await reconcile(world)).toStrictEqual({ matters: 1, begun: 0, resumed: 1 });
    await world.pump();

    expect(await world.api.get(id, ANNA)).toMatchObject({ state: 'in force' });
    expect(await bits(refs)).toStrictEqual(all('ON', refs));
  });

  it('is listed again after 45 minutes where a piece was lost', async () => {
    const world = await holdsOn(timed);
    const refs = await put(2);
    const id = await opening(world);
    let lost = 0;
    const began = timed.time.now();
    await world.pump(async () => {
      for (const one of world.queue.filter(({ task }) => task === 'place')) {
        if (lost > 0) continue;
        lost += 1;
        world.queue.splice(world.queue.indexOf(one), 1);
      }
      return (await world.matter(id)).scopes[0]?.state !== 'opening';
    });

    expect(lost).toBe(1);
    expect(timed.time.now() - began).toBeGreaterThan(45 * MINUTE);
    expect(timed.time.now() - began).toBeLessThan(50 * MINUTE);
    expect(await world.api.get(id, ANNA)).toMatchObject({
      state: 'in force',
      scopes: [{ counts: { versions: 2, on: 2 } }],
    });
    expect(await bits(refs)).toStrictEqual(all('ON', refs));
  });

  it('is sent again after 45 minutes where a page was lost that should have been released', async () => {
    const world = await holdsOn(timed);
    const refs = await put(2);
    const id = await openFully(bucket, 'w/', world);
    await world.api.askRelease(id, 'settled', ANNA);
    await world.api.approveRelease(id, BEN);
    await world.pump(() => world.queue.some(({ task }) => task === 'clear'));
    world.queue.splice(0, world.queue.length, ...world.queue.filter(({ task }) => task !== 'clear'));

    await world.pump();

    expect(await bits(refs)).toStrictEqual(all('OFF', refs));
    expect(await world.api.get(id, ANNA)).toMatchObject({ state: 'released' });
  });

  it('mends a docket that somebody did not live to change', async () => {
    const world = await holdsOn(timed);
    const id = await openFully(bucket, 'w/', world, { allowEmpty: true });
    const docket = async () => world.deps.ledger.get({ group: 'docket', name: 'docket' });
    const held = await docket();
    await world.deps.ledger.put(
      { group: 'docket', name: 'docket' },
      JSON.stringify({ generation: 9, epoch: world.deps.epoch, open: ['m-none'] }),
      { rev: held?.rev ?? '' },
    );

    await reconcile(world);

    expect(JSON.parse((await docket())?.body ?? '')).toMatchObject({ generation: 10, open: ['m-none', id] });
  });

  describe('looking again', () => {
    const due = async (world: Holds): Promise<void> => {
      timed.time.pass(61 * MINUTE);
      await reconcile(world);
      await world.pump();
    };

    it.each([
      ['of another hour', 20],
      ['of the last minutes', 0],
    ])('sets again what an outsider took off %s, and says so once', async (_, minutes) => {
      const world = await holdsOn(timed);
      const refs = await put(3);
      const id = await openFully(bucket, 'w/', world);
      timed.time.pass(minutes * MINUTE);
      for (const victim of refs.slice(0, 1)) await setBit(client, victim, 'OFF');

      await due(world);

      expect(await bits(refs)).toStrictEqual(all('ON', refs));
      expect(world.foundOff).toStrictEqual([1]);
      expect(refs.flatMap((ref) => world.outcomes(ref))).toStrictEqual(['hold-found-off']);
      await due(world);
      expect(world.foundOff).toStrictEqual([1]);
      expect(await world.api.get(id, ANNA)).toMatchObject({
        state: 'in force',
        scopes: [{ counts: { versions: 3, on: 3, exceptions: 0 } }],
      });
      expect(await world.roll(id)).toHaveLength(3);
    });

    it('says so of what is covered by its tags, too', async () => {
      const world = await holdsOn(timed);
      const ref = await upload(client, bucket, 'w/tagged', { Tagging: 'case=doe' });
      const scope = { selector: { bucket, prefix: 'w/', tags: { case: 'doe' } } };
      await openFully(bucket, 'w/', world, { scope });
      await setBit(client, ref, 'OFF');

      await due(world);

      expect(await bitOf(client, ref)).toBe('ON');
      expect(world.foundOff).toStrictEqual([1]);
    });

    it('finds what no event told of', async () => {
      const world = await holdsOn(timed);
      const refs = await put(1);
      const id = await openFully(bucket, 'w/', world);
      timed.time.pass(30 * MINUTE);
      refs.push(await upload(client, bucket, 'w/unheard'));

      await due(world);

      expect(await bits(refs)).toStrictEqual(all('ON', refs));
      expect(await world.api.get(id, ANNA)).toMatchObject({
        state: 'in force',
        scopes: [{ counts: { versions: 2, on: 2 } }],
      });
    });

    it.each(['selector', 'list'] as const)(
      'holds at last what could not be held before, and counts it once, in a scope by %s',
      async (kind) => {
        const reader = await holdsOn(timed, { principal: 'reader' });
        const world = await holdsOn(timed, { beside: reader });
        const refs = await put(2);
        const scope = kind === 'selector' ? { selector: { bucket, prefix: 'w/' } } : { versions: refs };
        const id = await openFully(bucket, 'w/', reader, { scope });
        expect(await reader.api.get(id, ANNA)).toMatchObject({
          state: 'in force with exceptions',
          scopes: [{ counts: { versions: 2, on: 0, exceptions: 2 } }],
        });
        const counts: unknown[] = [];

        for (let times = 0; times < 3; times += 1) {
          await due(world);
          const { state, scopes } = await world.api.get(id, ANNA);
          counts.push([state, scopes[0]?.counts.on, scopes[0]?.counts.exceptions]);
        }

        expect(await bits(refs)).toStrictEqual(all('ON', refs));
        expect(counts).toStrictEqual(Array.from({ length: 3 }, () => ['in force', 2, 0]));
      },
    );

    it('leaves matters alone that are released', async () => {
      const world = await holdsOn(timed);
      const refs = await put(1);
      const id = await openFully(bucket, 'w/', world);
      await releaseFully(id, world);

      timed.time.pass(61 * MINUTE);

      expect(await reconcile(world)).toStrictEqual({ matters: 1, begun: 0, resumed: 0 });
      expect(await bits(refs)).toStrictEqual(['OFF']);
    });
  });

  it('stops placing for a matter that was released meanwhile, and takes off what it had placed', async () => {
    const world = await holdsOn(timed);
    const refs = await put(3);
    const id = await opening(world);
    await world.pump(() => world.queue.some(({ task }) => task === 'place'));
    await world.api.askRelease(id, 'settled', ANNA);
    await world.api.approveRelease(id, BEN);

    await world.pump();

    expect(await bits(refs)).toStrictEqual(all('OFF', refs));
    expect(await world.api.get(id, ANNA)).toMatchObject({ state: 'released' });
  });

  it('takes nothing off for a matter whose release nobody approved, whatever a message says', async () => {
    const world = await holdsOn(timed);
    const refs = await put(1);
    const id = await openFully(bucket, 'w/', world);
    const [page] = await pagesOf(world, id);
    const clear = (matter: string): Parameters<Holds['deliver']>[0] => ({
      ...{ task: 'clear', due: 0, receives: 0 },
      body: JSON.stringify({ task: 'clear', matter, page }),
    });
    await world.deliver(clear(id));
    const other = await openFully(bucket, 'other/', world, { allowEmpty: true });
    await releaseFully(other, world);
    // The page of an open matter, for a matter that is released.
    await world.deliver(clear(other));

    expect(await bits(refs)).toStrictEqual(['ON']);
    expect(world.dead).toStrictEqual([]);
  });
});

async function pagesOf({ deps }: Holds, id: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of deps.rolls.list(`rolls/${id}/placed/`)) names.push(name);
  return names;
}
