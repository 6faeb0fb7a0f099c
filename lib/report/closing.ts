/** The last pages of a certificate: what it does not prove, and the blank that the custodian signs. */
import { html, type Html } from './html.ts';

export function limitsText(): Html {
  return html`<section>
<h2>7. What this certificate does not prove</h2>
<ul class="limits">
<li><strong>That a version is held now.</strong> Each line says what was seen at its own instant. Whoever has the permission s3:PutObjectLegalHold on a bucket may take a hold off, without Holdfast knowing; after that, whoever may delete the version can, unless a retention date keeps it. Section 6.1 tells the present state.</li>
<li><strong>What is in the versions.</strong> Sizes, checksums and ETags are as the store tells them; Holdfast reads no content. An ETag is not always a hash of the content. To compare content, download it and compute its hash.</li>
<li><strong>Where the content came from.</strong> Who wrote it, when, and whether it is true or complete, is not looked at.</li>
<li><strong>That nothing was deleted before.</strong> What no longer existed when a scope was listed is not on the list, and nobody can hold it.</li>
<li><strong>That all that matters is covered.</strong> A scope covers what its description in section 3 says, and nothing else; copies in other buckets or systems are not looked for.</li>
<li><strong>That the content can be read.</strong> A hold keeps a version from being deleted. It does not keep the key it is encrypted with, nor the account that it is in; and a delete marker may hide the version from those who ask without its id.</li>
<li><strong>The exact time.</strong> Instants are those of the machine that ran Holdfast. CloudTrail and the store have times of their own, to compare.</li>
<li><strong>Who the people are.</strong> Names and ids in section 2 are as the issuer of the identity gave them.</li>
<li><strong>That this copy is unaltered.</strong> It has no digital signature. The pages of the roll are what counts: they lie under lock, and section 6 lists their hashes. Who may write to that bucket can add pages of their own.</li>
</ul>
</section>
`;
}

/** A frame in plain words; what a court asks for differs from place to place. */
export function certificationText(): Html {
  return html`<section class="certification">
<h2>8. Certification by the custodian</h2>
<p class="note">To be filled in by the person who answers for these records. Strike out what does not apply. The rules of the court or authority may ask for other words.</p>
<p class="frame">I, <span class="blank wide"></span>, am <span class="blank wide"></span> at <span class="blank wide"></span>, and it is part of my work to know how the records are kept from which this certificate was made.</p>
<p class="frame">I declare: these records are kept regularly, in the ordinary course of our work. A system writes each of them when the event that it tells of happens, or directly after, and stores it under lock. This certificate was made from them on the date that section 1 names. I know of no reason to think that it differs from them, other than: <span class="blank wide"></span></p>
<table class="signature">
<tr><th scope="row">Name</th><td></td></tr>
<tr><th scope="row">Title</th><td></td></tr>
<tr><th scope="row">Signature</th><td class="tall"></td></tr>
<tr><th scope="row">Date</th><td></td></tr>
<tr><th scope="row">Place</th><td></td></tr>
</table>
</section>
`;
}
