import { afterAll, describe, expect, it } from '@jest/globals';
import { type Explored, exploreAll, exploreSome } from './explore.ts';
import { FAULTS } from './faults.ts';
import { AT_RANDOM, knownOf } from './known.ts';
import { LARGE, SCENARIOS } from './scenarios.ts';

const MINUTES = 300_000;
const SEEDS = [20_261_120, 1, 2, 3, 4];
const STEPS = 20_000;

const told: string[] = [];
afterAll(() => {
  process.stdout.write(`${told.join('\n')}\n`);
});

/** What broke, and the shortest way to each that is not known. */
function brokenIn({ found }: Explored, known: readonly string[]): string[] {
  for (const { broken, lines } of found)
    if (!known.includes(broken)) told.push(`${broken}:`, ...lines.map((line) => `    ${line}`));
  return found.map(({ broken }) => broken).toSorted();
}

describe('every state of the small', () => {
  let total = 0;

  it.each(SCENARIOS)(
    '$name',
    async (scenario) => {
      const known = knownOf(scenario.name);
      const explored = await exploreAll(scenario);

      const { states, steps, ends } = explored;
      total += states;
      told.push(`${scenario.name}: ${states} states, ${steps} steps, ${ends} ends; ${total} states in all`);
      // What is known and is broken no more must be taken from the list.
      expect(brokenIn(explored, known)).toEqual(known);
    },
    MINUTES,
  );
});

describe('some ways through the large', () => {
  it.each(SEEDS)(
    'seed %d',
    async (seed) => {
      const explored = await exploreSome(LARGE, { seed, steps: STEPS });

      told.push(`${LARGE.name}, seed ${seed}: ${explored.steps} steps, ${explored.ends} ways`);
      expect(
        brokenIn(explored, AT_RANDOM).filter((one) => !AT_RANDOM.some((known) => known === one)),
      ).toEqual([]);
    },
    MINUTES,
  );
});

describe('a fault that is planted is found', () => {
  it.each(FAULTS)(
    '$name',
    async ({ fault, scenario, breaks }) => {
      const sound = await exploreAll(scenario);
      const faulty = await exploreAll(scenario, fault);

      expect(sound.found.map(({ broken }) => broken)).not.toContain(breaks);
      expect(faulty.found.map(({ broken }) => broken)).toContain(breaks);
    },
    MINUTES,
  );
});
