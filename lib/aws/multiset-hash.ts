/** A fingerprint of many texts that does not depend on their order. */
import { createHash } from 'node:crypto';

const WORDS = 8;

/** Adds up the hashes of the texts word by word: the same texts give the same sum, in whatever order they come. */
export class MultisetHash {
  private readonly sums = new Uint32Array(WORDS);
  private count = 0;

  add(text: string): void {
    const digest = createHash('sha256').update(text).digest();
    for (let at = 0; at < WORDS; at += 1) {
      this.sums[at] = (this.sums[at] ?? 0) + digest.readUInt32BE(at * 4);
    }
    this.count += 1;
  }

  digest(): string {
    return `${this.count}-${Array.from(this.sums, (word) => word.toString(16).padStart(8, '0')).join('')}`;
  }
}
