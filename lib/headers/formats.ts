/** Lock headers as different clients take them. */
import { HOLD, LOCK_HEADERS, type LockHeader, MODE, UNTIL } from './names.ts';

export const FORMATS = ['lines', 'json', 'aws', 'curl', 'rclone'] as const;
export type Format = (typeof FORMATS)[number];

type Headers = Readonly<Partial<Record<LockHeader, string>>>;

const AWS: Readonly<Record<LockHeader, string>> = {
  [MODE]: '--object-lock-mode',
  [UNTIL]: '--object-lock-retain-until-date',
  [HOLD]: '--object-lock-legal-hold-status',
};

const RCLONE: Readonly<Record<LockHeader, string>> = {
  [MODE]: '--s3-object-lock-mode',
  [UNTIL]: '--s3-object-lock-retain-until-date',
  [HOLD]: '--s3-object-lock-legal-hold-status',
};

/** Options of `aws s3api put-object`, of `curl` or of `rclone`, on one line for a shell. */
export function clientOptions(format: 'aws' | 'curl' | 'rclone', headers: Headers): string {
  return entriesOf(headers)
    .flatMap(([name, value]) => {
      switch (format) {
        case 'aws':
          return [AWS[name], value];
        case 'curl':
          return ['-H', `${name}: ${value}`];
        case 'rclone':
          return [RCLONE[name], value];
      }
    })
    .map(forShell)
    .join(' ');
}

export function headerLines(headers: Headers): string[] {
  return entriesOf(headers).map(([name, value]) => `${name}: ${value}`);
}

/** Always in the same order, whoever made them. */
function entriesOf(headers: Headers): [LockHeader, string][] {
  return LOCK_HEADERS.flatMap((name): [LockHeader, string][] => {
    const value = headers[name];
    return value === undefined ? [] : [[name, value]];
  });
}

/** One word for a POSIX shell: single quotes leave nothing in it to the shell. */
function forShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
