/** How many requests the work on a matter sends, by what they are for. */
import { type HoldFunction } from './hold-path.ts';

/** What requests are for; each call of these ports is one request. */
export type Purpose = 'looks' | 'bits' | 'ledgerReads' | 'ledgerWrites' | 'others';

export class RequestCounts {
  private counts = new Map<Purpose, number>();

  /** The function, with every port counted that leads to a store. */
  watch({ deps, ...rest }: HoldFunction): HoldFunction {
    const seen = {
      store: this.counted(deps.store, (name) =>
        name === 'requireWritable' ? undefined : name === 'write' ? 'bits' : 'looks',
      ),
      clearer: this.counted(deps.clearer, () => 'bits'),
      ledger: this.counted(deps.ledger, (name) => (name === 'put' ? 'ledgerWrites' : 'ledgerReads')),
      rolls: this.counted(deps.rolls, () => 'others'),
      listing: this.counted(deps.listing, () => 'others'),
    };
    const clearing = { ...deps.clearing, ...seen };
    return { ...rest, deps: { ...deps, ...seen, clearing } };
  }

  count(purpose: Purpose): void {
    this.counts.set(purpose, (this.counts.get(purpose) ?? 0) + 1);
  }

  /** What was counted since the last time. */
  take(): ReadonlyMap<Purpose, number> {
    const { counts } = this;
    this.counts = new Map();
    return counts;
  }

  private counted<T extends object>(port: T, purposeOf: (name: string) => Purpose | undefined): T {
    return new Proxy(port, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== 'function' || typeof property !== 'string') return member;
        return (...args: unknown[]): unknown => {
          const purpose = purposeOf(property);
          if (purpose !== undefined) this.count(purpose);
          return Reflect.apply(member, target, args);
        };
      },
    });
  }
}
