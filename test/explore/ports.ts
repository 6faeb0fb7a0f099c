/** The ports of the use cases: each call becomes a request that waits until the scheduler lets it happen. */
import { ensureOnRoll, neededBy, type ArrivalDeps } from '../../lib/app/matters/arrivals.ts';
import { Coverage } from '../../lib/app/matters/coverage.ts';
import { OpenMatters } from '../../lib/app/matters/open-matters.ts';
import { type StepDeps } from '../../lib/app/matters/step.ts';
import { HoldfastError } from '../../lib/errors.ts';
import { type Instant, instantOf } from '../../lib/lock/instant.ts';
import { type Ledger, type LedgerItem, type LedgerKey } from '../../lib/ports/ledger.ts';
import { type LockStore } from '../../lib/ports/lock-store.ts';
import { type Answer, hash, type Request, START } from './world.ts';

/** What asks the world, and knows what time it was when the last answer came. */
export interface Asking {
  ask(request: Request): Promise<Answer>;
  now(): Instant;
  send(bodies: readonly string[]): void;
}

export type Deps = StepDeps & ArrivalDeps;
/** A fault put into the ports, to see that it is found. */
export type Fault = (deps: Deps, asking: Asking) => Deps;

export function depsOf(asking: Asking, fault: Fault = (deps) => deps): Deps {
  const clock = { now: () => asking.now(), wait: async () => undefined };
  const store = storeOf(asking);
  const ledger = ledgerOf(asking);
  const base = {
    ledger,
    store,
    clock,
    rolls: rollsOf(asking),
    clearer: {
      clear: async ({ key }: { key: string }, landsBefore: Instant) => {
        const answer = heard(await asking.ask({ kind: 'off', version: key, landsBefore }));
        return answer.kind === 'too-late' ? ({ kind: 'too-late' } as const) : ({ kind: 'accepted' } as const);
      },
    },
    holds: {
      send: async (bodies: readonly string[]) => {
        asking.send(bodies);
      },
    },
    later: {
      sendLater: async (body: string) => {
        asking.send([body]);
      },
    },
    // Nobody decides by records, so that storing one need not be a moment of its own.
    audit: { append: async () => undefined },
    ...{ hash, actor: 'explorer', newId: () => 'id', epoch: 'epoch', docketFresh: 0 },
    policy: { rules: [], hash: 'policy' },
    brake: { pausedBecause: async () => undefined, admit: async () => undefined },
    coverage: new Coverage(store),
    open: new OpenMatters({ ledger, clock, fresh: 0 }),
    onFoundOff: () => undefined,
    listing: { page: async () => ({ versions: [] }) },
  };
  const deps = fault(base as unknown as Deps, asking);
  const clearing = {
    ...deps,
    policyHash: 'policy',
    neededBy: async (...[ref, docket, but, custody]: Parameters<Deps['clearing']['neededBy']>) =>
      neededBy(ref, docket, but, custody, { ...deps, clearing }),
    ensureOnRoll: async (...[ref, matter, page]: Parameters<Deps['clearing']['ensureOnRoll']>) =>
      ensureOnRoll(ref, matter, page, { ...deps, clearing }),
  };
  return { ...deps, clearing };
}

function ledgerOf(asking: Asking): Ledger {
  const get = async ({ group, name }: LedgerKey): Promise<LedgerItem | undefined> => {
    const answer = heard(await asking.ask({ kind: 'get', key: `${group}/${name}` }));
    return answer.kind === 'item' ? { group, name, body: answer.body, rev: answer.handle } : undefined;
  };
  const put: Ledger['put'] = async ({ group, name }, body, expected) => {
    const rev = expected === 'none' ? 'none' : expected.rev;
    const answer = heard(await asking.ask({ kind: 'put', key: `${group}/${name}`, body, expected: rev }));
    return answer.kind === 'put' ? { rev: answer.handle } : undefined;
  };
  async function* list(): AsyncGenerator<LedgerItem> {
    // Nobody explored here lists items.
  }
  return { get, put, list };
}

function storeOf(asking: Asking): LockStore {
  return {
    capabilities: {
      name: 'explored',
      refusesWeakening: true,
      confirmMayBeSkipped: false,
      youngFor: 0,
      eventHolds: 'none',
    },
    // Only what never changes is read by this.
    read: async ({ bucket, key, versionId }) => ({
      kind: 'found',
      version: {
        ...{
          ref: { bucket, key, versionId: versionId ?? ('' as never) },
          created: instantOf(START),
          size: 1,
        },
        ...{ tags: new Map(), lock: { retention: { state: 'none' }, hold: 'absent' } },
      },
    }),
    readLock: async ({ key }) => {
      const answer = heard(await asking.ask({ kind: 'see', version: key }));
      const hold = answer.kind === 'bit' && answer.bit === 'on' ? 'on' : 'none';
      return { kind: 'seen', lock: { retention: { state: 'absent' }, hold } };
    },
    readTags: async () => new Map(),
    readCurrent: async () => true,
    requireWritable: () => undefined,
    write: async ({ key }) => {
      const answer = heard(await asking.ask({ kind: 'on', version: key }));
      const attempts = answer.kind === 'accepted' ? answer.attempts : 1;
      return { kind: 'accepted', ...(attempts > 1 && { attempts }) };
    },
  };
}

function rollsOf(asking: Asking): StepDeps['rolls'] {
  return {
    putText: async (name, text) => {
      heard(await asking.ask({ kind: 'page-put', name, text }));
    },
    change: async (name, next) => {
      heard(await asking.ask({ kind: 'page-change', name, next }));
    },
    async *list(prefix) {
      const answer = heard(await asking.ask({ kind: 'page-list', prefix }));
      if (answer.kind === 'names') yield* answer.names;
    },
    async *lines(name) {
      const answer = heard(await asking.ask({ kind: 'page-get', name }));
      if (answer.kind === 'text') yield* answer.text.trimEnd().split('\n');
    },
  };
}

function heard(answer: Answer): Exclude<Answer, { kind: 'lost' }> {
  if (answer.kind !== 'lost') return answer;
  throw new HoldfastError('unreachable', { what: 'the answer was lost', next: 'try again' });
}
