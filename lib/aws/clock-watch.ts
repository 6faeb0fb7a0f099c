/** Lock dates are computed from this machine's clock: a wrong one makes wrong dates, which COMPLIANCE keeps. */
import { type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';
import { type Instant, instantOf } from '../lock/instant.ts';
import { type Clock } from '../ports/clock.ts';

/** How far the clocks may be apart (milliseconds). */
const TOLERANCE = 60_000;
/** The Date header cuts fractions off. */
const SECOND = 1_000;

/**
 * Notes how far the store's clock and this machine's are apart, from the dates in its answers.
 *
 * While an answer is under way the clock moves on, so that only what lies outside of that time counts.
 * A cached answer tells an old date, and nothing of the clock.
 */
export class ClockWatch {
  private readonly clock: Clock;
  /** How far this machine is ahead of the store (milliseconds), by the latest answer. */
  private ahead = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Listens to every answer that the client gets. */
  listenTo(client: S3Client): void {
    client.middlewareStack.add(
      (next) => async (args) => {
        const sent = this.clock.now();
        try {
          const result = await next(args);
          this.note(result.response, sent);
          return result;
        } catch (error) {
          // A refusal has a date too.
          if (error instanceof S3ServiceException) this.note(error.$response, sent);
          throw error;
        }
      },
      { step: 'build', name: 'holdfastClockWatch' },
    );
  }

  /**
   * Before a lock date is written: it was computed on this machine.
   *
   * @throws HoldfastError `clock-apart` where the clocks were over a minute apart when the store last answered.
   */
  requireAgreement(): void {
    const apart = Math.abs(this.ahead);
    if (apart <= TOLERANCE) return;
    throw new HoldfastError('clock-apart', {
      what: `the clock of this machine is ${Math.round(apart / 1_000)} seconds ${this.ahead < 0 ? 'behind' : 'ahead of'} the store's, and lock dates would be wrong by as much`,
      next: 'set the clock of this machine, or look with holdfast doctor: no lock was written',
    });
  }

  private note(response: unknown, sent: Instant): void {
    const store = dateOf(response);
    if (store === undefined) return;
    const received = this.clock.now();
    if (store > received) this.ahead = received - store;
    else this.ahead = Math.max(0, sent - (store + SECOND));
  }
}

/** The store's clock as an answer tells it: whole seconds. */
export function dateOf(response: unknown): Instant | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { date, age } = response.headers as Record<string, string | undefined>;
  const time = age === undefined ? Date.parse(date ?? '') : Number.NaN;
  return Number.isNaN(time) ? undefined : instantOf(time);
}
