/** Larger things that the bulk functions hand to one another, kept in the configuration bucket. */
export interface BulkStore {
  /** The names under a prefix, in their order. */
  list(prefix: string): AsyncIterable<string>;
  /** The lines of a text; none where there is no such text. */
  lines(name: string): AsyncIterable<string>;
  /** SHA-256 of what is stored, hex. */
  digest(name: string): Promise<string>;
  putText(name: string, text: string): Promise<void>;
  /** Stores a file of this machine. */
  putFile(name: string, path: string): Promise<void>;
  /** Fetches what is stored into a file of this machine. */
  fetch(name: string, path: string): Promise<void>;
}
