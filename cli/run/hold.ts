/** Places legal holds by hand; loaded only when somebody asks for it. */
import { HoldfastError } from '../../lib/errors.ts';
import { objectTarget, prefixTarget, type Target } from '../store-options.ts';
import { type DeedOptions, runDeed } from './by-hand.ts';

export interface HoldOptions extends DeedOptions {
  readonly on?: true;
  readonly off?: true;
}

export async function runHold(address: string, options: HoldOptions): Promise<void> {
  const target = options.recursive === true ? prefixTarget(address) : objectTarget(address);
  if (options.off === true) throw notCleared(target, options);
  if (options.on !== true) {
    throw new HoldfastError('bad-input', {
      what: 'nothing was said of the hold',
      next: 'give --on to place it',
    });
  }
  await runDeed(target, { kind: 'hold' }, options);
}

/** Law 6: a hold is cleared for a released matter, never by a command. */
function notCleared(
  { bucket, key }: Target,
  { versionId = 'VERSION', recursive, endpoint }: HoldOptions,
): Error {
  const line = [
    'aws s3api put-object-legal-hold',
    ...(endpoint === undefined ? [] : [`--endpoint-url ${quoted(endpoint)}`]),
    `--bucket ${quoted(bucket)} --key ${recursive === true ? 'KEY' : quoted(key)} --version-id=${quoted(versionId)}`,
    '--legal-hold Status=OFF',
  ].join(' ');
  return new HoldfastError('bad-input', {
    what: 'a hold is not cleared from here, since somebody may still need it: Holdfast takes off the holds of matters that were released (holdfast matters release)',
    next: `whoever has s3:PutObjectLegalHold and answers for it can run: ${line}`,
  });
}

/** A word for a shell; control characters as escapes, which bash and zsh know. */
function quoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  if (!/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = text
    .replaceAll(/[\\']/g, String.raw`\$&`)
    .replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (char) =>
      Array.from(Buffer.from(char), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    );
  return `$'${escaped}'`;
}
