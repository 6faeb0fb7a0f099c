import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** The id of versions written while versioning is off. */
export const NULL_VERSION = 'null';

const ID_LENGTH = 32;
const BLOCK = 16;
const SEAL = 8;

/**
 * Makes and recognises version ids: 32 characters that tell a client nothing.
 * S3 knows its own ids again: a tampered one is an invalid argument, a deleted one is "no such version",
 * and a listing can go on from a version that was deleted meanwhile. So an id seals its place in time.
 */
export class VersionIds {
  readonly #key = randomBytes(BLOCK);
  #last = 0;

  /** The next place in time, for versions that have the null id. */
  nextSequence(): number {
    this.#last += 1;
    return this.#last;
  }

  /** The id of the version at that place in time. */
  make(sequence: number): string {
    const block = randomBytes(BLOCK);
    block.writeUIntBE(sequence, 0, 6);
    const cipher = createCipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false);
    const hidden = cipher.update(block);
    return Buffer.concat([hidden, this.#seal(hidden)])
      .toString('base64url')
      .replaceAll('-', '.');
  }

  /** The place in time an id seals; undefined when this server never made it. */
  sequenceOf(id: string): number | undefined {
    if (id.length !== ID_LENGTH || !/^[\w.]+$/.test(id)) return undefined;
    const bytes = Buffer.from(id.replaceAll('.', '-'), 'base64url');
    const hidden = bytes.subarray(0, BLOCK);
    if (bytes.length !== BLOCK + SEAL || !timingSafeEqual(bytes.subarray(BLOCK), this.#seal(hidden)))
      return undefined;
    const decipher = createDecipheriv('aes-128-ecb', this.#key, null).setAutoPadding(false);
    return decipher.update(hidden).readUIntBE(0, 6);
  }

  #seal(hidden: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(hidden).digest().subarray(0, SEAL);
  }
}
