/** The brakes: `holdfast pause` by hand, and the breaker that trips when too much comes under COMPLIANCE in an hour. */
import * as z from 'zod';
import { type DeedRecord } from '../audit/record.ts';
import { HoldfastError } from '../errors.ts';
import { jsonOf } from '../json.ts';
import { formatInstant, type Instant } from '../lock/instant.ts';
import { type Documents } from '../ports/documents.ts';
import { recordDeed } from './record-deed.ts';
import { type RecordDeps } from './record-deps.ts';

const BRAKE = 'brake.json';
const stateSchema = z.object({ paused: z.boolean(), reason: z.string(), by: z.string(), at: z.string() });
const usageSchema = z.object({ versions: z.number().nonnegative(), bytes: z.number().nonnegative() });

export type BrakeState = z.infer<typeof stateSchema>;

/** So many versions and bytes. */
export interface Load {
  readonly versions: number;
  readonly bytes: number;
}

export interface BrakeOptions extends RecordDeps {
  readonly documents: Documents;
  /** What may newly come under COMPLIANCE in an hour, over all functions together. */
  readonly limit: Load;
}

/** Why a version may not come under COMPLIANCE. */
export interface Refused {
  readonly why: 'tripped' | 'too-large';
  readonly reason: string;
}

/** How long the state is believed before it is read again (milliseconds). */
const FRESH = 10_000;
/**
 * A function takes its share of the hour's limit in pieces, so that not every version costs a write. They are
 * small, since what a function took and did not use is lost for that hour.
 */
const PIECES = 1_000;
const TRIES = 12;

/** Stops everything that sets or extends retention while it is on; holds may still be placed. */
export class Brake {
  private readonly options: BrakeOptions;
  private seen: { readonly state: BrakeState | undefined; readonly at: Instant } | undefined;
  /** A batch asks ten times at once, and one answer serves all. */
  private reading: Promise<BrakeState | undefined> | undefined;
  private share: Load & { readonly hour: string } = { hour: '', versions: 0, bytes: 0 };
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: BrakeOptions) {
    this.options = options;
  }

  /** Why nothing may be written now; `undefined` when it may. */
  async pausedBecause(): Promise<string | undefined> {
    const now = this.options.clock.now();
    const isFresh = this.seen !== undefined && now - this.seen.at < FRESH;
    if (!isFresh)
      this.reading ??= this.refresh(now).finally(() => {
        this.reading = undefined;
      });
    const state = isFresh ? this.seen?.state : await this.reading;
    return state?.paused === true ? state.reason : undefined;
  }

  private async refresh(at: Instant): Promise<BrakeState | undefined> {
    const before = this.seen;
    const state = await this.read();
    // Whoever set it meanwhile knows better than an answer that was under way.
    if (this.seen === before) this.seen = { state, at };
    return this.seen?.state;
  }

  async show(): Promise<BrakeState | undefined> {
    return this.read();
  }

  async pause(reason: string): Promise<void> {
    await this.set(true, reason, 'paused');
  }

  /** Lets writes go on, and gives the present hour its whole limit again. */
  async resume(reason: string): Promise<void> {
    await this.options.documents.put(this.usageName(), JSON.stringify({ versions: 0, bytes: 0 }), 'any');
    await this.set(false, reason, 'resumed');
  }

  /**
   * Asks for room to bring a version under COMPLIANCE; one after the other, so that no place is given twice.
   *
   * @returns why it may not be written. When the breaker has `tripped`, everybody is paused.
   */
  async admit(load: Load): Promise<Refused | undefined> {
    const turn = this.turn.then(async () => this.admitNext(load));
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  private async admitNext(load: Load): Promise<Refused | undefined> {
    const { limit } = this.options;
    if (!fits(load, limit)) {
      return {
        why: 'too-large',
        reason: `${load.bytes} bytes are more than the ${limit.bytes} of a whole hour`,
      };
    }
    // Whoever tripped it while this one waited its turn has said so already.
    const paused = await this.pausedBecause();
    if (paused !== undefined) return { why: 'tripped', reason: paused };
    const hour = this.usageName();
    if (this.share.hour !== hour) this.share = { hour, versions: 0, bytes: 0 };
    if (!fits(load, this.share) && !(await this.takeShare(load, hour))) {
      const { versions, bytes } = limit;
      const reason = `the breaker tripped: more than ${versions} versions or ${bytes} bytes would come under COMPLIANCE within an hour`;
      await this.set(true, reason, 'breaker-tripped');
      return { why: 'tripped', reason };
    }
    const { versions, bytes } = this.share;
    this.share = { hour, versions: versions - load.versions, bytes: bytes - load.bytes };
    return undefined;
  }

  /** Reserves a piece of the hour's limit by a conditional write, so that all functions together keep to it. */
  private async takeShare(load: Load, hour: string): Promise<boolean> {
    const { documents, limit, clock } = this.options;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const document = await documents.get(hour);
      const used = document === undefined ? { versions: 0, bytes: 0 } : usageOf(hour, document.body);
      const left = { versions: limit.versions - used.versions, bytes: limit.bytes - used.bytes };
      if (!fits(load, left)) return false;
      const piece = {
        versions: Math.min(left.versions, Math.max(load.versions, Math.ceil(limit.versions / PIECES))),
        bytes: Math.min(left.bytes, Math.max(load.bytes, Math.ceil(limit.bytes / PIECES))),
      };
      const next = JSON.stringify({
        versions: used.versions + piece.versions,
        bytes: used.bytes + piece.bytes,
      });
      const expected = document === undefined ? 'none' : { etag: document.etag };
      if ((await documents.put(hour, next, expected)) !== undefined) {
        this.share = {
          hour,
          versions: this.share.versions + piece.versions,
          bytes: this.share.bytes + piece.bytes,
        };
        return true;
      }
      // Others were faster: step aside for a moment, each for another length of time.
      await clock.wait(Math.random() * Math.min(2_000, 50 * 2 ** attempt));
    }
    throw new HoldfastError('throttled', {
      what: `the breaker could not count: ${TRIES} other writers were faster`,
      next: 'nothing was written; it is tried again',
    });
  }

  private async read(): Promise<BrakeState | undefined> {
    const document = await this.options.documents.get(BRAKE);
    if (document === undefined) return undefined;
    const parsed = stateSchema.safeParse(jsonOf(document.body));
    if (parsed.success) return parsed.data;
    throw new HoldfastError('bad-input', {
      what: `${BRAKE} cannot be read`,
      next: 'write it anew with holdfast pause or holdfast resume; until then nothing is locked',
    });
  }

  private async set(paused: boolean, reason: string, action: DeedRecord['action']): Promise<void> {
    const { documents, clock, actor } = this.options;
    const now = clock.now();
    const state: BrakeState = { paused, reason, by: actor, at: formatInstant(now) };
    await documents.put(BRAKE, `${JSON.stringify(state)}\n`, 'any');
    this.seen = { state, at: now };
    await recordDeed({ action, detail: reason }, this.options, now);
  }

  private usageName(): string {
    return `breaker/${formatInstant(this.options.clock.now()).slice(0, 13)}.json`;
  }
}

function fits(load: Load, room: Load): boolean {
  return load.versions <= room.versions && load.bytes <= room.bytes;
}

function usageOf(name: string, body: string): Load {
  const parsed = usageSchema.safeParse(jsonOf(body));
  if (parsed.success) return parsed.data;
  throw new HoldfastError('bad-input', {
    what: `${name}, where the breaker counts, cannot be read`,
    next: 'run holdfast resume, which writes it anew; until then nothing comes under COMPLIANCE',
  });
}
