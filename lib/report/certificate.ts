/**
 * The certificate of a matter: which versions it keeps, what was seen, and how to check that, for people who have
 * to rely on it and do not have Holdfast. One file that can be printed, and a table for spreadsheets.
 */
import { checkingChunks } from './checking.ts';
import { certificationText, limitsText } from './closing.ts';
import { rollCsvHeader, rollCsvLine } from './csv.ts';
import { html, type Html, NOTHING } from './html.ts';
import { type CertificateInput, type CertificateRow } from './row.ts';
import { scopeText } from './scope-words.ts';
import { styleText } from './style.ts';
import { peopleText, summaryText, titleText } from './summary.ts';
import { tallyOf } from './tally.ts';
import { exceptionChunks, versionChunks } from './version-table.ts';

/**
 * The certificate as one page of HTML, in pieces that follow one another. It needs nothing from elsewhere, and its
 * markup is well-formed XML too. The rows are kept in memory, since the exceptions among them come first.
 */
export function* certificateHtml(input: CertificateInput): Iterable<string> {
  const { matter } = input;
  const isReleased = matter.release?.approvedAt !== undefined;
  const rows = Array.from(input.rows, (row, at) => ({ number: at + 1, row }));
  const tally = tallyOf(rows, isReleased);
  yield headText(input).markup;
  yield titleText(matter).markup;
  yield summaryText(input, tally).markup;
  yield peopleText(matter).markup;
  yield scopesText(input).markup;
  yield* exceptionChunks(tally, isReleased);
  yield* versionChunks(tally);
  yield* checkingChunks(input, tally);
  yield limitsText().markup;
  yield certificationText().markup;
  yield '</body>\n</html>\n';
}

/**
 * All rows as CSV in UTF-8: the header, then a line for each version, each with its CRLF.
 * {@link rollCsvLine} tells how cells are kept from being formulas, and how to read them back.
 */
export function* certificateCsv({ rows }: { readonly rows: Iterable<CertificateRow> }): Iterable<string> {
  yield `${rollCsvHeader}\r\n`;
  for (const row of rows) yield `${rollCsvLine(row)}\r\n`;
}

function headText({ matter: { id } }: CertificateInput): Html {
  // The policy lets nothing run and nothing load, should a text ever become markup after all.
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>Certificate of preservation, matter ${id}</title>
<style>${styleText(`Certificate of preservation, matter ${id}`)}</style>
</head>
<body>
`;
}

function scopesText({ matter }: CertificateInput): Html {
  const isOpen = matter.release?.approvedAt === undefined;
  const later =
    isOpen && matter.scopes.some(({ selector }) => selector !== undefined)
      ? html`<p class="note">Versions that meet these conditions and come later are held as the store tells of their upload.</p>
`
      : NOTHING;
  return html`<section>
<h2>3. What the matter covers</h2>
${matter.scopes.map((scope, at) => scopeText(scope, at + 1))}${later}</section>
`;
}
