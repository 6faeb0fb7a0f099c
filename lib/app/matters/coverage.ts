/** Whether a selector covers a version: its tags are read only where nothing else decides. */
import { type Selector } from '../../matters/matter.ts';
import { compileMatch, type Condition, testAll } from '../../policy/match.ts';
import { type VersionFacts } from '../../policy/facts.ts';
import { instantOf } from '../../lock/instant.ts';
import { type LockStore } from '../../ports/lock-store.ts';
import { type KnownVersion } from './place-hold.ts';

export class Coverage {
  private readonly store: Pick<LockStore, 'readTags' | 'read'>;
  private readonly compiled = new WeakMap<Selector, readonly Condition[]>();

  constructor(store: Pick<LockStore, 'readTags' | 'read'>) {
    this.store = store;
  }

  /** Without any request; `ask` where a fact is missing. */
  mayCover(selector: Selector, known: KnownVersion): 'yes' | 'no' | 'ask' {
    const verdict = testAll(this.conditionsOf(selector), factsOf(known));
    return verdict === 'yes' || verdict === 'no' ? verdict : 'ask';
  }

  /** Reads what is missing; in doubt it is covered, since a hold too many can be taken off. */
  async covers(selector: Selector, known: KnownVersion): Promise<boolean> {
    const conditions = this.conditionsOf(selector);
    let facts = factsOf(known);
    for (;;) {
      const verdict = testAll(conditions, facts);
      if (verdict === 'yes' || verdict === 'no') return verdict === 'yes';
      if (verdict === 'tags' && facts.tags === 'unknown') {
        const tags = await this.store.readTags(known.ref);
        if (tags === 'unknown') return true;
        facts = { ...facts, tags };
        continue;
      }
      if (facts.size !== 'unknown') return true;
      const read = await this.store.read(known.ref);
      if (read.kind !== 'found') return read.kind === 'no-permission';
      if (read.version.size === 'unknown') return true;
      facts = { ...facts, size: read.version.size };
    }
  }

  private conditionsOf(selector: Selector): readonly Condition[] {
    const known = this.compiled.get(selector);
    if (known !== undefined) return known;
    const conditions = compileMatch(selector);
    this.compiled.set(selector, conditions);
    return conditions;
  }
}

function factsOf({ ref, created, size }: KnownVersion): VersionFacts {
  return {
    ...{ bucket: ref.bucket, key: ref.key, created: created ?? instantOf(0) },
    ...{ size: size ?? 'unknown', tags: 'unknown', current: 'unknown' },
    lock: { retention: { state: 'absent' }, hold: 'absent' },
  };
}
