/** Text that others wrote, made harmless for a page: escaped, and with nothing in it that the eye cannot see. */

/** Markup. What goes into it comes through {@link html}, so that no text becomes markup by mistake. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = string | Html | readonly Html[];

/**
 * Markup with values in it; every string is shown as text.
 *
 * @example
 * html`<td>${key}</td>`;
 */
export function html(fixed: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(fixed.reduce((before, piece, at) => before + markupOf(values[at - 1] ?? '') + piece));
}

export const NOTHING = html``;

/** Pieces, one after the other, with something between them. */
export function joined(pieces: readonly Html[], between: Html): Html {
  return new Html(pieces.map(({ markup }) => markup).join(between.markup));
}

/** A name as machines know it: a key, an id, a hash. An empty one is said to be empty. */
export function code(text: string): Html {
  if (text === '') return html`<em>(empty)</em>`;
  if (!FROM_THE_RIGHT.test(text)) return html`<code>${text}</code>`;
  // Each folder for itself: else they would show in the order of the script, from right to left.
  return html`<code>${joined(text.split('/').map(quote), html`/`)}</code>`;
}

/** Hebrew, Arabic and the other scripts that run from right to left. */
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** Words of people. Letters that run from right to left may not move what stands beside them. */
export function quote(text: string): Html {
  return html`<bdi>${text}</bdi>`;
}

/**
 * What a reader could overlook, or be misled by: controls, marks that turn the direction of text, blanks other than
 * one space between two words, letters that have no shape, marks that pile up on a letter or on markup before them.
 */
const UNSEEN =
  /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Z}|^ | $| (?= )|^\p{M}|(?<=\p{M}{4})\p{M}|\\(?=u\{)/gu;

/**
 * A text with everything unseen as an escape, such as `\u{202e}`.
 * A backslash that looks like the start of an escape is one itself (`\u{5c}`): so each text is shown in one way only.
 */
export function shown(text: string): string {
  return text.replaceAll(UNSEEN, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A text within quotes of a style sheet. */
export function cssString(text: string): string {
  // A digit after an escape would belong to it, hence the space, which ends it.
  return `"${shown(text).replaceAll(/[^A-Za-z0-9 .,_-]/gu, (char) => `\\${(char.codePointAt(0) ?? 0).toString(16)} `)}"`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function markupOf(value: Part): string {
  if (typeof value === 'string') {
    return shown(value).replaceAll(/[&<>"']/g, (char) => ENTITIES.get(char) ?? '');
  }
  return value instanceof Html ? value.markup : value.map(({ markup }) => markup).join('');
}
