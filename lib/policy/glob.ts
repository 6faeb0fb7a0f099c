/**
 * Key and bucket patterns: `*` matches within a segment, `**` crosses `/`; all else is literal.
 * A backslash takes the next character literally, since S3 keys may hold a `*`.
 *
 * The matcher never backtracks further than the latest `*` and the latest `**`, so a key chosen by a
 * hostile uploader costs at most the square of its 1,024 bytes, whatever the pattern.
 */
const STAR = Symbol('*');
const CROSS = Symbol('**');

type Token = string | typeof STAR | typeof CROSS;

/**
 * Compiles a pattern into a test.
 *
 * @example
 * const isLog = compileGlob('logs/**.gz');
 * isLog('logs/2026/11/a.gz'); // true
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const tokens = tokensOf(pattern);
  if (tokens.every((token) => typeof token === 'string')) {
    const literal = tokens.join('');
    return (text) => text === literal;
  }
  return (text) => matches(tokens, text);
}

/** The literal beginning that every match has: `invoices/` for `invoices/*.pdf`. */
export function literalHead(pattern: string): string {
  const tokens = tokensOf(pattern);
  const wild = tokens.findIndex((token) => typeof token !== 'string');
  return tokens.slice(0, wild === -1 ? tokens.length : wild).join('');
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === '\\' && at + 1 < pattern.length) {
      at += 1;
      tokens.push(pattern.charAt(at));
    } else if (char !== '*') {
      tokens.push(char);
    } else if (pattern.charAt(at + 1) === '*') {
      while (pattern.charAt(at + 1) === '*') at += 1;
      tokens.push(CROSS);
    } else {
      tokens.push(STAR);
    }
  }
  return tokens;
}

interface Retry {
  /** The token after the wildcard. */
  readonly token: number;
  /** The first character that the wildcard has not taken yet. */
  char: number;
}

function matches(tokens: readonly Token[], text: string): boolean {
  let token = 0;
  let char = 0;
  let star: Retry | undefined;
  let cross: Retry | undefined;
  while (char < text.length || token < tokens.length) {
    const wanted = tokens[token];
    if (wanted === CROSS) {
      token += 1;
      cross = { token, char };
      star = undefined;
    } else if (wanted === STAR) {
      token += 1;
      star = { token, char };
    } else if (wanted !== undefined && char < text.length && text.charAt(char) === wanted) {
      token += 1;
      char += 1;
    } else {
      // Let the latest wildcard take one character more; a star may not take a slash.
      if (star !== undefined && star.char < text.length && text.charAt(star.char) !== '/') {
        star.char += 1;
        ({ token, char } = star);
      } else if (cross !== undefined && cross.char < text.length) {
        cross.char += 1;
        ({ token, char } = cross);
        star = undefined;
      } else {
        return false;
      }
    }
  }
  return true;
}
