/** Watches the requests of SDK clients: which there were, when they ended, and which had to wait for others. */

export interface SeenRequest {
  /** The operation, such as `HeadObject`. */
  readonly name: string;
  /** The requests, this one included, that came one after the other up to this one. */
  readonly depth: number;
  readonly endedAt: number;
}

type Step<Arguments, Answer> = (args: Arguments) => Promise<Answer>;

export class RequestProbe {
  private seen: SeenRequest[] = [];
  private deepest = 0;

  /** A middleware for the step `initialize`: it sees a request once, with all its retries. */
  readonly middleware = <Arguments, Answer>(
    next: Step<Arguments, Answer>,
    { commandName = '' }: { readonly commandName?: string },
  ): Step<Arguments, Answer> => {
    return async (args) => {
      // What had ended when it began is what it may have waited for.
      const depth = this.deepest + 1;
      const answer = await next(args);
      this.deepest = Math.max(this.deepest, depth);
      this.seen.push({ name: commandName.replace(/Command$/, ''), depth, endedAt: performance.now() });
      return answer;
    };
  };

  /** What was seen since the last time, in the order in which it ended. */
  take(): SeenRequest[] {
    const { seen } = this;
    this.seen = [];
    this.deepest = 0;
    return seen;
  }
}
