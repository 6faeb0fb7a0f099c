import { type Instant } from '../lock/instant.ts';
import { type Policy, type Rule } from '../policy/compile.ts';
import { compileGlob } from '../policy/glob.ts';
import { type Tool } from './tools.ts';

/** The bucket that doctor looks at, and what it is for. */
export interface Patient {
  readonly bucket: string;
  readonly now: Instant;
  /** The backup tool that uses the bucket. */
  readonly tool?: Tool;
  /** The rules that Holdfast follows there. */
  readonly policy?: Policy;
  /** S3 itself, and not a store that speaks its API. */
  readonly isAmazon: boolean;
  /** What a command must be given to reach the same store: ` --endpoint URL`, or nothing. */
  readonly connection: string;
}

/** A command that mends something: it can be typed as it stands. */
export function changing({ connection }: Patient, words: string): string {
  return `holdfast ${words}${connection} --audit-folder records`;
}

/** The rules that are about this bucket, or may be. */
export function rulesFor({ bucket, policy }: Patient): readonly Rule[] {
  const isIt = (pattern: string | undefined): boolean =>
    pattern === undefined || compileGlob(pattern)(bucket);
  return (policy?.rules ?? []).filter(({ match: { bucket: pattern, except = [] } }) => {
    // An exception that names nothing but the bucket leaves out all of it.
    const isLeftOut = except.some((block) => Object.keys(block).join() === 'bucket' && isIt(block.bucket));
    return isIt(pattern) && !isLeftOut;
  });
}
