/** A seeded generator of numbers in [0, 1): the same seed gives the same versions on every machine. */
export function randomFrom(seed: number): () => number {
  // Mulberry32: 32 bits of state are plenty to spread a million versions over a hundred rules.
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A function that takes one item of a list at random. */
export function pickFrom(random: () => number): <T>(items: readonly [T, ...T[]]) => T {
  return (items) => items[Math.floor(random() * items.length)] ?? items[0];
}
