/** The composition root of the function that uploads come to: rules, and the matters that are open. */
import { eventClaims } from '../app/matters/event-claims.ts';
import { holdArrival } from '../app/matters/arrivals.ts';
import { composeHolds, type HoldTrouble } from './holds.ts';
import { type Uploads } from './uploads.ts';

/** @throws HoldfastError `bad-input` when a variable is missing or wrong. */
export function composeArrivals(env: NodeJS.ProcessEnv, trouble: HoldTrouble): Uploads {
  const holds = composeHolds(env, trouble);
  return {
    ...holds,
    eventHolds: {
      place: async (version, hold) => eventClaims(await holds.stepping()).place(version, hold),
      isReported: async (version, hold) => eventClaims(await holds.stepping()).isReported(version, hold),
    },
    arrivals: async (ref, again) => holdArrival(ref, again, await holds.stepping()),
  };
}
