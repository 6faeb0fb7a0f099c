import { type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditWriter } from '../../../lib/app/audit-writer.ts';
import { handleMessage } from '../../../lib/app/handle-message.ts';
import { type Batch } from '../../../lib/audit/chain.ts';
import { verifyBatches } from '../../../lib/audit/verify.ts';
import { type VersionRef } from '../../../lib/ports/lock-store.ts';
import { makeBucket, upload } from '../../helpers/bucket.ts';
import { onePolicy, testDeps, type TestDeps } from '../../helpers/deps.ts';
import { type Embedded, startEmbedded } from '../../helpers/embedded.ts';

/** Stands for the process being killed: nothing after it happens. */
const KILLED = new Promise<never>(() => undefined);

/**
 * Wraps the ports of a use case so that the process "dies" at one of its awaits: before the call goes out
 * (even steps), or after it was carried out and before its answer is seen (odd steps).
 */
function killAt(step: number, deps: TestDeps, onKill: () => void): TestDeps {
  let at = 0;
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver);
        // Nothing is awaited where the clock is asked.
        if (typeof member !== 'function' || name === 'requireWritable') return member;
        return async (...args: unknown[]): Promise<unknown> => {
          if (at++ === step) {
            onKill();
            return KILLED;
          }
          const answer: unknown = await Reflect.apply(member, target, args);
          if (at++ === step) {
            onKill();
            return KILLED;
          }
          return answer;
        };
      },
    });
  return {
    ...deps,
    store: wrap(deps.store),
    audit: wrap(deps.audit),
    queue: wrap(deps.queue),
    brake: wrap(deps.brake),
    policies: wrap(deps.policies),
  };
}

describe('killed at any await, and delivered again', () => {
  const policy = onePolicy('{ mode: COMPLIANCE, for: P1Y }', '    match: { bucket: "**" }\n');
  let embedded: Embedded;
  let client: S3Client;
  let bucket: string;

  beforeAll(async () => {
    embedded = await startEmbedded();
    client = embedded.clientFor();
    bucket = await makeBucket(client);
  });
  afterAll(async () => {
    await embedded.close();
  });

  /** One delivery that is killed at a step; tells whether it came so far. */
  async function deliver(
    ref: VersionRef,
    step: number,
    batches: Batch[],
  ): Promise<{ killed: boolean; deps: TestDeps }> {
    const base = testDeps({ client, policy });
    const store = {
      put: async (batch: Batch) => {
        batches.push(batch);
      },
    };
    let writers = 0;
    const newWriter = (): string => `${ref.key.replace('/', '-')}-${step}-${(writers += 1)}`;
    const audit = new AuditWriter({ store, newWriter, onCopyFailed: () => undefined });
    let onKill: () => void = () => undefined;
    const killed = new Promise<boolean>((resolve) => {
      onKill = () => {
        resolve(true);
      };
    });
    const deps = killAt(step, { ...base, audit }, () => {
      onKill();
    });
    const { bucket: name, key, versionId } = ref;
    const body = JSON.stringify({
      id: 'event',
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name }, object: { key, 'version-id': versionId } },
    });
    const handled = handleMessage({ body, messageId: 'm', receives: 1, waits: 0 }, deps).then(() => false);
    return { killed: await Promise.race([killed, handled]), deps };
  }

  it('one lock, at least one record, the same date: nothing lost, nothing unrecorded', async () => {
    let steps = 0;
    for (;;) {
      const ref = await upload(client, bucket, `crash/${steps}`);
      const batches: Batch[] = [];
      const { killed, deps } = await deliver(ref, steps, batches);
      if (!killed) break;
      const before = await deps.store.readLock(ref, 'retention').catch(() => undefined);
      await deliver(ref, Number.POSITIVE_INFINITY, batches);
      steps += 1;

      const { store } = testDeps({ client, policy });
      const after = await store.readLock(ref, 'retention');
      expect(after).toMatchObject({ lock: { retention: { state: 'locked', mode: 'COMPLIANCE' } } });
      if (before?.kind === 'seen' && before.lock.retention.state === 'locked')
        expect(after).toStrictEqual(before);
      const records = batches.flatMap(({ lines }) =>
        lines.map((line) => JSON.parse(line) as { phase: string; outcome?: string }),
      );
      expect(records.some(({ outcome }) => outcome === 'locked' || outcome === 'found-in-place')).toBe(true);
      const found = batches.map(({ name, lines }) => ({ name, text: `${lines.join('\n')}\n` }));
      expect(verifyBatches(found).findings).toStrictEqual([]);
    }
    // Policy, HEAD, pause, breaker, intent, PUT, read back, outcome: each may be killed before and after.
    expect(steps).toBe(16);
  });
});
