import { setTimeout } from 'node:timers/promises';
import { instantOf } from '../lock/instant.ts';
import { type Clock } from '../ports/clock.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => instantOf(Date.now()),
  wait: async (milliseconds) => setTimeout(milliseconds),
};
