/** Splits the keys of a bucket into ranges, so that several listings can run at once. */

/** Keys after `from` up to and including `to`; without bounds where they are left out. */
export interface KeyRange {
  readonly from?: string;
  readonly to?: string;
}

const FIRST = 0x20;
const LAST = 0x7e;
/** Keys that differ only later than this after their common beginning are not worth a split. */
const DEPTH = 3;

/**
 * A key in the middle of what is left of a range, so that another worker can take the second half.
 *
 * It need not be a key that exists, and it need not be the true middle: whoever gets an empty half asks for another.
 *
 * @param at - the last key that was listed.
 * @param prefix - what all keys of the listing begin with.
 * @returns undefined where nothing lies between that is worth a request.
 */
export function middleKey(at: string, to: string | undefined, prefix: string): string | undefined {
  let common = prefix.length;
  if (to !== undefined) while (common < at.length && at[common] === to[common]) common += 1;
  let head = at.slice(0, common);
  let high = to === undefined ? LAST + 1 : codeAt(to, common);
  for (let depth = 0; depth < DEPTH; depth += 1) {
    const low = codeAt(at, common + depth);
    const middle = (low + high) >> 1;
    if (middle > low && middle < high && middle <= LAST) {
      const candidate = head + String.fromCharCode(middle);
      return isBetween(at, candidate, to) ? candidate : undefined;
    }
    head += at[common + depth] ?? String.fromCharCode(FIRST);
    high = LAST + 1;
  }
  return undefined;
}

/** S3 sorts keys by their bytes in UTF-8. */
export function isAfter(one: string, other: string): boolean {
  return Buffer.compare(Buffer.from(one), Buffer.from(other)) > 0;
}

function isBetween(at: string, candidate: string, to: string | undefined): boolean {
  return isAfter(candidate, at) && (to === undefined || isAfter(to, candidate));
}

function codeAt(text: string, at: number): number {
  const code = at < text.length ? text.charCodeAt(at) : FIRST;
  return Math.min(Math.max(code, FIRST), LAST + 1);
}
