/**
 * What tasks do, by what they have heard.
 *
 * A suspended function can be neither copied nor compared. But it does the same whenever it hears the same: a task
 * is where it is by the list of the answers that it has had. These lists form a tree, and each of its nodes is run
 * once, however many states of the world have a task there.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type Instant, instantOf } from '../../lib/lock/instant.ts';
import { handle } from './messages.ts';
import { depsOf, type Fault } from './ports.ts';
import { type Answer, type Request } from './world.ts';

export interface Pending {
  readonly id: number;
  readonly request: Request;
}

export type End = { readonly value: unknown } | { readonly error: unknown };

/** A task after it has heard certain answers. */
export interface Place {
  readonly id: number;
  readonly pending: readonly Pending[];
  /** What it sent since the answer before. */
  readonly sent: readonly string[];
  readonly end: End | undefined;
  /** Whether it looked at the clock since the answer before: if not, it does not matter what time it was. */
  readonly timed: boolean;
  /** How many answers it has had. */
  readonly depth: number;
}

interface Heard {
  readonly id: number;
  readonly answer: Answer;
  readonly now: number;
}

interface Node extends Place {
  readonly root: { readonly message: string; readonly receives: number; readonly now: number };
  readonly path: readonly Heard[];
  readonly next: Map<string, Node>;
  /** The task itself, suspended here, until it goes on. */
  live: Live | undefined;
}

/** One run of a task. */
class Live {
  now: number;
  end: End | undefined;
  timed = false;
  private asked = 0;
  private sent: string[] = [];
  private readonly waiting = new Map<number, { request: Request; hear: (answer: Answer) => void }>();

  constructor(message: string, receives: number, now: number, fault: Fault | undefined) {
    this.now = now;
    const asking = {
      ask: async (request: Request): Promise<Answer> =>
        new Promise((hear) => {
          this.asked += 1;
          this.waiting.set(this.asked, { request, hear });
        }),
      now: (): Instant => {
        this.timed = true;
        return instantOf(this.now);
      },
      send: (bodies: readonly string[]) => {
        this.sent.push(...bodies);
      },
    };
    handle(message, receives, depsOf(asking, fault)).then(
      (value) => (this.end = { value }),
      (error: unknown) => (this.end = { error }),
    );
  }

  /** Goes on until it waits for the world again, or ends: all that it awaits otherwise is done within one turn. */
  async hear({ id, answer, now }: Heard): Promise<void> {
    this.now = now;
    this.timed = false;
    const { hear } = this.waiting.get(id) ?? {};
    this.waiting.delete(id);
    hear?.(answer);
    await turn();
  }

  pending(): Pending[] {
    return [...this.waiting].map(([id, { request }]) => ({ id, request }));
  }

  takeSent(): string[] {
    return this.sent.splice(0);
  }
}

export class Histories {
  /** How many places there are. */
  size = 0;
  private readonly roots = new Map<string, Node>();
  private readonly fault: Fault | undefined;

  constructor(fault?: Fault) {
    this.fault = fault;
  }

  /** A task that has begun and heard nothing yet. */
  begin(message: string, receives: number, now: number): Place | Promise<Place> {
    return found(this.roots, `${receives} ${message}`, now) ?? this.beginAnew(message, receives, now);
  }

  /** A task when one of its requests has been answered. */
  after(place: Place, id: number, answer: Answer, now: number): Place | Promise<Place> {
    const node = place as Node;
    return found(node.next, `${id} ${JSON.stringify(answer)}`, now) ?? this.hear(node, { id, answer, now });
  }

  private async beginAnew(message: string, receives: number, now: number): Promise<Place> {
    const live = await this.start({ message, receives, now });
    const node = this.add({ message, receives, now }, [], live);
    this.roots.set(nameOf(`${receives} ${message}`, node.timed, now), node);
    return node;
  }

  private async hear(node: Node, heard: Heard): Promise<Place> {
    const live = node.live ?? (await this.replay(node));
    node.live = undefined;
    await live.hear(heard);
    const after = this.add(node.root, [...node.path, heard], live);
    node.next.set(nameOf(`${heard.id} ${JSON.stringify(heard.answer)}`, after.timed, heard.now), after);
    return after;
  }

  private async replay({ root, path }: Node): Promise<Live> {
    const live = await this.start(root);
    for (const heard of path) await live.hear(heard);
    live.takeSent();
    return live;
  }

  private async start({ message, receives, now }: Node['root']): Promise<Live> {
    const live = new Live(message, receives, now, this.fault);
    await turn();
    return live;
  }

  private add(root: Node['root'], path: readonly Heard[], live: Live): Node {
    this.size += 1;
    const { end, timed } = live;
    return {
      ...{ id: this.size, root, path, depth: path.length, next: new Map<string, Node>() },
      ...{ pending: live.pending(), sent: live.takeSent(), end, timed },
      live: end === undefined ? live : undefined,
    };
  }
}

function nameOf(what: string, timed: boolean, now: number): string {
  return timed ? `${what} at ${now}` : what;
}

function found(among: ReadonlyMap<string, Node>, what: string, now: number): Node | undefined {
  return among.get(what) ?? among.get(nameOf(what, true, now));
}
