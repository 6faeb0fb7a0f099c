/** Scopes in words: which versions a matter covers. */
import { type MatterView } from '../matters/messages.ts';
import { type Selector } from '../matters/matter.ts';
import { type ConditionsFile, type TagConditionFile } from '../policy/schema.ts';
import { code, html, type Html, joined, NOTHING } from './html.ts';
import { bytesText, count, counted, longMoment, personText } from './words.ts';

type ScopeView = MatterView['scopes'][number];

/** A scope: what it covers, as of when, who added it, and its counts. */
export function scopeText(scope: ScopeView, number: number): Html {
  const { asOf, addedAt, addedBy, counts, state } = scope;
  return html`<section class="scope">
<h3>Scope ${count(number)}</h3>
${whatText(scope)}
<table class="facts">
<tr><th scope="row">State</th><td>${state}</td></tr>
<tr><th scope="row">As of</th><td>${asOf === undefined ? 'not complete yet' : longMoment(asOf)}</td></tr>
<tr><th scope="row">Added</th><td>${longMoment(addedAt)}, by ${personText(addedBy)}</td></tr>
<tr><th scope="row">Counted</th><td>${counted(counts.versions, 'version')}: ${count(counts.on)} ON, ${counted(counts.exceptions, 'exception')}</td></tr>
<tr><th scope="row">Scope id</th><td>${code(scope.id)}</td></tr>
</table>
</section>
`;
}

function whatText({ selector, named }: ScopeView): Html {
  if (selector === undefined) {
    return html`<p>${counted(named ?? 0, 'version')} named one by one; section 5 lists them.</p>`;
  }
  return selectorText(selector);
}

/** The conditions of a selector, each as a sentence. */
export function selectorText(selector: Selector): Html {
  const { bucket, except = [], ...conditions } = selector;
  const wanted = conditionTexts(conditions);
  const head =
    wanted.length === 0
      ? html`<p>Every version in the bucket ${code(bucket)}${except.length === 0 ? '.' : ', with exceptions.'}</p>`
      : html`<p>Every version in the bucket ${code(bucket)} that meets ${wanted.length === 1 ? 'this condition' : 'all of these conditions'}:</p>
<ul>${wanted.map(item)}</ul>`;
  const left =
    except.length === 0
      ? NOTHING
      : html`
<p>Left out are versions that meet ${except.length === 1 ? 'this' : 'one of these'}:</p>
<ul>${except.map((one) => item(exceptText(one)))}</ul>`;
  const patterns = [conditions, ...except].some(hasPattern)
    ? html`
<p class="note">In a pattern, ** stands for any characters, * for any characters but /, and a backslash takes the character after it as it is.</p>`
    : NOTHING;
  return html`${head}${left}${patterns}`;
}

function exceptText(conditions: ConditionsFile): Html {
  const texts = conditionTexts(conditions);
  return texts.length === 0 ? html`every version` : joined(texts, html`, and `);
}

function conditionTexts({ bucket, prefix, suffix, key, size, created, tags }: ConditionsFile): Html[] {
  const texts: Html[] = [];
  if (bucket !== undefined) texts.push(html`the name of the bucket matches the pattern ${code(bucket)}`);
  if (prefix !== undefined) texts.push(html`the key begins with ${code(prefix)}`);
  if (suffix !== undefined) texts.push(html`the key ends with ${code(suffix)}`);
  if (key !== undefined) texts.push(html`the key matches the pattern ${code(key)}`);
  if (size !== undefined) texts.push(html`its size is ${range(size.atLeast, size.atMost)}`);
  if (created !== undefined) texts.push(html`it was created ${days(created.from, created.to)}`);
  for (const [tag, wanted] of Object.entries(tags ?? {})) texts.push(tagText(tag, wanted));
  return texts;
}

function range(atLeast: number | undefined, atMost: number | undefined): string {
  const ends: string[] = [];
  if (atLeast !== undefined) ends.push(`at least ${bytesText(BigInt(atLeast))}`);
  if (atMost !== undefined) ends.push(`at most ${bytesText(BigInt(atMost))}`);
  return ends.length === 0 ? 'any' : ends.join(' and ');
}

function days(from: string | undefined, to: string | undefined): string {
  if (from === undefined) return to === undefined ? 'on any day' : `on ${to} (UTC) or before`;
  return to === undefined ? `on ${from} (UTC) or later` : `from ${from} to ${to} (UTC, both days included)`;
}

function tagText(tag: string, wanted: TagConditionFile): Html {
  const name = html`the tag ${code(tag)}`;
  if (typeof wanted === 'string') return html`${name} is ${code(wanted)}`;
  if (Array.isArray(wanted)) return html`${name} is one of ${joined(wanted.map(code), html`, `)}`;
  if ('glob' in wanted) return html`${name} matches the pattern ${code(wanted.glob)}`;
  return 'present' in wanted ? html`${name} is there, with any value` : html`${name} is not there`;
}

function hasPattern({ bucket, key, tags }: ConditionsFile): boolean {
  const globs = Object.values(tags ?? {}).filter((tag) => typeof tag === 'object' && 'glob' in tag);
  return bucket !== undefined || key !== undefined || globs.length > 0;
}

function item(text: Html): Html {
  return html`<li>${text}</li>`;
}
