import { DeleteObjectCommand, PutObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { putOnDocket, takeOffDocket } from '../../../../lib/app/matters/change-matter.ts';
import { clearHold } from '../../../../lib/app/matters/clear-hold.ts';
import { placeHold } from '../../../../lib/app/matters/place-hold.ts';
import { putCustody, putMatter, readCustody } from '../../../../lib/app/matters/ledger-items.ts';
import { S3HoldClearer } from '../../../../lib/aws/s3-hold-clearer.ts';
import { HoldfastError } from '../../../../lib/errors.ts';
import { formatInstant, instantOf } from '../../../../lib/lock/instant.ts';
import { type VersionRef } from '../../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../../helpers/bucket.ts';
import { type Embedded } from '../../../helpers/embedded.ts';
import {
  ANNA,
  BEN,
  bitOf,
  type Holds,
  holdsOn,
  type HoldsOptions,
  MINUTE,
  openFully,
  releaseFully,
  setBit,
  startTimed,
  type TestTime,
  withMethods,
} from '../../../helpers/holds.ts';
import { losingProxyTo, type LosingProxy } from '../../../helpers/losing-proxy.ts';

const HELD_UNTIL_CLOSED = `version: 1
rules:
  - name: until-closed
    enforce: apply
    match: { bucket: "**" }
    lock: { mode: GOVERNANCE, for: P5Y, from: { tag: closed-on, untilThen: held } }
`;

describe('taking a hold off', () => {
  let timed: { embedded: Embedded; time: TestTime };
  let client: S3Client;
  let bucket: string;
  let keys = 0;

  beforeAll(async () => {
    timed = await startTimed({ reader: ['s3:PutObjectLegalHold'] });
    client = timed.embedded.clientFor();
    bucket = await makeBucket(client);
  });
  afterAll(async () => timed.embedded.close());
  const holds = async (options?: HoldsOptions): Promise<Holds> => holdsOn(timed, options);
  const fresh = async (): Promise<VersionRef> => upload(client, bucket, `clear/${(keys += 1)}`);
  /** A matter on the docket, as if it had been opened. */
  const open = async (id: string, { deps, time }: Holds): Promise<void> => {
    const at = formatInstant(time.now());
    const by = { issuer: 'i', subject: 's' };
    const about = { id, ledger: deps.epoch, revision: 1, request: '', group: 'legal' };
    await putMatter({ ...about, openedBy: by, openedAt: at, scopes: [], history: [] }, 'none', deps);
    await putOnDocket(id, deps.epoch, deps);
  };
  /** As an approved release does it. */
  const close = async (id: string, { deps }: Holds): Promise<void> => takeOffDocket(id, deps.epoch, deps);
  const place = async (ref: VersionRef, claimant: string, { deps }: Holds): Promise<void> => {
    const page = `rolls/${claimant}/placed/s1/000001-000002-00000000.ndjson`;
    await placeHold({ ref }, { claimant, page, again: false, isWritten: async () => false }, deps);
  };

  it('takes it off where nobody else needs it, after an intent, and says by which request', async () => {
    const world = await holds();
    const ref = await fresh();
    await place(ref, 'm-1', world);

    const end = await clearHold(ref, 'm-1', world.deps.clearing);

    expect(end).toMatchObject({ ...ref, outcome: 'off', requestId: expect.any(String) });
    expect(await bitOf(client, ref)).toBe('OFF');
    expect(world.records.map(({ phase }) => phase)).toStrictEqual(['intent', 'outcome']);
    expect(world.records[1]).toMatchObject({
      outcome: 'cleared',
      cause: 'm-1',
      wanted: [{ kind: 'no-hold' }],
    });
    const custody = await world.custody(ref);
    expect(custody?.claims).toStrictEqual({});
    expect(custody).not.toHaveProperty('clearing');
  });

  it('does once what is asked twice', async () => {
    let sent = 0;
    const world = await holds({
      wrap: ({ clearer }) => ({
        clearer: {
          clear: async (...args) => {
            sent += 1;
            return clearer.clear(...args);
          },
        },
      }),
    });
    const ref = await fresh();
    await place(ref, 'm-1', world);

    await clearHold(ref, 'm-1', world.deps.clearing);
    const again = await clearHold(ref, 'm-1', world.deps.clearing);

    expect(again).toMatchObject({ outcome: 'off' });
    expect(sent).toBe(1);
  });

  it('marks the clearing before it is sent', async () => {
    const marks: unknown[] = [];
    const world: Holds = await holds({
      wrap: ({ clearer }) => ({
        clearer: {
          clear: async (ref, landsBefore) => {
            const custody = await world.custody(ref);
            marks.push([custody?.clearing, custody?.claims, formatInstant(landsBefore)]);
            return clearer.clear(ref, landsBefore);
          },
        },
      }),
    });
    const ref = await fresh();
    await place(ref, 'm-1', world);
    const landsBefore = formatInstant(instantOf(world.time.now() + 16 * MINUTE));

    await clearHold(ref, 'm-1', world.deps.clearing);

    expect(marks).toStrictEqual([[{ id: expect.any(String), by: 'm-1', landsBefore }, {}, landsBefore]]);
  });

  it('stays ON for another open matter, and goes with the last one', async () => {
    const world = await holds();
    const ref = await fresh();
    for (const id of ['m-1', 'm-2']) {
      await open(id, world);
      await place(ref, id, world);
    }
    await close('m-1', world);

    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'needed' });
    expect(await bitOf(client, ref)).toBe('ON');
    expect(world.outcomes(ref)).toStrictEqual(['still-needed']);
    await close('m-2', world);

    expect(await clearHold(ref, 'm-2', world.deps.clearing)).toMatchObject({ outcome: 'off' });
    expect(await bitOf(client, ref)).toBe('OFF');
  });

  it('goes with the first one where both are closed, whoever comes first', async () => {
    const world = await holds();
    const ref = await fresh();
    for (const id of ['m-1', 'm-2']) {
      await open(id, world);
      await place(ref, id, world);
      await close(id, world);
    }

    const ends = await Promise.all(['m-1', 'm-2'].map(async (id) => clearHold(ref, id, world.deps.clearing)));

    expect(ends.map(({ outcome }) => outcome)).toStrictEqual(['off', 'off']);
    expect(await bitOf(client, ref)).toBe('OFF');
    expect(await world.custody(ref)).not.toHaveProperty('clearing');
  });

  it('leaves a hold that was there before to whoever set it', async () => {
    const world = await holds();
    const ref = await fresh();
    await setBit(client, ref, 'ON');
    await place(ref, 'm-1', world);

    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'found-on' });
    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'found-on' });
    expect(await bitOf(client, ref)).toBe('ON');
    expect(world.outcomes(ref)).toStrictEqual(['not-ours']);
  });

  it('leaves what the ledger does not know', async () => {
    const world = await holds();
    const ref = await fresh();
    await setBit(client, ref, 'ON');

    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'unclear' });
    expect(await bitOf(client, ref)).toBe('ON');
  });

  it('stays ON for an event hold that nobody withdrew', async () => {
    const world = await holds();
    const ref = await fresh();
    await place(ref, 'm-1', world);
    await place(ref, 'event:staff', world);

    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'needed' });
    expect(await bitOf(client, ref)).toBe('ON');
  });

  it('stays ON for a rule that holds until its tag comes, and goes where the tag is there', async () => {
    const world = await holds({ policy: HELD_UNTIL_CLOSED });
    const [waits, closed] = [await fresh(), await fresh()];
    for (const ref of [waits, closed]) await place(ref, 'm-1', world);
    const TagSet = [{ Key: 'closed-on', Value: '2026-01-31' }];
    await client.send(new PutObjectTaggingCommand({ ...awsRef(closed), Tagging: { TagSet } }));

    const end = await clearHold(waits, 'm-1', world.deps.clearing);

    expect(end).toMatchObject({ outcome: 'needed', detail: 'the rule until-closed' });
    expect(await bitOf(client, waits)).toBe('ON');
    expect(await clearHold(closed, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'off' });
  });

  it('puts the version on the roll of an open matter that covers it and has not claimed it yet', async () => {
    const world = await holds();
    const own = await makeBucket(client);
    const id = await openFully(own, 'late/', world, { allowEmpty: true });
    const ref = await upload(client, own, 'late/x');
    // As if its upload had come after the listing, and its event not yet.
    const held = await readCustody(ref, world.deps);
    await putCustody(
      {
        ...ref,
        origin: 'ours',
        claims: { 'm-1': { at: formatInstant(world.time.now()), saw: 'off', page: 'p' } },
      },
      held.expected,
      world.deps,
    );

    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'needed' });
    expect(await bitOf(client, ref)).toBe('ON');
    expect(Object.keys((await world.custody(ref))?.claims ?? {})).toStrictEqual([id]);
    expect(await world.roll(id, 'arrivals')).toMatchObject([{ key: ref.key, outcome: 'on' }]);
  });

  it('finds it OFF or gone, and sends nothing', async () => {
    const world = await holds({
      wrap: () => ({
        clearer: {
          clear: async () => {
            throw new Error('nothing is to be sent');
          },
        },
      }),
    });
    const [off, gone] = [await fresh(), await fresh()];
    for (const ref of [off, gone]) await place(ref, 'm-1', world);
    for (const ref of [off, gone]) await setBit(client, ref, 'OFF');
    await client.send(new DeleteObjectCommand(awsRef(gone)));

    expect(await clearHold(off, 'm-1', world.deps.clearing)).toMatchObject({
      outcome: 'off',
      detail: 'found OFF',
    });
    expect(await clearHold(gone, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'gone' });
  });

  it('says that it may not', async () => {
    const world = await holds();
    const ref = await fresh();
    await place(ref, 'm-1', world);
    const reader = await holds({ principal: 'reader', beside: world });

    expect(await clearHold(ref, 'm-1', reader.deps.clearing)).toMatchObject({ outcome: 'no-permission' });
    expect(await bitOf(client, ref)).toBe('ON');
    expect(await world.custody(ref)).not.toHaveProperty('clearing');
  });

  it('sends nothing where a matter opened between the mark and the request, and looks again', async () => {
    let sent = 0;
    let isFirst = true;
    const world: Holds = await holds({
      wrap: ({ clearer, ledger }) => ({
        clearer: {
          clear: async (...args) => {
            sent += 1;
            return clearer.clear(...args);
          },
        },
        ledger: withMethods(ledger, {
          put: async (key, body, expected) => {
            const put = await ledger.put(key, body, expected);
            if (isFirst && key.group.startsWith('custody/') && body.includes('"clearing"')) {
              isFirst = false;
              await open('m-2', world);
              await place(ref, 'm-2', world);
            }
            return put;
          },
        }),
      }),
    });
    const ref = await fresh();
    await place(ref, 'm-1', world);

    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'needed' });
    expect(sent).toBe(0);
    expect(await bitOf(client, ref)).toBe('ON');
  });

  it('sends nothing under a mark that is too old, and marks anew', async () => {
    const asked: number[] = [];
    const answers: string[] = [];
    const world = await holds({
      wrap: ({ clearer }) => ({
        clearer: {
          clear: async (ref, landsBefore) => {
            // The first time, the machine stood still for so long that the mark has almost run out.
            const shown = asked.length === 0 ? instantOf(Date.now() + 14 * MINUTE) : landsBefore;
            asked.push(shown);
            const answer = await clearer.clear(ref, shown);
            answers.push(`${answer.kind} ${await bitOf(client, ref)}`);
            return answer;
          },
        },
      }),
    });
    const ref = await fresh();
    await place(ref, 'm-1', world);

    expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'off' });
    expect(answers).toStrictEqual(['too-late ON', 'accepted OFF']);
    expect(await world.custody(ref)).not.toHaveProperty('clearing');
  });

  describe('whose answer is lost', () => {
    let proxy: LosingProxy;
    beforeAll(async () => {
      proxy = await losingProxyTo(timed.embedded.s3.url);
    });
    afterAll(async () => proxy.close());
    const losing = async (): Promise<Holds> => {
      const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' };
      const connection = { endpoint: proxy.url, region: timed.embedded.s3.region, credentials };
      return holds({ wrap: () => ({ clearer: new S3HoldClearer({ connection }) }) });
    };

    it('leaves its mark until nothing of it can land, though it took effect', async () => {
      const world = await losing();
      const ref = await fresh();
      await place(ref, 'm-1', world);
      proxy.lose('drop');

      const lands = formatInstant(instantOf(world.time.now() + 16 * MINUTE));
      const lost = await clearHold(ref, 'm-1', world.deps.clearing);

      expect(lost).toMatchObject({ outcome: 'no-verdict', lands });
      expect(await bitOf(client, ref)).toBe('OFF');
      expect(await world.custody(ref)).toMatchObject({
        claims: {},
        clearing: { by: 'm-1', landsBefore: lands },
      });
      // Nobody sends another one: what is ON by now may be somebody else's.
      const writes = proxy.writes;
      expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({
        outcome: 'no-verdict',
        lands,
      });
      timed.time.pass(16 * MINUTE);
      expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'off' });
      expect(proxy.writes).toBe(writes);
      expect(await world.custody(ref)).not.toHaveProperty('clearing');
    });

    it('leaves alone what is ON when it can be told how it ended', async () => {
      const world = await losing();
      const ref = await fresh();
      await place(ref, 'm-1', world);
      proxy.lose('drop');
      await clearHold(ref, 'm-1', world.deps.clearing);
      await setBit(client, ref, 'ON');

      timed.time.pass(16 * MINUTE);

      expect(await clearHold(ref, 'm-1', world.deps.clearing)).toMatchObject({ outcome: 'unclear' });
      expect(await bitOf(client, ref)).toBe('ON');
    });

    it('keeps a matter that opens later from being in force for 16 minutes, and never OFF after that', async () => {
      const own = await makeBucket(client);
      const refs = [await upload(client, own, 'lost/1'), await upload(client, own, 'lost/2')];
      const lost: number[] = [];
      let isLost = true;
      const world: Holds = await holds({
        wrap: ({ clearer }) => ({
          clearer: {
            clear: async (...args) => {
              if (!isLost) return clearer.clear(...args);
              lost.push(world.time.now());
              throw new HoldfastError('unreachable', { what: 'no answer', next: 'again' });
            },
          },
        }),
      });
      const first = await openFully(own, 'lost/', world);
      await world.api.askRelease(first, 'settled', ANNA);
      await world.api.approveRelease(first, BEN);
      await world.pump(() => lost.length > 0);
      isLost = false;

      const { matter } = await world.api.open(
        { title: 't', reason: 'r', scope: { selector: { bucket: own, prefix: 'lost/' } } },
        undefined,
        ANNA,
      );
      const sentAt = Math.max(...lost);
      const states: [number, string][] = [];
      let hasLanded = false;
      await world.pump(async () => {
        const minutes = (world.time.now() - sentAt) / MINUTE;
        // What was in flight takes effect at last, as late as the store takes it.
        if (minutes >= 14.5 && !hasLanded) {
          hasLanded = true;
          for (const ref of refs) await setBit(client, ref, 'OFF');
        }
        const { state } = await world.api.get(matter.id, ANNA);
        states.push([minutes, state]);
        return state.startsWith('in force');
      });

      expect(hasLanded).toBe(true);
      expect(states.at(-1)?.[1]).toBe('in force');
      expect(states.at(-1)?.[0]).toBeGreaterThanOrEqual(16);
      expect(states.at(-1)?.[0]).toBeLessThan(19);
      for (const ref of refs) expect(await bitOf(client, ref)).toBe('ON');
      // It was we who took them off: that is nobody's fault, and alarms nobody.
      expect(world.foundOff).toStrictEqual([]);
      await world.pump();
      for (const ref of refs) expect(await bitOf(client, ref)).toBe('ON');
      expect(await world.api.get(first, ANNA)).toMatchObject({
        state: 'released',
        scopes: [{ released: { off: 0, needed: 2, failed: 0 } }],
      });
    });
  });

  it('is worked off by a release for every version of the roll', async () => {
    const world = await holds();
    const own = await makeBucket(client);
    const refs = await Promise.all([1, 2, 3].map(async (at) => upload(client, own, `all/${at}`)));
    const id = await openFully(own, 'all/', world);
    for (const ref of refs) expect(await bitOf(client, ref)).toBe('ON');

    await releaseFully(id, world);

    for (const ref of refs) expect(await bitOf(client, ref)).toBe('OFF');
    expect(await world.api.get(id, ANNA)).toMatchObject({
      state: 'released',
      scopes: [{ released: { off: 3, needed: 0, notOurs: 0, gone: 0, failed: 0 } }],
    });
  });
});

function awsRef({ bucket, key, versionId }: VersionRef): { Bucket: string; Key: string; VersionId: string } {
  return { Bucket: bucket, Key: key, VersionId: versionId };
}
