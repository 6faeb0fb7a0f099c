/** The rolls of matters, page by page, kept under lock: what was covered, and what was seen then. */
export interface RollStore {
  /** Stores a page; the same page again is a new version of it. */
  putText(name: string, text: string): Promise<void>;
  /** Replaces a page by what it leads to, whoever else does the same; undefined leaves it. */
  change(name: string, next: (before: string | undefined) => string | undefined): Promise<void>;
  /** The names under a prefix, in their order. */
  list(prefix: string): AsyncIterable<string>;
  /** The lines of a page; none where there is no such page. */
  lines(name: string): AsyncIterable<string>;
}
