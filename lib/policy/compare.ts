/** What changes from one policy to the next, in words that a reviewer can approve. */
import { type PolicyFile, type RuleFile } from './schema.ts';

export interface PolicyChange {
  readonly kind: 'added' | 'removed' | 'changed' | 'setting';
  /** The rule or the setting. */
  readonly name: string;
  readonly detail: string;
}

/** Compares two policies rule by rule, by name; `undefined` means that there was none before. */
export function comparePolicies(before: PolicyFile | undefined, after: PolicyFile): PolicyChange[] {
  const old = new Map((before?.rules ?? []).map((rule) => [rule.name, rule]));
  const fresh = new Map(after.rules.map((rule) => [rule.name, rule]));
  const removed = [...old.keys()].filter((name) => !fresh.has(name));
  return [
    ...differences(before?.settings ?? {}, after.settings ?? {}).map((detail) => ({
      kind: 'setting' as const,
      name: 'settings',
      detail,
    })),
    ...removed.map((name) => ({
      kind: 'removed' as const,
      name,
      detail: 'locks that it set stay as they are',
    })),
    ...after.rules.flatMap((rule): PolicyChange[] => {
      const was = old.get(rule.name);
      if (was === undefined) return [{ kind: 'added', name: rule.name, detail: summary(rule) }];
      return differences(was, rule).map((detail) => ({ kind: 'changed', name: rule.name, detail }));
    }),
  ];
}

function summary({ lock, match, enforce }: RuleFile): string {
  const { mode, ...term } = lock;
  const where = match === undefined || Object.keys(match).length === 0 ? 'every version' : flow(match);
  return `${mode} ${flow(term)} on ${where}${enforce === 'observe' ? ' (observe)' : ''}`;
}

/** Every leaf that differs, as `path: old → new`. */
function differences(before: object, after: object): string[] {
  const [old, fresh] = [leaves(before), leaves(after)];
  const keys = new Set([...old.keys(), ...fresh.keys()]);
  return [...keys]
    .filter((key) => old.get(key)?.exact !== fresh.get(key)?.exact)
    .map((key) => {
      const path = (old.get(key) ?? fresh.get(key))?.path ?? '';
      const [was, is] = [old.get(key)?.exact, fresh.get(key)?.exact].map((exact) => exact ?? 'not set');
      // Where two values only look alike without their quotes, the quotes are what changed.
      const alike = plain(was ?? '') === plain(is ?? '');
      return alike
        ? `${path}: ${was ?? ''} → ${is ?? ''}`
        : `${path}: ${plain(was ?? '')} → ${plain(is ?? '')}`;
    });
}

interface Leaf {
  readonly path: string;
  readonly exact: string;
}

/** The leaves of a document, by their path as JSON: a dot in a key is not a step. */
function leaves(node: unknown, path: readonly string[] = []): Map<string, Leaf> {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) {
    return new Map([[JSON.stringify(path), { path: path.join('.'), exact: JSON.stringify(node) }]]);
  }
  return new Map(Object.entries(node).flatMap(([key, value]) => [...leaves(value, [...path, key])]));
}

function flow(value: unknown): string {
  return plain(JSON.stringify(value));
}

function plain(json: string): string {
  return json.replaceAll('"', '');
}
