/** Works on many items at once, as many as the store bears: more while it goes well, half as many when it says stop. */
import { type Clock } from '../ports/clock.ts';

export interface PoolOptions {
  readonly clock: Clock;
  readonly start: number;
  readonly most: number;
  /** Whether a failure means that the store gave no verdict, so that the item is tried again. */
  readonly isBusy: (cause: unknown) => boolean;
  /** So often an item is tried; then it is given up. */
  readonly tries: number;
}

/** Told of an item that was tried in vain. */
export type OnGivenUp<T> = (item: T, cause: unknown) => void;

/** An item is tried again after so long, doubled each time (milliseconds). */
const PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/**
 * A pool with adaptive concurrency: one more at a time after as many successes as are under way, half as many after
 * a failure for want of capacity, never fewer than one and never more than `most`.
 */
export class Pool {
  private readonly options: PoolOptions;
  private limit: number;
  private successes = 0;
  private running = 0;
  /** Failures of items that were under way together count once. */
  private epoch = 0;
  private wake: (() => void) | undefined;
  private failure: { readonly cause: unknown } | undefined;
  private isStopped = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.limit = options.start;
  }

  /** How many items may be worked on at once now. */
  get width(): number {
    return this.limit;
  }

  /** Begins nothing new; what is under way ends. */
  stop(): void {
    this.isStopped = true;
    this.wake?.();
  }

  /**
   * Works on every item; returns when all that was begun has ended.
   *
   * @throws what the work throws, but for being busy, and what the items throw: then nothing new is begun, and what
   * is under way ends first.
   */
  async run<T>(
    items: AsyncIterable<T> | Iterable<T>,
    work: (item: T) => Promise<void>,
    onGivenUp: OnGivenUp<T>,
  ): Promise<void> {
    try {
      for await (const item of items) {
        while (this.running >= this.limit && !this.over()) await this.turn();
        if (this.over()) break;
        this.running += 1;
        void this.attempt(item, work, onGivenUp);
      }
    } catch (cause) {
      this.failure ??= { cause };
    }
    while (this.running > 0) await this.turn();
    if (this.failure !== undefined) throw this.failure.cause;
  }

  private over(): boolean {
    return this.isStopped || this.failure !== undefined;
  }

  private async turn(): Promise<void> {
    await new Promise<void>((wake) => {
      this.wake = wake;
    });
  }

  private async attempt<T>(
    item: T,
    work: (item: T) => Promise<void>,
    onGivenUp: OnGivenUp<T>,
  ): Promise<void> {
    const { clock, isBusy, tries } = this.options;
    try {
      for (let attempt = 1; ; attempt += 1) {
        const { epoch } = this;
        try {
          await work(item);
          this.succeeded();
          return;
        } catch (cause) {
          if (!isBusy(cause)) throw cause;
          this.narrow(epoch);
          if (attempt >= tries || this.over()) {
            onGivenUp(item, cause);
            return;
          }
          const pause = Math.min(LONGEST_PAUSE, PAUSE * 2 ** (attempt - 1));
          await clock.wait(pause / 2 + (Math.random() * pause) / 2);
          if (this.over()) {
            onGivenUp(item, cause);
            return;
          }
        }
      }
    } catch (cause) {
      this.failure ??= { cause };
    } finally {
      this.running -= 1;
      this.wake?.();
    }
  }

  private succeeded(): void {
    this.successes += 1;
    if (this.successes < this.limit) return;
    this.successes = 0;
    this.limit = Math.min(this.options.most, this.limit + 1);
  }

  private narrow(epoch: number): void {
    this.successes = 0;
    if (epoch !== this.epoch) return;
    this.epoch += 1;
    this.limit = Math.max(1, Math.floor(this.limit / 2));
  }
}
