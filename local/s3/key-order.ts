// UTF-16 sorts surrogates (U+10000 and up) before U+E000..U+FFFF; UTF-8 sorts them after.
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Compares two keys by their UTF-8 bytes, which is S3's order. */
export function compareKeys(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i += 1) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** The index of the first key for which the test, false then true along the order, is true. */
export function firstWhere(keys: readonly string[], test: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(keys[middle] ?? '')) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A set of keys that is put in order only when somebody asks for the order. */
export class OrderedKeys {
  #sorted: string[] = [];
  #stale = false;
  readonly #holds: (key: string) => boolean;

  constructor(holds: (key: string) => boolean) {
    this.#holds = holds;
  }

  /** Notes a key that was not there before. */
  add(key: string): void {
    this.#sorted.push(key);
    this.#stale = true;
  }

  /** Notes that some key is gone. */
  remove(): void {
    this.#stale = true;
  }

  /** The keys that are still held, in order. */
  list(): readonly string[] {
    if (this.#stale) {
      this.#sorted = [...new Set(this.#sorted)].filter(this.#holds).sort(compareKeys);
      this.#stale = false;
    }
    return this.#sorted;
  }
}
