import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { clientOptions, headerLines } from '../../../lib/headers/formats.ts';

const HEADERS = {
  'x-amz-object-lock-legal-hold': 'ON',
  'x-amz-object-lock-retain-until-date': '2036-11-20T12:00:00Z',
  'x-amz-object-lock-mode': 'COMPLIANCE',
} as const;

/** The words that a shell makes of a line. */
const wordsOf = (line: string): string[] =>
  execFileSync('sh', ['-c', `for word in ${line}; do printf '%s\\n' "$word"; done`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');

describe('lock headers for each client', () => {
  it.each([
    [
      'aws',
      '--object-lock-mode COMPLIANCE --object-lock-retain-until-date 2036-11-20T12:00:00Z --object-lock-legal-hold-status ON',
    ],
    [
      'curl',
      "-H 'x-amz-object-lock-mode: COMPLIANCE' -H 'x-amz-object-lock-retain-until-date: 2036-11-20T12:00:00Z' -H 'x-amz-object-lock-legal-hold: ON'",
    ],
    [
      'rclone',
      '--s3-object-lock-mode COMPLIANCE --s3-object-lock-retain-until-date 2036-11-20T12:00:00Z --s3-object-lock-legal-hold-status ON',
    ],
  ] as const)('%s', (client, options) => {
    expect(clientOptions(client, HEADERS)).toBe(options);
  });

  it('lines', () => {
    expect(headerLines({ 'x-amz-object-lock-legal-hold': 'ON' })).toStrictEqual([
      'x-amz-object-lock-legal-hold: ON',
    ]);
  });

  it('leaves nothing to the shell', () => {
    const value = `$(id) 'x' "y" \`z\` \\ *`;

    expect(wordsOf(clientOptions('curl', { 'x-amz-object-lock-mode': value }))).toStrictEqual([
      '-H',
      `x-amz-object-lock-mode: ${value}`,
    ]);
  });
});
