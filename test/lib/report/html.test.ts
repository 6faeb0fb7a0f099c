import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { code, cssString, html, shown } from '../../../lib/report/html.ts';

/** Takes escapes for what they stand for. */
function meant(text: string): string {
  return text.replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, digits: string) =>
    String.fromCodePoint(Number.parseInt(digits, 16)),
  );
}

describe('what the eye cannot see', () => {
  it.each<[string, string]>([
    ['plain text, Grüße, 契約', 'plain text, Grüße, 契約'],
    ['a\nb', 'a\\u{a}b'],
    ['\u202eexe', '\\u{202e}exe'],
    ['a\u200bb', 'a\\u{200b}b'],
    ['a\u00a0b', 'a\\u{a0}b'],
    ['\u3164', '\\u{3164}'],
    [' a  b ', '\\u{20}a\\u{20} b\\u{20}'],
    ['\u0338x', '\\u{338}x'],
    ['\ud800', '\\u{d800}'],
    ['\\u{202e}', '\\u{5c}u{202e}'],
    ['C:\\users', 'C:\\users'],
  ])('%j is shown as %s', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('lets marks pile up four high, and no higher', () => {
    expect(shown(`e${'\u0301'.repeat(6)}`)).toBe(`e${'\u0301'.repeat(4)}\\u{301}\\u{301}`);
  });

  property.prop(
    [
      fc
        .array(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.constantFrom('\\', '\\u{', 'u{41}', ' ', '\ud83d', '\u202e'),
          ),
        )
        .map((parts) => parts.join('')),
    ],
    { numRuns: 1_000 },
  )('is shown in a way that can be read back', (text) => {
    expect(meant(shown(text))).toBe(text);
  });
});

describe('markup', () => {
  it('escapes what it is given as text, and keeps what is markup', () => {
    expect(html`<p>${'<b>&"\''}${html`<i>${'x'}</i>`}${[html`1`, html`2`]}</p>`.markup).toBe(
      '<p>&lt;b&gt;&amp;&quot;&#39;<i>x</i>12</p>',
    );
  });

  it('shows folders from left to right, whatever their script', () => {
    expect(code('לקוחות/חוזה.pdf').markup).toBe('<code><bdi>לקוחות</bdi>/<bdi>חוזה.pdf</bdi></code>');
  });

  it('says that a name is empty', () => {
    expect(code('').markup).toBe('<em>(empty)</em>');
  });

  property.prop([fc.string({ unit: 'binary' })])('keeps a text within the quotes of a style', (text) => {
    expect(cssString(text)).toMatch(/^"(?:[A-Za-z0-9 .,_-]|\\[0-9a-f]{1,6} )*"$/);
  });
});
