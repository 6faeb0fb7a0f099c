import { beforeEach, describe, expect, it } from '@jest/globals';
import { instantOf } from '../../../lib/lock/instant.ts';
import { Pool, type PoolOptions } from '../../../lib/runs/pool.ts';

class Busy extends Error {}

/** Work that a test ends by hand, item by item. */
interface Begun {
  readonly item: number;
  readonly end: (cause?: Error) => Promise<void>;
}

let waits: number[];
let begun: Begun[];
let givenUp: { item: number; cause: unknown }[];

beforeEach(() => {
  waits = [];
  begun = [];
  givenUp = [];
});

function poolWith(more: Partial<PoolOptions> = {}): Pool {
  const clock = {
    now: () => instantOf(0),
    wait: async (milliseconds: number) => {
      waits.push(milliseconds);
    },
  };
  return new Pool({ clock, start: 4, most: 8, isBusy: (cause) => cause instanceof Busy, tries: 3, ...more });
}

/** Everything that can happen without the test ending anything has happened. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function byHand(item: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const end = async (cause?: Error): Promise<void> => {
      begun = begun.filter((each) => each.end !== end);
      if (cause === undefined) resolve();
      else reject(cause);
      await settled();
    };
    begun.push({ item, end });
  });
}

const giveUp = (item: number, cause: unknown): void => {
  givenUp.push({ item, cause });
};
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);
/** The first of those that are under way. */
const first = (): Begun => {
  const [one] = begun;
  if (one === undefined) throw new Error('nothing is under way');
  return one;
};

async function endAll(): Promise<void> {
  while (begun.length > 0) await first().end();
}

describe('how many items are worked on at once', () => {
  it('is as many as it starts with, and no more', async () => {
    const pool = poolWith({ start: 4 });
    const running = pool.run(upTo(20), byHand, giveUp);
    await settled();

    expect(begun.map(({ item }) => item)).toStrictEqual([0, 1, 2, 3]);

    await endAll();
    await running;
  });

  it('is one more after as many successes as there is room for', async () => {
    const pool = poolWith({ start: 2, most: 4 });
    const running = pool.run(upTo(50), byHand, giveUp);
    await settled();
    const widths: number[] = [];
    for (let ended = 0; ended < 12; ended += 1) {
      await first().end();
      widths.push(pool.width);
      expect(begun).toHaveLength(pool.width);
    }

    expect(widths).toStrictEqual([2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]);

    await endAll();
    await running;
  });

  it('halves once for all failures of a burst, however many there are', async () => {
    const pool = poolWith({ start: 8 });
    const running = pool.run(upTo(8), byHand, giveUp);
    await settled();
    // Each is tried again at once, so that the retries are in the list behind those of the burst.
    const burst = [...begun];
    for (const { end } of burst) await end(new Busy());

    expect(pool.width).toBe(4);
    expect(begun).toHaveLength(8);

    // Retries that fail are a burst of their own.
    for (const { end } of [...begun]) await end(new Busy());
    expect(pool.width).toBe(2);

    await endAll();
    await running;
    expect(givenUp).toStrictEqual([]);
  });

  it('begins nothing more until it is below its new width', async () => {
    const pool = poolWith({ start: 8 });
    const running = pool.run(upTo(20), byHand, giveUp);
    await settled();
    await first().end(new Busy());
    expect(pool.width).toBe(4);
    // Item 0 is tried again, and is the last of the eight now.
    expect(begun.map(({ item }) => item)).toStrictEqual([1, 2, 3, 4, 5, 6, 7, 0]);

    for (let ended = 0; ended < 3; ended += 1) await first().end();
    expect(begun.map(({ item }) => item)).toStrictEqual([4, 5, 6, 7, 0]);

    await first().end();
    expect(pool.width).toBe(5);
    expect(begun.map(({ item }) => item)).toStrictEqual([5, 6, 7, 0, 8]);
    await endAll();
    await running;
  });

  it('counts successes anew after a failure', async () => {
    const pool = poolWith({ start: 4 });
    const running = pool.run(upTo(30), byHand, giveUp);
    await settled();
    for (let ended = 0; ended < 3; ended += 1) await first().end();
    await first().end(new Busy());
    expect(pool.width).toBe(2);

    await first().end();
    expect(pool.width).toBe(2);
    await first().end();
    expect(pool.width).toBe(3);

    await endAll();
    await running;
  });

  it('never falls below one, and never rises above the most', async () => {
    const pool = poolWith({ start: 2, most: 3, tries: 100 });
    let failures = 0;
    let [least, most] = [Infinity, 0];
    let underWay = 0;
    await pool.run(
      upTo(40),
      async () => {
        underWay += 1;
        await settled();
        underWay -= 1;
        least = Math.min(least, pool.width);
        most = Math.max(most, pool.width, underWay + 1);
        if (failures < 30) {
          failures += 1;
          throw new Busy();
        }
      },
      giveUp,
    );

    expect({ least, most }).toStrictEqual({ least: 1, most: 3 });
  });
});

describe('an item for which there was no verdict', () => {
  it('is tried again after a pause that doubles, up to half a minute', async () => {
    const pool = poolWith({ tries: 10 });
    let tries = 0;
    await pool.run(
      [7],
      async () => {
        tries += 1;
        if (tries < 10) throw new Busy();
      },
      giveUp,
    );

    expect(tries).toBe(10);
    expect(givenUp).toStrictEqual([]);
    const longest = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    expect(waits).toHaveLength(longest.length);
    for (const [at, pause] of longest.entries()) {
      // Half of it is left to chance, so that those who failed together do not come back together.
      expect(waits[at]).toBeGreaterThanOrEqual(pause / 2);
      expect(waits[at]).toBeLessThanOrEqual(pause);
    }
  });

  it('is given up after so many tries, and the others go on', async () => {
    const pool = poolWith({ tries: 3 });
    const worked: number[] = [];
    await pool.run(
      upTo(5),
      async (item) => {
        worked.push(item);
        if (item === 2) throw new Busy('no verdict');
      },
      giveUp,
    );

    expect(worked.filter((item) => item === 2)).toHaveLength(3);
    expect(new Set(worked)).toStrictEqual(new Set(upTo(5)));
    expect(givenUp).toMatchObject([{ item: 2, cause: { message: 'no verdict' } }]);
  });
});

describe('any other failure', () => {
  it('ends the work: nothing new is begun, what is under way ends first, and then it is thrown', async () => {
    const pool = poolWith({ start: 3 });
    let isOver = false;
    const running = pool
      .run(upTo(10), byHand, giveUp)
      .catch((cause: unknown) => cause)
      .finally(() => {
        isOver = true;
      });
    await settled();
    await first().end(new Error('no record'));

    expect(begun.map(({ item }) => item)).toStrictEqual([1, 2]);
    await first().end();
    expect(isOver).toBe(false);
    expect(begun.map(({ item }) => item)).toStrictEqual([2]);

    await first().end();
    await expect(running).resolves.toMatchObject({ message: 'no record' });
    expect(givenUp).toStrictEqual([]);
  });

  it('of whoever names the items ends it in the same way', async () => {
    const pool = poolWith({ start: 3 });
    let isOver = false;
    async function* broken(): AsyncGenerator<number> {
      yield* [0, 1];
      throw new Error('no such line');
    }
    const running = pool
      .run(broken(), byHand, giveUp)
      .catch((cause: unknown) => cause)
      .finally(() => {
        isOver = true;
      });
    await settled();
    expect(begun).toHaveLength(2);
    expect(isOver).toBe(false);

    await endAll();

    await expect(running).resolves.toMatchObject({ message: 'no such line' });
  });

  it('of a retry is thrown as well', async () => {
    const pool = poolWith();
    let tries = 0;
    const running = pool.run(
      [0],
      async () => {
        tries += 1;
        throw tries === 1 ? new Busy() : new Error('broken');
      },
      giveUp,
    );

    await expect(running).rejects.toThrow('broken');
  });
});

describe('stopped', () => {
  it('it begins nothing new, and returns when what is under way has ended', async () => {
    const pool = poolWith({ start: 3 });
    let isOver = false;
    const running = pool.run(upTo(10), byHand, giveUp).then(() => {
      isOver = true;
    });
    await settled();
    pool.stop();
    await settled();

    expect(isOver).toBe(false);
    await first().end();
    await first().end();
    expect(begun.map(({ item }) => item)).toStrictEqual([2]);

    await first().end();
    await running;
    expect(isOver).toBe(true);
  });

  it('it tries nothing again: what had no verdict is given up', async () => {
    const pool = poolWith({ start: 2 });
    const running = pool.run(upTo(10), byHand, giveUp);
    await settled();
    pool.stop();
    await first().end(new Busy());
    await first().end();
    await running;

    expect(givenUp).toMatchObject([{ item: 0 }]);
    expect(waits).toStrictEqual([]);
  });

  it('it does not take up again what was pausing', async () => {
    let goOn = (): void => undefined;
    const clock = {
      now: () => instantOf(0),
      wait: async () =>
        new Promise<void>((resolve) => {
          goOn = resolve;
        }),
    };
    const pool = poolWith({ clock });
    let tries = 0;
    const running = pool.run(
      [0],
      async () => {
        tries += 1;
        throw new Busy();
      },
      giveUp,
    );
    await settled();
    pool.stop();
    goOn();
    await running;

    expect(tries).toBe(1);
    expect(givenUp).toMatchObject([{ item: 0 }]);
  });

  it('before it began, it begins nothing', async () => {
    const pool = poolWith();
    pool.stop();
    await pool.run(upTo(3), byHand, giveUp);

    expect(begun).toStrictEqual([]);
  });
});
