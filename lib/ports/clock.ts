import { type Instant } from '../lock/instant.ts';

/** The only way to learn what time it is, or to let time pass. */
export interface Clock {
  now(): Instant;
  /** Waits for a number of milliseconds. */
  wait(milliseconds: number): Promise<void>;
}
