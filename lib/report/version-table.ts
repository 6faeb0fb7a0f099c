/** The tables of versions: those that something must be said of, and all of them. */
import { type Found, type Part } from './findings.ts';
import { code, html, type Html, NOTHING } from './html.ts';
import { type CertificateRow, type Numbered } from './row.ts';
import { type Tally } from './tally.ts';
import { count, counted, shortMoment } from './words.ts';

const PARTS: readonly (readonly [part: Part, title: string, titleAfterRelease: string])[] = [
  [
    'not-held',
    'Versions that are not known to be held, although they should be',
    'Versions that were not known to be held, although they should have been',
  ],
  ['release', '', 'To be noted about the release'],
  ['on-before', 'Versions that were ON before this matter', 'Versions that were ON before this matter'],
  ['unclear', 'Unclear versions', 'Unclear versions'],
  ['nothing', 'Nothing to hold', 'Nothing to hold'],
];

/** What must be said of versions, the worst first. */
export function* exceptionChunks({ findings, parts }: Tally, isReleased: boolean): Iterable<string> {
  yield '<section>\n<h2>4. Exceptions</h2>\n';
  if (parts['not-held'] === 0) {
    yield '<p>None: every version on the list that can be held was seen ON.</p>\n';
  }
  let number = 0;
  for (const [part, title, titleAfter] of PARTS) {
    const ofPart = findings.filter((found) => found.part === part);
    if (ofPart.length === 0) continue;
    number += 1;
    yield html`<h3>4.${count(number)} ${isReleased ? titleAfter : title} (${count(parts[part])})</h3>\n`
      .markup;
    for (const found of ofPart) yield* findingChunks(found, isReleased);
  }
  yield '</section>\n';
}

function* findingChunks({ part, title, meaning, next, rows }: Found, isReleased: boolean): Iterable<string> {
  // Once the matter is released, nothing more is to be done about how its holds were placed.
  const todo = next !== undefined && (!isReleased || part === 'release') ? next : undefined;
  yield html`<h4>${title}: ${counted(rows.length, 'version')}</h4>
<p>${meaning}${todo === undefined ? NOTHING : html`<br /><strong>What to do:</strong> ${todo}`}</p>
<table class="list found">
<thead><tr><th scope="col" class="number">No.</th><th scope="col">Key, bucket and version id</th><th scope="col">What was seen (UTC)</th></tr></thead>
<tbody>
`.markup;
  const seen = part === 'release' ? seenAtRelease : seenAtPlacing;
  for (const numbered of rows) {
    yield html`${rowStart(numbered)}<td>${seen(numbered.row)}</td></tr>\n`.markup;
  }
  yield '</tbody>\n</table>\n';
}

/** Every version. */
export function* versionChunks({ rows }: Tally): Iterable<string> {
  yield '<section>\n<h2>5. Every version</h2>\n';
  if (rows.length === 0) yield '<p>No versions are on the list.</p>\n';
  else {
    yield `<p>The store told sizes, checksums and ETags; it was not this document that computed them. “Request” is the store’s id of the request that placed the hold.</p>
<table class="list versions">
<thead><tr><th scope="col" class="number">No.</th><th scope="col">Key, bucket and version id</th><th scope="col" class="number">Bytes</th><th scope="col">Checksum or ETag</th><th scope="col">Seen ON (UTC), request</th></tr></thead>
<tbody>
`;
    for (const numbered of rows) {
      const { row } = numbered;
      yield html`${rowStart(numbered)}<td class="number">${row.size === undefined ? 'not known' : count(row.size)}</td><td>${hashText(row)}</td><td>${holdText(row)}</td></tr>\n`
        .markup;
    }
    yield '</tbody>\n</table>\n';
  }
  yield '</section>\n';
}

/** A row stays on one page, unless its key is so long that half a page would stay empty. */
function rowStart(numbered: Numbered): Html {
  return html`<tr${numbered.row.key.length > 300 ? html` class="long"` : NOTHING}>${nameCells(numbered)}`;
}

function nameCells({ number, row: { bucket, key, versionId } }: Numbered): Html {
  return html`<td class="number">${count(number)}</td><td class="name"><b>${code(key)}</b><br /><small>bucket</small> ${code(bucket)}<br /><small>version</small> ${code(versionId)}</td>`;
}

/** A checksum is one of the content; an ETag need not be. */
function hashText({ checksum, etag }: CertificateRow): Html {
  if (checksum !== undefined) return html`<small>checksum</small> ${code(checksum)}`;
  return etag === undefined ? html`not told` : html`<small>ETag</small> ${code(etag)}`;
}

function holdText(row: CertificateRow): Html {
  const { outcome, at, requestId, saw, released } = row;
  const how =
    requestId !== undefined
      ? html`<br /><small>request</small> ${code(requestId)}`
      : saw === 'on'
        ? html`<br /><small>ON before</small>`
        : saw === 'on-ours'
          ? html`<br /><small>ON already, for another matter or a rule</small>`
          : NOTHING;
  const placed = outcome === 'on' ? html`${shortMoment(at)}${how}` : html`<strong>${WORDS[outcome]}</strong>`;
  return released === undefined ? placed : html`${placed}<br />${seenAtRelease(row)}`;
}

function seenAtPlacing({ outcome, at, requestId, detail, setAgain }: CertificateRow): Html {
  const seen = seenText(WORDS[outcome], at, requestId, detail);
  return setAgain === undefined ? seen : html`${seen}<br />set again, ${shortMoment(setAgain.at)}`;
}

function seenAtRelease({ released }: CertificateRow): Html {
  if (released === undefined) return html`no end on the roll`;
  const { outcome, at, requestId, detail } = released;
  return seenText(`release: ${END_WORDS[outcome]}`, at, requestId, detail);
}

function seenText(
  words: string,
  at: string,
  requestId: string | undefined,
  detail: string | undefined,
): Html {
  const request = requestId === undefined ? NOTHING : html`<br /><small>request</small> ${code(requestId)}`;
  const more = detail === undefined ? NOTHING : html`<br /><bdi>${detail}</bdi>`;
  return html`${words}, ${shortMoment(at)}${request}${more}`;
}

const WORDS: Readonly<Record<CertificateRow['outcome'], string>> = {
  on: 'ON',
  gone: 'gone',
  marker: 'delete marker',
  'no-lock-on-bucket': 'NOT HELD: no Object Lock',
  'no-permission': 'NOT HELD: no permission',
  'not-confirmed': 'NOT CONFIRMED',
  rejected: 'NOT HELD: refused',
  'no-verdict': 'NOT KNOWN: no answer',
};

const END_WORDS: Readonly<Record<NonNullable<CertificateRow['released']>['outcome'], string>> = {
  off: 'OFF',
  needed: 'still ON, needed elsewhere',
  'found-on': 'still ON, as before',
  unclear: 'still ON, origin unclear',
  gone: 'gone',
  'no-permission': 'not taken off, no permission',
  rejected: 'not taken off, refused',
  'not-confirmed': 'not confirmed',
  'no-verdict': 'no answer',
};
