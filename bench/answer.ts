/** The answer that every contestant must give: the strictest mode, and the latest date among rules of that mode. */
import { ceilToDay, type Instant } from '../lib/lock/instant.ts';
import { type Mode } from '../lib/lock/state.ts';
import { type Decision } from '../lib/policy/decide.ts';
import { addPeriod, type Period, parsePeriod } from '../lib/policy/period.ts';

export interface Answer {
  readonly mode: Mode;
  readonly until: Instant;
}

const BUFFER = parsePeriod('P6D');

/** A period after a moment, with the buffer of the policies here, rounded up to a day. */
export function after(start: Instant, period: Period): Instant {
  return ceilToDay(addPeriod(addPeriod(start, period), BUFFER));
}

/** Keeps the strongest lock it was told of; a lock that has ended counts only where all have. */
export class Strongest {
  private mode: Mode = 'GOVERNANCE';
  private until: Instant | undefined;
  private readonly now: Instant;

  constructor(now: Instant) {
    this.now = now;
  }

  add(mode: Mode, until: Instant): void {
    if (this.until !== undefined && !this.outranks(mode, until, this.until)) return;
    this.mode = mode;
    this.until = until;
  }

  get answer(): Answer | undefined {
    return this.until === undefined ? undefined : { mode: this.mode, until: this.until };
  }

  private outranks(mode: Mode, until: Instant, best: Instant): boolean {
    const lives = until > this.now;
    if (lives !== best > this.now) return lives;
    return mode === this.mode ? until > best : mode === 'COMPLIANCE';
  }
}

/** The part of a decision that is compared. */
export function answerOf({ wishes }: Decision): Answer | undefined {
  for (const wish of wishes) {
    if (wish.kind === 'retention') return { mode: wish.mode, until: wish.until };
  }
  return undefined;
}

/** Whether two answers are the same. */
export function isSame(one: Answer | undefined, other: Answer | undefined): boolean {
  return one?.mode === other?.mode && one?.until === other?.until;
}
