/** Faults that are put into the use cases by their ports, to see that the explorer finds them. */
import { instantOf } from '../../lib/lock/instant.ts';
import { type Custody } from '../../lib/matters/custody.ts';
import { type LedgerItem } from '../../lib/ports/ledger.ts';
import { type Broken } from './invariants.ts';
import { type Scenario } from './explore.ts';
import { clearMessage, placeMessage } from './messages.ts';
import { type Deps, type Fault } from './ports.ts';

const given = ['open A v1', 'wait 20', 'approve A'];
const clearA = clearMessage('A', 'v1');
const opening: Scenario = {
  ...{ name: 'B opens', matters: ['A', 'B'], versions: ['v1'], given, then: [clearA, 'open B v1'] },
};
const placing: Scenario = {
  ...opening,
  given: [...given, 'open B'],
  then: [clearA, placeMessage('B', ['v1'])],
};

function withCustody(deps: Deps, changed: (custody: Custody) => Custody): Deps {
  const get: Deps['ledger']['get'] = async (key) => {
    const item = await deps.ledger.get(key);
    if (item === undefined || !key.group.startsWith('custody/')) return item;
    return { ...item, body: JSON.stringify(changed(JSON.parse(item.body) as Custody)) };
  };
  return { ...deps, ledger: { ...deps.ledger, get } };
}

const sendsLate: Fault = (deps) => ({
  ...deps,
  clearer: { clear: async (ref) => deps.clearer.clear(ref, instantOf(Date.UTC(2100, 0))) },
});

const readsDocketOnce: Fault = (deps) => {
  let docket: Promise<LedgerItem | undefined> | undefined;
  const get: Deps['ledger']['get'] = async (key) => {
    if (key.group !== 'docket') return deps.ledger.get(key);
    docket ??= deps.ledger.get(key);
    return docket;
  };
  return { ...deps, ledger: { ...deps.ledger, get } };
};

const overwrites: Fault = (deps) => {
  const put: Deps['ledger']['put'] = async (key, body, expected) => {
    const done = await deps.ledger.put(key, body, expected);
    if (done !== undefined || !key.group.startsWith('custody/')) return done;
    const item = await deps.ledger.get(key);
    return item && put(key, body, { rev: item.rev });
  };
  return { ...deps, ledger: { ...deps.ledger, put } };
};

const clearsForeign: Fault = (deps) => withCustody(deps, (custody) => ({ ...custody, origin: 'ours' }));

const overlooksMarks: Fault = (deps) => withCustody(deps, ({ clearing: _, ...custody }) => custody);

/** The claim is written when the bit was set and read back, and nobody minds whether it could be. */
const claimsLater: Fault = (deps) => {
  let claim: (() => Promise<unknown>) | undefined;
  const put: Deps['ledger']['put'] = async (key, body, expected) => {
    const isPlacing = key.group.startsWith('custody/') && body.includes('"B":');
    if (!isPlacing) return deps.ledger.put(key, body, expected);
    claim = async () => deps.ledger.put(key, body, expected);
    return { rev: 'unused' };
  };
  const putText: Deps['rolls']['putText'] = async (name, text) => {
    await claim?.();
    return deps.rolls.putText(name, text);
  };
  return { ...deps, ledger: { ...deps.ledger, put }, rolls: { ...deps.rolls, putText } };
};

export interface Planted {
  readonly name: string;
  readonly fault: Fault;
  readonly scenario: Scenario;
  readonly breaks: Broken;
}

export const FAULTS: readonly Planted[] = [
  {
    ...{ name: 'OFF is sent however old its mark is', fault: sendsLate, breaks: 'I1 cleared in force' },
    scenario: { ...placing, left: { waits: [16] } },
  },
  {
    ...{ name: 'the docket is not read again after the mark', fault: readsDocketOnce },
    ...{ scenario: opening, breaks: 'I1 cleared in force' },
  },
  {
    ...{ name: 'custody is written whoever else did', fault: overwrites },
    ...{ scenario: placing, breaks: 'I1 cleared in force' },
  },
  {
    ...{
      name: "somebody else's hold counts as ours",
      fault: clearsForeign,
      breaks: 'I2 foreign hold cleared',
    },
    scenario: {
      ...{ name: 'A', matters: ['A'], versions: ['v1'], foreign: ['v1'] },
      then: ['open A v1', 'release A'],
    },
  },
  {
    ...{ name: 'whoever places overlooks a clearing', fault: overlooksMarks },
    ...{ scenario: placing, breaks: 'I1 cleared in force' },
  },
  {
    ...{ name: 'the claim comes after the bit', fault: claimsLater },
    ...{ scenario: placing, breaks: 'I1 counted while OFF' },
  },
];
