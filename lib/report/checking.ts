/** How a reader checks a certificate with the AWS CLI alone, and what nobody can check by it. */
import { code, html, type Html, NOTHING } from './html.ts';
import { type CertificateInput, type CertificateRow, type RollDigest } from './row.ts';
import { type Tally } from './tally.ts';

export function* checkingChunks(
  { matter, rollDigests, recordsBucket }: CertificateInput,
  { rows }: Tally,
): Iterable<string> {
  const records = orPlace(recordsBucket, 'RECORDS-BUCKET');
  const folder = orPlace(`s3://${recordsBucket}/rolls/${matter.id}/`, 's3://RECORDS-BUCKET/FOLDER/');
  yield html`<section>
<h2>6. How to check this without Holdfast</h2>
<p>The commands are those of the AWS CLI and of any Linux. Words in capitals stand for what is to be put in their place. In this document, what the eye cannot see in a name is shown as an escape such as <code>\\u{202e}</code>; the list as CSV has the names as they are.</p>
<h3>6.1 Ask S3 for the hold of a version</h3>
<pre>${versionCommands(rows.find(({ row }) => row.outcome === 'on' && isPlainRow(row))?.row)}</pre>
<p>The first answer says <code>"Status": "ON"</code> while the version is held. The second has size, ETag and checksum as S3 has them. Whoever is given s3:GetObjectLegalHold may ask for the first, and with s3:GetObjectVersion and s3:GetObjectVersionAttributes for the second. The request id in section 5 is that of the same request in CloudTrail, where data events are logged.</p>
<h3>6.2 Fetch the roll and hash its pages</h3>
<p>The roll is what Holdfast noted when it placed the holds: in each page a line with counts, then a line of JSON for each version. Its pages lie in the bucket ${code(recordsBucket)}.</p>
<pre>aws s3 sync ${folder} roll
find roll -type f -exec sha256sum {} +</pre>
<p>Each page must have the SHA-256 below. Where it has another, a later page has been written under its name; S3 still has the earlier one:</p>
<pre>aws s3api list-object-versions --bucket ${records} --prefix PAGE
aws s3api get-object --bucket ${records} --key PAGE --version-id VERSION-ID page
sha256sum page</pre>
`.markup;
  yield* pageChunks(rollDigests);
  yield html`<h3>6.3 Verify the records</h3>
<p>Beside the roll, every deed is a record, and each record carries the SHA-256 of the one before it by the same writer (<code>prev</code>), with a number of its own (<code>seq</code>, from 1). They are stored in batches, whose names end in the numbers of the first and last record and the first 16 digits of the SHA-256 of the last line.</p>
<pre>aws s3 sync s3://${records}/records records
zcat FILE | tail -n 1 | tr -d '\\n' | sha256sum | cut -c 1-16
aws s3api list-object-versions --bucket ${records} --prefix records/ --query '[Versions[?!IsLatest].Key, DeleteMarkers[].Key]'
aws s3api get-object-lock-configuration --bucket ${records}</pre>
<p>The second command must print the digits in the name of FILE. The third must list nothing: a name in it was written over or hidden. The last shows how long, and in which mode, the bucket locks what is written to it. For each page of the roll there is a record (<code>"action":"roll-page"</code>) that names its SHA-256. The page docs/VERIFY.md of Holdfast has short scripts that check whole chains, and that no chain was cut off.</p>
</section>
`.markup;
}

function* pageChunks(digests: readonly RollDigest[]): Iterable<string> {
  if (digests.length === 0) {
    yield '<p>No pages of the roll were named when this was issued.</p>\n';
    return;
  }
  yield `<table class="list pages">
<thead><tr><th scope="col">Page of the roll</th><th scope="col">SHA-256</th></tr></thead>
<tbody>
`;
  for (const { name, sha256 } of digests) {
    yield html`<tr><td>${code(name)}</td><td>${code(sha256)}</td></tr>\n`.markup;
  }
  yield '</tbody>\n</table>\n';
}

function versionCommands(row: CertificateRow | undefined): Html {
  const { bucket, key, versionId } = row ?? { bucket: 'BUCKET', key: 'KEY', versionId: 'VERSION-ID' };
  const version = `--bucket ${bucket} --key ${key} --version-id ${versionId}`;
  const which = row === undefined ? NOTHING : html`# a version of section 5; so for every other\n`;
  return html`${which}aws s3api get-object-legal-hold ${version}
aws s3api get-object-attributes ${version} --object-attributes ObjectSize ETag Checksum`;
}

/**
 * People copy commands and run them: one may hold nothing that a shell, or the AWS CLI itself, takes for more than a
 * name (such as `$(…)`, an option, or `file://…`).
 */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9/._-]*$/;

function isPlainRow({ bucket, key, versionId }: CertificateRow): boolean {
  return [bucket, key, versionId].every((name) => PLAIN.test(name) && name.length <= 200);
}

function orPlace(name: string, place: string): string {
  return PLAIN.test(name.replace(/^s3:\/\//, '')) ? name : place;
}
