/** The queue of holds in memory, with as many functions behind it as are given. */
import { setTimeout } from 'node:timers/promises';
import { handleHoldMessage } from '../lib/app/matters/hold-message.ts';
import { type StepDeps } from '../lib/app/matters/step.ts';
import { type Instant, instantOf } from '../lib/lock/instant.ts';
import { type Clock } from '../lib/ports/clock.ts';
import { type DelayQueue } from '../lib/ports/delay-queue.ts';
import { type WorkQueue } from '../lib/ports/work-queue.ts';

/** What a function of the deployment may take, without the time that it keeps back (milliseconds). */
const TIME = 840_000;

/** Hands each message to a function that is free; time in which all functions would wait is skipped. */
export class HoldPump {
  private readonly ready: string[] = [];
  private delayed: { readonly body: string; readonly due: Instant }[] = [];
  private ahead: number;
  private pushed = signal();

  /** @param ahead - how far its clock is ahead of the machine's from the start (milliseconds). */
  constructor(ahead: number) {
    this.ahead = ahead;
  }

  readonly clock: Clock = {
    now: () => instantOf(Date.now() + this.ahead),
    wait: async (milliseconds) => setTimeout(milliseconds),
  };

  readonly holds: WorkQueue = {
    send: async (bodies) => {
      this.ready.push(...bodies);
      this.pushed.give();
    },
  };

  readonly later: DelayQueue = {
    sendLater: async (body, seconds) => {
      this.delayed.push({ body, due: instantOf(this.clock.now() + seconds * 1_000) });
    },
  };

  /** Works until nothing is left to do; each function works on one message at a time, as those of Lambda do. */
  async run(functions: readonly StepDeps[]): Promise<void> {
    const free = [...functions];
    const running = new Set<Promise<void>>();
    for (;;) {
      this.deliver();
      while (this.ready.length > 0) {
        const deps = free.pop();
        if (deps === undefined) break;
        const work = this.handle(deps).finally(() => {
          running.delete(work);
          free.push(deps);
        });
        running.add(work);
      }
      if (running.size > 0) {
        this.pushed = signal();
        await Promise.race([...running, this.pushed.given]);
      } else if (this.delayed.length > 0) this.skip();
      else return;
    }
  }

  private async handle(deps: StepDeps): Promise<void> {
    const body = this.ready.shift() ?? '';
    const deadline = instantOf(this.clock.now() + TIME);
    if (!(await handleHoldMessage(body, 1, deadline, deps))) throw new Error(`not a message: ${body}`);
  }

  private deliver(): void {
    const now = this.clock.now();
    this.ready.push(...this.delayed.filter(({ due }) => due <= now).map(({ body }) => body));
    this.delayed = this.delayed.filter(({ due }) => due > now);
  }

  private skip(): void {
    const next = Math.min(...this.delayed.map(({ due }) => due));
    this.ahead += Math.max(0, next - this.clock.now());
  }
}

interface Signal {
  readonly given: Promise<void>;
  readonly give: () => void;
}

function signal(): Signal {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return {
    given,
    give: () => {
      give();
    },
  };
}
