/** The SDK repeats a request whose answer was lost, and a write that was taken then meets its own effect. */
import { HoldfastError } from '../errors.ts';

const FAULT_OF_STORE = 500;

/** Notes whether any attempt at a request ended without a verdict, so that it may have been carried out. */
export class Attempts {
  private isAnyUnclear = false;

  get isUnclear(): boolean {
    return this.isAnyUnclear;
  }

  /** For the step `finalizeRequest` with priority `low`, which every attempt passes. */
  readonly middleware =
    <A, R>(next: (args: A) => Promise<R>) =>
    async (args: A): Promise<R> => {
      try {
        return await next(args);
      } catch (error) {
        if (!isVerdict(error)) this.isAnyUnclear = true;
        throw error;
      }
    };
}

function isVerdict(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { readonly httpStatusCode?: number } };
  return ($metadata?.httpStatusCode ?? FAULT_OF_STORE) < FAULT_OF_STORE;
}

/** What became of a conditional write is not known: it may have been taken, and replaced since. */
export function mayHaveHappened(item: string): HoldfastError {
  return new HoldfastError('unreachable', {
    what: `${item} was changed by somebody else while the store gave no verdict on a write of ours`,
    next: 'read it again: what was written may have been taken, and replaced since',
  });
}
