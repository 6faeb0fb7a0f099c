/** The rows of doctor's table, and how each is said. */
import { type Check } from '../probe/check.ts';
import { type Seen } from '../ports/bucket-survey.ts';

type About = Pick<Check, 'id' | 'expected'>;

export const good = (about: About, seen: string): Check => ({ ...about, seen, ok: true, tried: true });

/** It works, and somebody should look at it. */
export const warn = (about: About, seen: string, mend?: string): Check => ({
  ...good(about, seen),
  warning: true,
  ...(mend !== undefined && { mend }),
});

export const bad = (about: About, seen: string, mend?: string): Check => ({
  ...about,
  seen,
  ok: false,
  tried: true,
  ...(mend !== undefined && { mend }),
});

export const skipped = (about: About, why: string, mend?: string): Check => ({
  ...about,
  seen: why,
  ok: true,
  tried: false,
  ...(mend !== undefined && { mend }),
});

/** Why something was not seen; never taken for "there is none". */
export const unseen = (about: About, answer: Exclude<Seen<unknown>, { kind: 'seen' }>): Check =>
  answer.kind === 'denied'
    ? skipped(about, `it needs ${answer.action}`)
    : skipped(about, `this store does not offer it (${answer.code})`);
