/**
 * What is explored.
 *
 * Versions share nothing but the docket and the state of their matters: each has its own custody, its own bit, and
 * nothing that is decided for one looks at another. So two versions can do no more than one together with whatever
 * the docket may do meanwhile, and that is what the scenarios of one version have: matters that open and are released
 * beside it at any moment. Two versions together are explored once all the same, and many at random.
 */
import { type Scenario } from './explore.ts';
import { clearMessage, placeMessage } from './messages.ts';

const one = { versions: ['v1'] };
const clearA = clearMessage('A', 'v1');
const clearB = clearMessage('B', 'v1');
const placeB = placeMessage('B', ['v1']);

/** A is released, and B opens. */
const crossing = {
  ...{ ...one, matters: ['A', 'B'], given: ['open A v1', 'wait 20'] },
  then: ['release A', 'open B v1'],
};
/** The same when both are on the docket as they will be: what is left is the version itself. */
const met = {
  ...{ ...one, matters: ['A', 'B'], given: ['open A v1', 'wait 20', 'approve A', 'open B'] },
  then: [clearA, placeB],
};
const together = {
  ...{ ...one, matters: ['A', 'B'], given: ['open A v1', 'open B v1', 'wait 20'] },
  then: ['release A', 'release B'],
};
const brief = { ...one, matters: ['A'], then: ['open A v1', 'release A'] };

export const SCENARIOS: readonly Scenario[] = [
  { name: 'B opens while A is released', ...crossing },
  { name: '… and a task crashes', ...crossing, left: { crashes: 1 } },
  { name: '… and an answer is lost', ...crossing, left: { losses: 1 } },
  { name: '… and an outsider clears', ...crossing, left: { outsider: ['clears'] } },
  { name: '… and an outsider sets', ...crossing, left: { outsider: ['sets'] } },
  { name: '… and B is rechecked', ...crossing, then: [...crossing.then, 'recheck B v1'] },
  { name: '… and time passes', ...crossing, left: { waits: [16] } },
  { name: 'B is placed while A is cleared, late', ...met, left: { losses: 1, waits: [16] } },
  { name: '… in small steps of time', ...met, left: { waits: [1, 14, 1] } },
  { name: '… after a crash', ...met, left: { crashes: 1, waits: [16] } },
  { name: '… twice', ...met, left: { duplicates: 1 } },
  { name: '… and rechecked', ...met, then: [...met.then, 'recheck B v1'], left: { waits: [16] } },
  { name: '… and rechecked, late', ...met, then: [...met.then, 'recheck B v1'], left: { losses: 1 } },
  { name: '… and cleared by an outsider', ...met, left: { outsider: ['clears'], losses: 1 } },
  {
    ...{ name: '… and reconciled', ...met, then: [...met.then, 'reconcile B'] },
    left: { losses: 1, outsider: ['clears'] },
  },
  { name: 'A and B are released together', ...together },
  { name: '… and a task crashes, of both', ...together, left: { crashes: 1 } },
  { name: '… and an answer is lost, of both', ...together, left: { losses: 1 } },
  { name: '… and an outsider clears and sets', ...together, left: { outsider: ['clears', 'sets'] } },
  {
    ...{ name: '… and an event needs it', ...one, matters: ['A', 'B'] },
    given: [...together.given, 'approve A', 'approve B'],
    then: [clearA, clearB, 'event:x v1'],
  },
  { name: 'A opens and is released at once', ...brief },
  { name: '… and crashes', ...brief, left: { crashes: 1 } },
  { name: '… and is set late', ...brief, left: { losses: 1 } },
  {
    ...{ name: '… and its piece comes twice', ...one, matters: ['A'], given: ['open A'] },
    ...{ then: [placeMessage('A', ['v1'])], left: { duplicates: 1, losses: 1 } },
  },
  {
    ...{ name: '… and its piece comes again after the release', ...one, matters: ['A'] },
    given: ['open A v1', 'wait 20', 'approve A'],
    ...{ then: [clearA, placeMessage('A', ['v1'])], left: { crashes: 1 } },
  },
  { name: '… and an outsider meddles', ...brief, left: { outsider: ['sets', 'clears'] } },
  {
    ...{ name: 'A is released while it is rechecked', ...one, matters: ['A'] },
    given: ['open A v1', 'wait 20'],
    ...{ then: ['release A', 'recheck A v1'], left: { outsider: ['clears'] } },
  },
  {
    ...{ name: 'A is released while it is reconciled', ...one, matters: ['A'] },
    given: ['open A v1', 'wait 20'],
    ...{ then: ['release A', 'reconcile A'], left: { outsider: ['clears'] } },
  },
  {
    ...{ name: '… and a task crashes, of these', ...one, matters: ['A'] },
    given: ['open A v1', 'wait 20'],
    ...{ then: ['release A', 'reconcile A'], left: { crashes: 1 } },
  },
  {
    ...{ name: 'A is rechecked, set late, and released', ...one, matters: ['A'] },
    given: ['open A v1', 'wait 20', 'outsider clears v1', 'approve A'],
    ...{ then: ['recheck A v1', clearA], left: { losses: 1 } },
  },
  {
    ...{ name: 'somebody else holds it already', ...one, foreign: ['v1'], matters: ['A', 'B'] },
    ...{ then: ['open A v1', 'open B v1', 'release A'] },
  },
  {
    ...{ name: '… and a task crashes, where it is held', ...one, foreign: ['v1'], matters: ['A'] },
    ...{ then: brief.then, left: { crashes: 1 } },
  },
  {
    ...{ name: '… and clears it, and sets it again', ...one, foreign: ['v1'], matters: ['A'] },
    ...{ then: brief.then, left: { outsider: ['clears', 'sets'] } },
  },
  {
    ...{ name: 'somebody else sets it after A was cleared', ...one, matters: ['A', 'B'] },
    given: ['open A v1', 'wait 20', 'approve A'],
    then: [clearA],
    left: { losses: 1, waits: [16], outsider: ['sets'] },
  },
  {
    ...{ name: 'a matter covers it by its selector', ...one, matters: ['A', 'B'], selecting: ['B'] },
    given: ['open A v1', 'wait 20', 'open B', 'approve A'],
    ...{ then: [clearA], left: { losses: 1 } },
  },
  {
    ...{ name: '… and a task crashes, where it is covered', ...one, matters: ['A', 'B'], selecting: ['B'] },
    given: ['open A v1', 'wait 20', 'open B', 'approve A'],
    ...{ then: [clearA], left: { crashes: 1 } },
  },
  {
    ...{ name: 'an event needs what A is released from', ...one, matters: ['A'] },
    given: ['open A v1', 'wait 20', 'approve A'],
    ...{ then: [clearA, 'event:x v1'], left: { losses: 1, waits: [16] } },
  },
  {
    ...{ name: 'two versions', matters: ['A', 'B'], versions: ['v1', 'v2'] },
    given: ['open A v1,v2', 'wait 20', 'approve A', 'open B'],
    then: [clearA, clearMessage('A', 'v2'), placeB],
  },
];

/** For random ways: more of everything than can be explored as a whole. */
export const LARGE: Scenario = {
  name: 'four matters, six versions',
  matters: ['A', 'B', 'C', 'D'],
  versions: ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'],
  foreign: ['v6'],
  given: ['open A v1,v2,v3,v6', 'open B v1,v3,v4', 'wait 20'],
  then: [
    ...['release A', 'release B', 'open C v1,v2,v4,v5', 'open D v1+v2,v3,v6', 'release D'],
    ...['recheck C v1', 'recheck C v2', 'recheck B v3', 'event:x v3'],
  ],
  left: {
    ...{ crashes: 3, losses: 4, duplicates: 3 },
    ...{ outsider: ['clears', 'sets', 'clears', 'sets'], waits: [1, 5, 10, 16] },
  },
};
