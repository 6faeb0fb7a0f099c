import { describe, expect, it } from '@jest/globals';
import { type Selector } from '../../../lib/matters/matter.ts';
import { selectorText } from '../../../lib/report/scope-words.ts';
import { bytesText, longMoment, shortMoment } from '../../../lib/report/words.ts';
import { parsed } from './report-helpers.ts';

const wordsOf = (selector: Selector): string =>
  parsed(`<div>${selectorText(selector).markup}</div>`).text.trim();

describe('a selector in words', () => {
  it.each<[Omit<Selector, 'bucket'>, string]>([
    [{}, 'Every version in the bucket acme.'],
    [{ prefix: 'a/' }, 'Every version in the bucket acme that meets this condition: the key begins with a/'],
    [{ suffix: '.pdf' }, 'the key ends with .pdf'],
    [{ key: 'a/**' }, 'the key matches the pattern a/** In a pattern, ** stands for any characters'],
    [{ size: { atLeast: 1_000 } }, 'its size is at least 1.0 kilobytes (1,000 bytes)'],
    [{ size: { atLeast: 1, atMost: 20 } }, 'its size is at least 1 byte and at most 20 bytes'],
    [{ created: { from: '2024-01-01' } }, 'it was created on 2024-01-01 (UTC) or later'],
    [{ created: { to: '2024-01-01' } }, 'it was created on 2024-01-01 (UTC) or before'],
    [
      { created: { from: '2024-01-01', to: '2024-12-31' } },
      'from 2024-01-01 to 2024-12-31 (UTC, both days included)',
    ],
    [{ tags: { client: 'x' } }, 'the tag client is x'],
    [{ tags: { client: ['x', 'y'] } }, 'the tag client is one of x, y'],
    [{ tags: { client: { glob: 'x*' } } }, 'the tag client matches the pattern x* In a pattern'],
    [{ tags: { client: { present: true } } }, 'the tag client is there, with any value'],
    [{ tags: { client: { absent: true } } }, 'the tag client is not there'],
    [{ tags: { client: '' } }, 'the tag client is (empty)'],
    [
      { prefix: 'a/', suffix: 'b' },
      'that meets all of these conditions: the key begins with a/ the key ends with b',
    ],
    [
      { except: [{ suffix: '.tmp' }] },
      'with exceptions. Left out are versions that meet this: the key ends with .tmp',
    ],
    [
      { except: [{ suffix: '.tmp', tags: { keep: 'no' } }, { prefix: 'x' }] },
      'meet one of these: the key ends with .tmp, and the tag keep is no the key begins with x',
    ],
  ])('%j', (conditions, words) => {
    expect(wordsOf({ bucket: 'acme', ...conditions })).toContain(words);
  });
});

describe('numbers and moments', () => {
  it.each<[bigint, string]>([
    [0n, '0 bytes'],
    [1n, '1 byte'],
    [999n, '999 bytes'],
    [1_500n, '1.5 kilobytes (1,500 bytes)'],
    [999_999n, '1.0 megabytes (999,999 bytes)'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(bytesText(bytes)).toBe(words);
  });

  it('are in UTC, whatever offset they were written with', () => {
    expect(longMoment('2026-11-21T00:30:00+01:00')).toBe('20 November 2026, 23:30:00 UTC');
    expect(shortMoment('2026-11-21T00:30:00.250+01:00')).toBe('2026-11-20 23:30:00.250');
  });

  it('are shown as they are where they cannot be read', () => {
    expect(longMoment('yesterday')).toBe('yesterday');
  });
});
