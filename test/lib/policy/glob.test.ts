import { describe, expect } from '@jest/globals';
import { fc, it } from '@fast-check/jest';
import { compileGlob, literalHead } from '../../../lib/policy/glob.ts';

describe('key patterns', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/bc', false],
    ['a/*', 'a/b', true],
    ['a/*', 'a/b/c', false],
    ['a/*', 'a/', true],
    ['a/**', 'a/b/c', true],
    ['**', '', true],
    ['**/x', 'a/b/x', true],
    ['**/x', 'x', false],
    ['*/x', 'a/x', true],
    ['*/x', 'a/b/x', false],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'a/b/c', false],
    ['**.gz', 'logs/2026/a.gz', true],
    ['a**b*c', 'a/b/bcc', true],
    ['what?', 'what?', true],
    ['what?', 'whatx', false],
    ['[ab]', 'a', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['*😀*', 'x😀\ny', true],
  ])('%s on %j: %s', (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected);
  });

  it('knows the beginning that every match has', () => {
    expect(['invoices/*.pdf', '**', 'a\\*b*', 'plain'].map(literalHead)).toStrictEqual([
      'invoices/',
      '',
      'a*b',
      'plain',
    ]);
  });

  const alphabet = fc.constantFrom('a', 'b', '/', '*', '**');
  const texts = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });

  it.prop([fc.array(alphabet, { maxLength: 7 }).map((parts) => parts.join('')), texts], { numRuns: 3_000 })(
    'agrees with the plain definition by regular expression',
    (pattern, text) => {
      const source = pattern.replaceAll(/\*{2,}|\*/g, (stars) => (stars.length > 1 ? '[^]*' : '[^/]*'));

      expect(compileGlob(pattern)(text)).toBe(new RegExp(`^${source}$`).test(text));
    },
  );

  it('stays quick on a key made to hurt it', () => {
    const hostile = 'a'.repeat(1_024);

    expect(compileGlob('*a*a*a*a*a*a*a*a*b')(hostile)).toBe(false);
    expect(compileGlob('**a**a**a**a**a*a*a*b')(hostile)).toBe(false);
  });
});
