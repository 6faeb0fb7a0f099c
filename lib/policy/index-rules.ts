/**
 * Finds the few rules that could match a version, without looking at those that cannot.
 *
 * Rules are sorted by bucket, then by the beginning of the key they ask for, then by a tag they ask for.
 * The prefixes of a bucket are kept in order with a link from each to the longest one that it begins with:
 * one binary search finds every prefix of a key.
 */
import { compileGlob, literalHead } from './glob.ts';
import { type Tags } from './facts.ts';
import { type RuleFile } from './schema.ts';

interface Indexed {
  readonly order: number;
  readonly match: NonNullable<RuleFile['match']>;
}

/** Rules with the same bucket and prefix. */
interface Group<R> {
  readonly always: R[];
  readonly byTag: Map<string, { readonly any: R[]; readonly byValue: Map<string, R[]> }>;
  /** All rules of `byTag`: the candidates while the tags are unknown. */
  readonly tagged: R[];
}

interface PrefixNode<R> {
  readonly prefix: string;
  readonly group: Group<R>;
  readonly parent: PrefixNode<R> | undefined;
}

export interface RuleIndex<R> {
  /** Calls `visit` for every rule whose {@link openPart} may still hold; no order is promised. */
  candidates(bucket: string, key: string, tags: Tags | 'unknown', visit: (rule: R) => void): void;
}

/** Buckets remembered at once; a store has few, and a forged event must not fill the memory. */
const BUCKETS_KEPT = 1_000;

export function indexRules<R extends Indexed>(rules: readonly R[]): RuleIndex<R> {
  const selectors = rules.map((rule) => ({ rule, ofBucket: bucketTest(rule.match.bucket) }));
  const known = new Map<string, readonly PrefixNode<R>[]>();

  function nodesOf(bucket: string): readonly PrefixNode<R>[] {
    let nodes = known.get(bucket);
    if (nodes === undefined) {
      nodes = buildNodes(selectors.filter(({ ofBucket }) => ofBucket(bucket)).map(({ rule }) => rule));
      if (known.size >= BUCKETS_KEPT) known.clear();
      known.set(bucket, nodes);
    }
    return nodes;
  }

  return {
    candidates(bucket, key, tags, visit) {
      for (let node = longestPrefix(nodesOf(bucket), key); node !== undefined; node = node.parent) {
        visitGroup(node.group, tags, visit);
      }
    },
  };
}

function visitGroup<R>(group: Group<R>, tags: Tags | 'unknown', visit: (rule: R) => void): void {
  for (const rule of group.always) visit(rule);
  if (group.tagged.length === 0) return;
  if (tags === 'unknown') {
    group.tagged.forEach(visit);
    return;
  }
  for (const [key, value] of tags) {
    const branch = group.byTag.get(key);
    if (branch === undefined) continue;
    for (const rule of branch.any) visit(rule);
    const same = branch.byValue.get(value);
    if (same !== undefined) for (const rule of same) visit(rule);
  }
}

/** The longest of the sorted prefixes that the key begins with; the shorter ones hang on it as parents. */
function longestPrefix<R>(nodes: readonly PrefixNode<R>[], key: string): PrefixNode<R> | undefined {
  let low = 0;
  let high = nodes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const node = nodes[middle];
    if (node !== undefined && node.prefix <= key) low = middle + 1;
    else high = middle;
  }
  // An index below zero would be looked up as a name, which is slow.
  let node = low === 0 ? undefined : nodes[low - 1];
  while (node !== undefined && !key.startsWith(node.prefix)) node = node.parent;
  return node;
}

function buildNodes<R extends Indexed>(rules: readonly R[]): PrefixNode<R>[] {
  const groups = new Map<string, Group<R>>();
  for (const rule of rules) {
    const prefix = prefixOf(rule.match);
    let group = groups.get(prefix);
    if (group === undefined) {
      group = { always: [], byTag: new Map(), tagged: [] };
      groups.set(prefix, group);
    }
    place(rule, group);
  }
  const nodes: PrefixNode<R>[] = [];
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [prefix, group] of sorted) {
    nodes.push({ prefix, group, parent: longestPrefix(nodes, prefix) });
  }
  return nodes;
}

function place<R extends Indexed>(rule: R, group: Group<R>): void {
  const required = requiredTag(rule.match);
  if (required === undefined) {
    group.always.push(rule);
    return;
  }
  group.tagged.push(rule);
  const branch = group.byTag.get(required.key) ?? { any: [], byValue: new Map<string, R[]>() };
  group.byTag.set(required.key, branch);
  if (required.values === undefined) {
    branch.any.push(rule);
    return;
  }
  for (const value of new Set(required.values)) {
    const same = branch.byValue.get(value);
    if (same === undefined) branch.byValue.set(value, [rule]);
    else same.push(rule);
  }
}

/** A tag without which the rule cannot match, with its possible values where they are listed. */
function requiredTag(match: Indexed['match']): { key: string; values?: readonly string[] } | undefined {
  const conditions = Object.entries(match.tags ?? {});
  for (const [key, wanted] of conditions) {
    if (typeof wanted === 'string') return { key, values: [wanted] };
    if (Array.isArray(wanted)) return { key, values: wanted };
  }
  const present = conditions.find(([, wanted]) => typeof wanted === 'object' && !('absent' in wanted));
  return present === undefined ? undefined : { key: present[0] };
}

/** The conditions that finding a rule leaves open: its bucket holds then, and its prefix if that led to it. */
export function openPart(match: Indexed['match']): Indexed['match'] {
  const isProven = match.prefix === prefixOf(match);
  return { ...match, bucket: undefined, prefix: isProven ? undefined : match.prefix };
}

/** The longest beginning that every matching key has. */
function prefixOf(match: Indexed['match']): string {
  const head = match.key === undefined ? '' : literalHead(match.key);
  const prefix = match.prefix ?? '';
  return head.length > prefix.length ? head : prefix;
}

function bucketTest(pattern: string | undefined): (bucket: string) => boolean {
  return pattern === undefined ? () => true : compileGlob(pattern);
}
