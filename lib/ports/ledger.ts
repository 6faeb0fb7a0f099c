/** What must be the same for everybody at once: single items, each changed only as it was read. */

/** `name` within `group`: the items of a group can be listed, in the order of their names. */
export interface LedgerKey {
  readonly group: string;
  readonly name: string;
}

export interface LedgerItem extends LedgerKey {
  readonly body: string;
  /** Changes whenever the item does. */
  readonly rev: string;
}

/**
 * Items of some kilobytes, without transactions.
 * Every method throws HoldfastError `throttled` or `unreachable` when the store gave no verdict; then a `put` may
 * have happened or not.
 */
export interface Ledger {
  /** The item as it is now, never as it was a moment ago; undefined where there is none. */
  get(key: LedgerKey): Promise<LedgerItem | undefined>;
  /** @returns what replaces it next; undefined where the item is not as expected, and nothing was written. */
  put(
    key: LedgerKey,
    body: string,
    expected: { readonly rev: string } | 'none',
  ): Promise<{ readonly rev: string } | undefined>;
  /** The items of a group; what changes meanwhile may or may not show. */
  list(group: string): AsyncIterable<LedgerItem>;
}
