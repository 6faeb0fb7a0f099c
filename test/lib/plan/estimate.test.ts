import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Cluster, estimate } from '../../../lib/plan/estimate.ts';

const cluster = (rows: number, looked: number, found: number): Cluster => ({
  ...{ rows, looked },
  found: new Map([['wanted', found]]),
});

describe('an estimate', () => {
  it('of which all was looked at is the truth, without a range', () => {
    expect(estimate([cluster(100, 100, 30), cluster(50, 50, 0)], 'wanted', 150, 2)).toStrictEqual({
      ...{ low: 30, mid: 30, high: 30 },
    });
  });

  it('of nothing is nothing', () => {
    expect(estimate([], 'wanted', 1_000, 3)).toStrictEqual({ low: 0, mid: 0, high: 0 });
  });

  it('is wider where less was looked at, and where the parts differ', () => {
    const width = (clusters: readonly Cluster[]): number => {
      const { low, high } = estimate(clusters, 'wanted', 10_000, 10);
      return high - low;
    };

    expect(width([cluster(1_000, 20, 10)])).toBeGreaterThan(width([cluster(1_000, 500, 250)]));
    expect(width([cluster(1_000, 500, 50), cluster(1_000, 500, 450)])).toBeGreaterThan(
      width([cluster(1_000, 500, 250), cluster(1_000, 500, 250)]),
    );
  });

  it('does not call certain what a few say', () => {
    const { low, mid } = estimate([cluster(1_000_000, 10, 10)], 'wanted', 1_000_000, 1);

    expect(mid).toBe(1_000_000);
    expect(low).toBeLessThan(900_000);
  });

  it('lies within its range, and the range within the whole', () => {
    const clusters = fc.array(
      fc
        .tuple(fc.integer({ min: 1, max: 10_000 }), fc.nat(10_000), fc.nat(10_000))
        .map(([rows, looked, found]) => cluster(rows, Math.min(rows, looked), Math.min(rows, looked, found))),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(clusters, fc.nat(1_000_000), (some, total) => {
        const { low, mid, high } = estimate(some, 'wanted', total, 10);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(mid);
        expect(mid).toBeLessThanOrEqual(high);
        expect(high).toBeLessThanOrEqual(total);
      }),
    );
  });

  it('holds the truth in nineteen draws of twenty', () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const rows = 5_000;
    const truth = 1_500;
    let held = 0;
    for (let draw = 0; draw < 400; draw += 1) {
      let found = 0;
      for (let at = 0; at < 200; at += 1) if (random() < truth / rows) found += 1;
      const { low, high } = estimate([cluster(rows, 200, found)], 'wanted', rows, 1);
      if (low <= truth && truth <= high) held += 1;
    }

    expect(held / 400).toBeGreaterThan(0.93);
  });
});
