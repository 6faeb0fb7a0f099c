/** Hands pieces of work to functions that run elsewhere; each piece may arrive late, twice, or in another order. */
export interface WorkQueue {
  send(bodies: readonly string[]): Promise<void>;
}
