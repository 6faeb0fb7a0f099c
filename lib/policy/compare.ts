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
  const paths = new Set([...old.keys(), ...fresh.keys()]);
  return [...paths]
    .filter((path) => old.get(path) !== fresh.get(path))
    .map((path) => `${path}: ${old.get(path) ?? 'not set'} → ${fresh.get(path) ?? 'not set'}`);
}

function leaves(node: unknown, path = ''): Map<string, string> {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return new Map([[path, flow(node)]]);
  return new Map(
    Object.entries(node).flatMap(([key, value]) => [...leaves(value, path === '' ? key : `${path}.${key}`)]),
  );
}

function flow(value: unknown): string {
  return JSON.stringify(value).replaceAll('"', '');
}
