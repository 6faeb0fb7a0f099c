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
 * Refuses to go on where the store's clock and this one are over a minute apart.
 *
 * Only the answers to reads are judged: every write is preceded by one, and a write that was taken must be recorded.
 * While an answer is under way the clock moves on, so that only what lies outside of that time counts.
 *
 * @throws HoldfastError `clock-apart` out of the request.
 */
export function guardClock(client: S3Client, clock: Clock): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const sent = clock.now();
      try {
        const result = await next(args);
        if (isRead(args.request)) judge(result.response, sent, clock.now());
        return result;
      } catch (error) {
        // A refusal has a date too.
        if (error instanceof S3ServiceException && isRead(args.request))
          judge(error.$response, sent, clock.now());
        throw error;
      }
    },
    // Above the deserializer, so that no answer is left half read.
    { step: 'build', name: 'holdfastClockGuard' },
  );
}

/** The store's clock as an answer tells it: whole seconds. */
export function dateOf(response: unknown): Instant | undefined {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return undefined;
  const { date } = response.headers as Record<string, string | undefined>;
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : instantOf(time);
}

function judge(response: unknown, sent: Instant, received: Instant): void {
  const store = dateOf(response);
  if (store === undefined) return;
  const apart = Math.max(store - received, sent - (store + SECOND));
  if (apart <= TOLERANCE) return;
  const direction = store > received ? 'behind' : 'ahead of';
  throw new HoldfastError('clock-apart', {
    what: `the clock of this machine is ${Math.round(apart / 1_000)} seconds ${direction} the store's, and lock dates would be wrong by as much`,
    next: 'set the clock of this machine, or look with holdfast doctor: nothing was changed',
  });
}

function isRead(request: unknown): boolean {
  if (typeof request !== 'object' || request === null || !('method' in request)) return false;
  return request.method === 'GET' || request.method === 'HEAD';
}
