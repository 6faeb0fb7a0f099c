/** How fast a lock is decided, against conditions written by hand, a rule engine, and policies of other shapes. */
import { type Policy } from '../lib/policy/compile.ts';
import { decide } from '../lib/policy/decide.ts';
import { type VersionFacts } from '../lib/policy/facts.ts';
import { answerOf, isSame } from './answer.ts';
import { decideByHand } from './if-chain.ts';
import { type Costs, interleave, ratioOf, timed } from './measure.ts';
import { engineOf } from './rules-engine.ts';
import { idleRules, nestedRules, policyOf, taggedRules } from './rules.ts';
import { aimedAt, type Section, shown } from './section.ts';
import { NOW, versionsFrom } from './versions.ts';

const BATCH = 10_000;
/** A batch is made, decided by every contestant and forgotten: a million versions, and memory for one batch. */
const BATCHES = 100;
/** The optimizing compiler has settled after these. */
const WARM_UP = 10;
const SEED = 20_261_120;
const FOR_THE_ENGINE = 50;

type DecideAll = (versions: readonly VersionFacts[]) => number;

/** Races `decide` and says how it did. */
export async function benchDecide(): Promise<Section> {
  const nested = policyOf(nestedRules());
  const matched = checkAnswers(nested);
  // The contestants of one race share no compiled code with those of the next: the hand-written one comes first.
  const byHand = await race({ holdfast: by(nested), byHand: allByHand });
  const shapes = await race({
    holdfast: by(nested),
    among: by(policyOf([...nestedRules(), ...idleRules(900)])),
    value: by(policyOf(taggedRules('value'))),
    pattern: by(policyOf(taggedRules('pattern'))),
  });
  const engine = await raceEngine(nested);

  const hand = ratioOf(byHand, 'holdfast', 'byHand');
  const among = ratioOf(shapes, 'among', 'holdfast');
  return {
    title: 'decide: which lock a version ought to carry',
    meaning: [
      `Time per version over ${(BATCH * BATCHES).toLocaleString('en')} generated versions and 100 rules, nested by bucket and prefix, half of them with tags; ${matched.toFixed(2)} rules match a version on average.`,
      `Each figure is the median of ${BATCHES} ratios, one per batch of ${BATCH.toLocaleString('en')} versions; four fifths of the ratios lie in the brackets.`,
      'By hand: the same rules as `switch`, `if` and the same calendar arithmetic, which answer only mode and date; `decide` also names rules, caps, residuals, reports and waiting times.',
      'Before timing, all contestants gave the same answers (10,000 versions; 1,000 for the rule engine).',
    ],
    head: ['time per version', 'ratio', 'aim'],
    rows: [
      ['decide / by hand', shown(hand), aimedAt(hand, 2)],
      ['1,000 rules, 900 of which cannot match / 100 rules', shown(among), aimedAt(among, 1.2)],
      ['100 rules by one tag value only / 100 nested', shown(ratioOf(shapes, 'value', 'holdfast')), ''],
      ['100 rules by one tag pattern only / 100 nested', shown(ratioOf(shapes, 'pattern', 'holdfast')), ''],
      ['json-rules-engine 7.3.1 / decide', shown(ratioOf(engine, 'engine', 'holdfast')), ''],
    ],
  };
}

/** Compares answers on a sample, and returns how many rules match on average. */
function checkAnswers(policy: Policy): number {
  let matched = 0;
  for (const version of versionsFrom(SEED + 1)(BATCH)) {
    const decision = decide(policy, version, NOW);
    matched += decision.matched.length;
    if (isSame(answerOf(decision), decideByHand(version, NOW))) continue;
    throw new Error(`decide and the conditions by hand differ on ${version.bucket}/${version.key}`);
  }
  return matched / BATCH;
}

const by =
  (policy: Policy): DecideAll =>
  (versions) => {
    let wishes = 0;
    for (const version of versions) wishes += decide(policy, version, NOW).wishes.length;
    return wishes;
  };

const allByHand: DecideAll = (versions) => {
  let wishes = 0;
  for (const version of versions) wishes += decideByHand(version, NOW) === undefined ? 0 : 1;
  return wishes;
};

async function race(contestants: Readonly<Record<string, DecideAll>>): Promise<Costs> {
  const source = versionsFrom(SEED);
  let batch = source(BATCH);
  const first = Object.keys(contestants).length;
  let taken = 0;
  const runners = Object.entries(contestants).map(([name, all]) => ({
    name,
    round: () => {
      const cost = timed(() => all(batch));
      taken += 1;
      if (taken % first === 0) batch = source(BATCH);
      return cost;
    },
  }));
  await interleave(runners, WARM_UP);
  return interleave(runners, BATCHES);
}

async function raceEngine(policy: Policy): Promise<Costs> {
  const engine = engineOf(nestedRules());
  for (const version of versionsFrom(SEED + 2)(1_000)) {
    if (isSame(await engine(version, NOW), answerOf(decide(policy, version, NOW)))) continue;
    throw new Error(`json-rules-engine and decide differ on ${version.bucket}/${version.key}`);
  }
  const source = versionsFrom(SEED + 3);
  const holdfast = by(policy);
  return interleave(
    [
      {
        name: 'engine',
        round: async () => {
          const versions = source(FOR_THE_ENGINE);
          const start = performance.now();
          for (const version of versions) await engine(version, NOW);
          return (performance.now() - start) / versions.length;
        },
      },
      {
        name: 'holdfast',
        round: () => {
          const versions = source(BATCH);
          return timed(() => holdfast(versions)) / versions.length;
        },
      },
    ],
    20,
  );
}
