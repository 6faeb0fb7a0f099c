/** An object that a rule is about, for those who ask what the rule wants and name no object. */
import { type Rule } from '../policy/compile.ts';

const WORD = 'example';

/** A bucket and a key made from the conditions of a rule; whether it covers them is left to the rule. */
export function exampleOf({ match }: Rule): { readonly bucket: string; readonly key: string } {
  const { bucket = WORD, key, prefix = '', suffix = '' } = match;
  return { bucket: filled(bucket), key: key === undefined ? `${prefix}${WORD}${suffix}` : filled(key) };
}

/** A text that a pattern matches: a word for its stars, and what is escaped as it is. */
function filled(pattern: string): string {
  return pattern.replaceAll(/\\(.)|\*+/gs, (_, escaped: string | undefined) => escaped ?? WORD);
}
