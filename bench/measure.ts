/** Races contestants against each other on a machine that others use too. */

/** What is measured: one round of work that returns its cost in any unit, lower being better. */
export interface Contestant {
  readonly name: string;
  readonly round: () => number | Promise<number>;
}

/** The costs of each contestant, one per round, in the order of the rounds. */
export type Costs = ReadonlyMap<string, readonly number[]>;

/**
 * Lets contestants take turns, so that whatever slows the machine down slows all of them.
 * The order is turned round every time: nobody always runs on the caches that another one filled.
 */
export async function interleave(contestants: readonly Contestant[], rounds: number): Promise<Costs> {
  const costs = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, round: run } of round % 2 === 0 ? contestants : contestants.toReversed()) {
      costs.get(name)?.push(await run());
    }
  }
  return costs;
}

/** The middle value of a list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** How two contestants compare: the median of the ratios of their rounds, and how far these spread. */
export interface Ratio {
  readonly middle: number;
  /** Four fifths of the rounds lie between these two. */
  readonly low: number;
  readonly high: number;
}

/** Divides round by round: what disturbed a round disturbed both, and a burst elsewhere moves no median. */
export function ratioOf(costs: Costs, over: string, under: string): Ratio {
  const divisors = costs.get(under) ?? [];
  const ratios = (costs.get(over) ?? [])
    .map((cost, at) => cost / (divisors[at] ?? Number.NaN))
    .toSorted((a, b) => a - b);
  const at = (share: number): number => ratios[Math.round(share * (ratios.length - 1))] ?? Number.NaN;
  return { middle: median(ratios), low: at(0.1), high: at(0.9) };
}

/** The milliseconds that some work takes. */
export function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
