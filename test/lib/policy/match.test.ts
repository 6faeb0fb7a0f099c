import { describe, expect, it } from '@jest/globals';
import { decide } from '../../../lib/policy/decide.ts';
import { NOW, policyOf, versionOf, type VersionParts } from './policy-helpers.ts';

function matches(match: string, version: VersionParts): boolean {
  const policy = policyOf(
    `version: 1\nrules:\n  - name: r\n    match: ${match}\n    lock: { mode: GOVERNANCE, for: P1D }\n`,
  );
  return decide(policy, versionOf(version), NOW).matched.length > 0;
}

describe('a condition', () => {
  it.each<[string, VersionParts, boolean]>([
    ['{}', {}, true],
    ['{ bucket: acme-* }', { bucket: 'acme-docs' }, true],
    ['{ bucket: acme-* }', { bucket: 'other' }, false],
    ['{ bucket: acme-docs }', { bucket: 'acme-docs' }, true],
    ['{ prefix: invoices/ }', { key: 'invoices/1' }, true],
    ['{ prefix: invoices/ }', { key: 'Invoices/1' }, false],
    ['{ suffix: .pdf }', { key: 'a.pdf' }, true],
    ['{ suffix: .pdf }', { key: 'a.pdf.tmp' }, false],
    ['{ key: "logs/*/*.gz" }', { key: 'logs/a/b.gz' }, true],
    ['{ key: "logs/*/*.gz" }', { key: 'logs/a/b/c.gz' }, false],
    ['{ key: "logs/**.gz" }', { key: 'logs/a/b/c.gz' }, true],
    ['{ prefix: logs/, key: "logs/a*" }', { key: 'logs/ab' }, true],
    ['{ size: { atLeast: 10 } }', { size: 10 }, true],
    ['{ size: { atLeast: 10 } }', { size: 9 }, false],
    ['{ size: { atMost: 10 } }', { size: 11 }, false],
    ['{ created: { from: 2026-11-20 } }', { created: '2026-11-20T00:00:00Z' }, true],
    ['{ created: { from: 2026-11-20 } }', { created: '2026-11-19T23:59:59Z' }, false],
    ['{ created: { to: 2026-11-20 } }', { created: '2026-11-20T23:59:59Z' }, true],
    ['{ created: { to: 2026-11-20 } }', { created: '2026-11-21T00:00:00Z' }, false],
    ['{ tags: { a: b } }', { tags: { a: 'b' } }, true],
    ['{ tags: { a: b } }', { tags: { a: 'B' } }, false],
    ['{ tags: { a: b } }', {}, false],
    ['{ tags: { a: [b, c] } }', { tags: { a: 'c' } }, true],
    ['{ tags: { a: [b, c] } }', { tags: { a: 'd' } }, false],
    ['{ tags: { a: { glob: "x-*" } } }', { tags: { a: 'x-1' } }, true],
    ['{ tags: { a: { glob: "x-*" } } }', { tags: { a: 'y-1' } }, false],
    ['{ tags: { a: { present: true } } }', { tags: { a: '' } }, true],
    ['{ tags: { a: { present: true } } }', { tags: { b: '' } }, false],
    ['{ tags: { a: { absent: true } } }', { tags: { b: '' } }, true],
    ['{ tags: { a: { absent: true } } }', { tags: { a: '' } }, false],
    ['{ tags: { a: b, c: d } }', { tags: { a: 'b' } }, false],
    ['{ tags: { a: b, c: d } }', { tags: { c: 'd', a: 'b' } }, true],
    ['{ prefix: a/, except: [{ suffix: .tmp }] }', { key: 'a/x.tmp' }, false],
    ['{ prefix: a/, except: [{ suffix: .tmp }] }', { key: 'a/x.pdf' }, true],
    ['{ except: [{ suffix: .tmp, tags: { keep: y } }] }', { key: 'x.tmp' }, true],
    ['{ except: [{ suffix: .tmp }, { prefix: tmp/ }] }', { key: 'tmp/x' }, false],
    ['{ prefix: a/, size: { atLeast: 1 } }', { key: 'b/', size: 'unknown' }, false],
    ['{ tags: { constructor: { present: true } } }', { tags: {} }, false],
  ])('%s on %j: %s', (match, version, expected) => {
    expect(matches(match, version)).toBe(expected);
  });
});
