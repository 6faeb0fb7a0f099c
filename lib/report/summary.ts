/** The first page of a certificate: which matter, in what state, how many versions, and who decided what. */
import { html, type Html, code, NOTHING, quote } from './html.ts';
import { type CertificateInput } from './row.ts';
import { type Tally } from './tally.ts';
import { bytesText, count, counted, longMoment, momentOf, personText } from './words.ts';

type MatterView = CertificateInput['matter'];

export function summaryText(input: CertificateInput, tally: Tally): Html {
  const { matter, issuedAt, issuedBy, rollDigests } = input;
  const { parts, listed, held, on, off } = tally;
  const isReleased = matter.release?.approvedAt !== undefined;
  return html`<section>
<h2>1. Summary</h2>
${verdictText(matter, tally)}
<table class="facts">
${fact('State of the matter', html`${capital(matter.state)}`)}
${fact('As of', html`${asOfText(matter)}`)}
${fact('Owner group', quote(matter.group))}
${fact('Versions listed', html`${count(tally.versions)}, ${sumText(listed)}`)}
${fact(isReleased ? 'Seen ON before the release' : 'Seen ON', html`${count(on)}, ${sumText(held)}`)}
${fact('Not known to be held, although they should be', exceptional(parts['not-held']))}
${fact('ON before this matter', html`${count(parts['on-before'])}`)}
${fact('Unclear', html`${count(parts.unclear)}`)}
${fact('Nothing to hold', html`${counted(parts.nothing, 'version or delete marker', 'versions and delete markers')}`)}
${isReleased ? fact('Holds taken off by the release', html`${count(off)}`) : NOTHING}
${isReleased ? fact('To be noted about the release', html`${counted(parts.release, 'version')}`) : NOTHING}
${fact('Pages of the roll', html`${count(rollDigests.length)}, listed in section 6`)}
${fact('Issued', html`${longMoment(issuedAt)}, by ${quote(issuedBy)}`)}
</table>
${notes(matter, tally)}</section>
`;
}

export function peopleText({ openedBy, openedAt, reason, release }: MatterView): Html {
  return html`<section>
<h2>2. Who decided</h2>
<table class="list people">
<thead><tr><th scope="col">What</th><th scope="col">Who</th><th scope="col">When</th><th scope="col">Why</th></tr></thead>
<tbody>
<tr><th scope="row">Opened</th><td>${personText(openedBy)}</td><td>${longMoment(openedAt)}</td><td>${wordsText(reason)}</td></tr>
${
  release === undefined
    ? html`<tr><th scope="row">Release</th><td colspan="3">Nobody has asked for it.</td></tr>`
    : html`<tr><th scope="row">Release asked</th><td>${personText(release.askedBy)}</td><td>${longMoment(release.askedAt)}</td><td>${wordsText(release.reason)}</td></tr>
${approvalText(release)}`
}
</tbody>
</table>
<p class="note">A release takes two people: who asks for it cannot approve it. Names are as the issuer of the identity gave them.</p>
</section>
`;
}

function wordsText(words: string | null): Html {
  return words === null ? html`<em>(erased)</em>` : quote(words);
}

function approvalText({ approvedBy, approvedAt }: NonNullable<MatterView['release']>): Html {
  if (approvedBy === undefined || approvedAt === undefined) {
    return html`<tr><th scope="row">Release approved</th><td colspan="3">Nobody has approved it; the versions are still held.</td></tr>`;
  }
  return html`<tr><th scope="row">Release approved</th><td>${personText(approvedBy)}</td><td>${longMoment(approvedAt)}</td><td></td></tr>`;
}

/** The one sentence for those who read no other. */
function verdictText({ state, release }: MatterView, { on, parts, versions }: Tally): Html {
  const held = `${count(on)} of ${counted(versions, 'version')} listed here ${versions === 1 ? 'was' : 'were'} seen with the legal hold ON`;
  if (release?.approvedAt !== undefined) {
    const progress =
      state === 'releasing'
        ? 'the holds are being taken off'
        : 'this matter no longer keeps any version from being deleted';
    return html`<p class="verdict">The release was approved on ${longMoment(release.approvedAt)}; since then ${progress}. Before, ${held}.</p>`;
  }
  if (state === 'opening') {
    return html`<p class="verdict">The holds are still being placed, so the list is not complete. So far, ${held}.</p>`;
  }
  const exceptions =
    parts['not-held'] === 0
      ? html``
      : html` ${counted(parts['not-held'], 'version')} ${parts['not-held'] === 1 ? 'is' : 'are'} not known to be held, although this matter needs that: see section 4.`;
  return html`<p class="verdict">${held}.${exceptions}</p>`;
}

function notes({ scopes, unprocessed = 0 }: MatterView, { versions }: Tally): Html {
  const counts = scopes.reduce((sum, scope) => sum + scope.counts.versions, 0);
  const differs =
    counts === versions
      ? NOTHING
      : html`<p class="note">The scopes count ${counted(counts, 'version')} between them, and ${count(versions)} are listed here: a version that two scopes cover is counted in each, and versions that came after the last count are only listed.</p>
`;
  const late =
    unprocessed === 0
      ? NOTHING
      : html`<p class="note">${counted(unprocessed, 'message')} about uploads waited when this was issued: versions of the last moments may be missing here, and may not be held yet.</p>
`;
  return html`${differs}${late}`;
}

/** The matter covers what existed at the earliest of the moments of its scopes. */
function asOfText({ scopes }: MatterView): string {
  const moments = scopes.map(({ asOf }) => (asOf === undefined ? undefined : momentOf(asOf)));
  const known = moments.filter((moment) => moment !== undefined);
  if (known.length === 0 || known.length < moments.length)
    return 'Not every scope is complete yet: see section 3';
  const earliest = longMoment(known.reduce((one, other) => (one < other ? one : other)));
  return new Set(known).size === 1 ? earliest : `${earliest}, and later for some scopes: see section 3`;
}

function sumText({ bytes, unsized }: Tally['listed']): string {
  const more = unsized === 0 ? '' : `, without ${counted(unsized, 'version')} of unknown size`;
  return `${bytesText(bytes)}${more}`;
}

function exceptional(versions: number): Html {
  return versions === 0 ? html`None` : html`<strong>${count(versions)}: see section 4</strong>`;
}

function fact(name: string, value: Html): Html {
  return html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What stands at the head of the first page. */
export function titleText({ id, title }: MatterView): Html {
  return html`<header>
<h1>Certificate of preservation</h1>
<p class="matter">${wordsText(title)}</p>
<p class="id">Matter ${code(id)}</p>
</header>
`;
}
