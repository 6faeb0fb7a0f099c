import { type Instant, parseInstant } from '../../../lib/lock/instant.ts';
import { type LockState, UNLOCKED } from '../../../lib/lock/state.ts';
import { type Policy } from '../../../lib/policy/compile.ts';
import { type VersionFacts } from '../../../lib/policy/facts.ts';
import { parsePolicy } from '../../../lib/policy/parse.ts';

export const NOW = parseInstant('2026-11-20T12:00:00Z');

/** A policy from its text; a test that means a broken one parses it itself. */
export function policyOf(text: string): Policy {
  const parsed = parsePolicy(text, { hash: 'test' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.policy;
}

export interface VersionParts {
  readonly bucket?: string;
  readonly key?: string;
  readonly created?: string;
  readonly size?: number | 'unknown';
  readonly tags?: Readonly<Record<string, string>> | 'unknown';
  readonly current?: boolean | 'unknown';
  readonly lock?: LockState;
}

export function versionOf(parts: VersionParts = {}): VersionFacts {
  const { tags = {} } = parts;
  return {
    bucket: parts.bucket ?? 'acme-docs',
    key: parts.key ?? 'a/b.txt',
    created: parts.created === undefined ? NOW : parseInstant(parts.created),
    size: parts.size ?? 10,
    tags: tags === 'unknown' ? tags : new Map(Object.entries(tags)),
    current: parts.current ?? true,
    lock: parts.lock ?? UNLOCKED,
  };
}

export function lockedUntil(mode: 'GOVERNANCE' | 'COMPLIANCE', until: Instant | string): LockState {
  const moment = typeof until === 'string' ? parseInstant(until) : until;
  return { retention: { state: 'locked', mode, until: moment }, hold: 'none' };
}
