/** A ledger that costs nothing: the floor of what any other one adds. */
import { type Ledger, type LedgerItem, type LedgerKey } from '../lib/ports/ledger.ts';

export class MemoryLedger implements Ledger {
  private readonly groups = new Map<string, Map<string, LedgerItem>>();
  private revisions = 0;

  async get({ group, name }: LedgerKey): Promise<LedgerItem | undefined> {
    return this.groups.get(group)?.get(name);
  }

  async put(
    { group, name }: LedgerKey,
    body: string,
    expected: { readonly rev: string } | 'none',
  ): Promise<{ readonly rev: string } | undefined> {
    const items = this.groups.get(group) ?? new Map<string, LedgerItem>();
    const now = items.get(name);
    if (now?.rev !== (expected === 'none' ? undefined : expected.rev)) return undefined;
    const rev = String((this.revisions += 1));
    items.set(name, { group, name, body, rev });
    this.groups.set(group, items);
    return { rev };
  }

  async *list(group: string): AsyncGenerator<LedgerItem> {
    yield* [...(this.groups.get(group)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
