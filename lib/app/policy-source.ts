/** The policy in force, as a function sees it: cached, and never replaced by a broken one. */
import { HoldfastError } from '../errors.ts';
import { type Instant } from '../lock/instant.ts';
import { type Policy } from '../policy/compile.ts';
import { type Clock } from '../ports/clock.ts';
import { type Documents } from '../ports/documents.ts';
import {
  type DeliveryDeps,
  FILE,
  type PolicyEntry,
  type PolicyPointer,
  readPointer,
  readText,
  readVersion,
} from './policy-delivery.ts';

export interface PolicySource {
  /** @throws HoldfastError `bad-policy` when there is no good policy at all: then nothing may be written. */
  current(): Promise<Policy>;
}

export interface DeliveredPolicyOptions {
  readonly documents: Documents;
  readonly clock: Clock;
  readonly reading: DeliveryDeps['reading'];
  /** The policy that came with the deployment, in force until the first activation. */
  readonly packaged: Policy;
  /** Told each time the active policy could not be taken over: the last good one stays in force. */
  readonly onStale: (cause: unknown) => void;
}

/** How long the pointer is believed before it is looked at again (milliseconds). */
const FRESH = 30_000;

/** Follows the pointer in the configuration bucket. */
export class DeliveredPolicy implements PolicySource {
  private readonly options: DeliveredPolicyOptions;
  private good: { readonly policy: Policy; readonly etag: string } | undefined;
  private checkedAt: Instant | undefined;
  /** A batch asks ten times at once, and one answer serves all. */
  private loading: Promise<Policy> | undefined;

  constructor(options: DeliveredPolicyOptions) {
    this.options = options;
  }

  async current(): Promise<Policy> {
    const now = this.options.clock.now();
    if (this.good !== undefined && this.checkedAt !== undefined && now - this.checkedAt < FRESH) {
      return this.good.policy;
    }
    this.loading ??= this.refresh(now).finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async refresh(now: Instant): Promise<Policy> {
    try {
      this.good = await this.load();
    } catch (cause) {
      this.options.onStale(cause);
      if (this.good === undefined) throw cause;
    }
    this.checkedAt = now;
    return this.good.policy;
  }

  private async load(): Promise<{ policy: Policy; etag: string }> {
    const { documents, packaged } = this.options;
    const stored = await readPointer(documents);
    if (stored === undefined) {
      if (await this.wasEverActivated()) {
        throw new HoldfastError('bad-policy', {
          what: 'the pointer to the active policy is gone',
          next: 'activate the policy again with holdfast policy activate',
        });
      }
      return { policy: packaged, etag: '' };
    }
    if (stored.etag === this.good?.etag) return this.good;
    try {
      return { policy: await this.read(stored.pointer.active), etag: stored.etag };
    } catch (cause) {
      if (this.good !== undefined) throw cause;
      return { policy: await this.lastGood(stored.pointer, cause), etag: '' };
    }
  }

  /** At a cold start with a broken active policy, the one before it is better than none. */
  private async lastGood({ before }: PolicyPointer, cause: unknown): Promise<Policy> {
    for (const entry of before) {
      try {
        const policy = await this.read(entry);
        this.options.onStale(cause);
        return policy;
      } catch {
        continue;
      }
    }
    throw cause;
  }

  private async read(entry: PolicyEntry): Promise<Policy> {
    const { documents, reading } = this.options;
    const parsed = readText(await readVersion(documents, entry), reading);
    if (parsed.ok) return parsed.policy;
    throw new HoldfastError('bad-policy', {
      what: `the active policy is broken here: ${parsed.problems[0]?.message ?? 'it cannot be read'}`,
      next: 'roll it back with holdfast policy rollback',
    });
  }

  private async wasEverActivated(): Promise<boolean> {
    const seen = this.good !== undefined && this.good.etag !== '';
    return seen || (await this.options.documents.get(FILE)) !== undefined;
  }
}
