import { describe, expect, it } from '@jest/globals';
import { fc, it as property } from '@fast-check/jest';
import { certificateHtml } from '../../../lib/report/certificate.ts';
import { type CertificateInput } from '../../../lib/report/row.ts';
import { inputWith, parsed, RELEASED, rowWith } from './report-helpers.ts';

const pageOf = (input: CertificateInput): string => [...certificateHtml(input)].join('');
const textOf = (input: CertificateInput): string => parsed(pageOf(input)).text;

describe('a certificate', () => {
  it('says which matter it is about, in what state, as of when, and how much it keeps', () => {
    const text = textOf(inputWith([rowWith(), rowWith({ key: 'b', size: 4_213_455_789 })]));

    expect(text).toContain('Certificate of preservation');
    expect(text).toContain('Meridian v. Acme Matter m-1');
    expect(text).toContain('2 of 2 versions listed here were seen with the legal hold ON.');
    expect(text).toContain('State of the matter In force');
    expect(text).toContain('As of 20 November 2026, 10:00:00 UTC');
    expect(text).toContain('Owner group legal');
    expect(text).toContain('Seen ON 2, 4.2 gigabytes (4,213,456,789 bytes)');
    expect(text).toContain('Issued 1 December 2026, 12:00:00 UTC, by Ana Meyer');
  });

  it('says who opened the matter, who asked for its release and why, and who approved', () => {
    const text = textOf(inputWith([rowWith()], RELEASED));

    expect(text).toContain(
      'Opened Ana Meyer (00u1 at https://login.acme.example) 20 November 2026, 08:00:00 UTC Notice of claim',
    );
    expect(text).toContain(
      'Release asked Ana Meyer (00u1 at https://login.acme.example) 3 May 2027, 08:00:00 UTC Settled',
    );
    expect(text).toContain(
      'Release approved Jonas Lind (00u2 at https://login.acme.example) 4 May 2027, 08:00:00 UTC',
    );
    expect(text).toContain('this matter no longer keeps any version from being deleted');
  });

  it('says that a release is not approved yet', () => {
    const askedBy = { issuer: 'i', subject: 's' };
    const release = { reason: null, askedBy, askedAt: '2027-05-03T08:00:00Z' };

    const text = textOf(inputWith([rowWith()], { state: 'release asked', release }));

    expect(text).toContain('s at i 3 May 2027, 08:00:00 UTC (erased)');
    expect(text).toContain('Nobody has approved it; the versions are still held.');
  });

  it('says what was erased, and does not invent it', () => {
    expect(textOf(inputWith([], { title: null, reason: null }))).toContain('(erased) Matter m-1');
  });

  it('calls a list incomplete while holds are being placed', () => {
    expect(textOf(inputWith([rowWith()], { state: 'opening' }))).toContain('the list is not complete');
  });

  it('says that uploads wait, and that scopes count otherwise', () => {
    const text = textOf(inputWith([], { unprocessed: 1 }));

    expect(text).toContain('1 message about uploads waited');
    expect(text).toContain('The scopes count 1 version between them, and 0 are listed here');
  });

  it('shows every version with all that identifies it', () => {
    const rows = [
      rowWith({ checksum: 'SHA256 47DEQ=', etag: '"e1"' }),
      rowWith({ key: 'b', versionId: 'v2', etag: '"e2"', saw: 'on', requestId: undefined }),
    ];

    const text = textOf(inputWith(rows));

    expect(text).toContain(
      '1 invoices/1.pdf bucket acme-docs version v1 1,000 checksum SHA256 47DEQ= 2026-11-20 09:00:00 request REQ1',
    );
    expect(text).toContain('2 b bucket acme-docs version v2 1,000 ETag "e2" 2026-11-20 09:00:00 ON before');
  });

  it('gives commands for a version whose name is safe to paste, and else the places to fill in', () => {
    const evil = rowWith({ key: "a'; rm -rf ~ #" });
    const option = rowWith({ key: '--profile' });
    const file = rowWith({ key: 'file:///etc/passwd' });

    const blank = textOf(inputWith([evil, option, file]));
    const filled = textOf(inputWith([evil, rowWith({ key: 'a/b.pdf' })]));

    expect(blank).toContain('get-object-legal-hold --bucket BUCKET --key KEY --version-id VERSION-ID');
    expect(filled).toContain('get-object-legal-hold --bucket acme-docs --key a/b.pdf --version-id v1');
  });

  it('names the pages of the roll with their hashes, and how to fetch them', () => {
    const text = textOf(inputWith([rowWith()]));

    expect(text).toContain('aws s3 sync s3://acme-records/rolls/m-1/ roll');
    expect(text).toContain(`rolls/m-1/placed/s1/000001-000001-00000001.ndjson ${'ab'.repeat(32)}`);
    expect(text).toContain('aws s3 sync s3://acme-records/records records');
  });

  it('says what it does not prove, and leaves a blank for the custodian', () => {
    const text = textOf(inputWith([rowWith()]));

    expect(text).toContain('s3:PutObjectLegalHold on a bucket may take a hold off');
    expect(text).toContain('Sizes, checksums and ETags are as the store tells them');
    expect(text).toContain('Name Title Signature Date Place');
  });

  it('needs nothing from elsewhere, and runs nothing', () => {
    const page = pageOf(inputWith([rowWith()]));

    expect(page).not.toMatch(/<(script|link|img|iframe|object|a)\b|url\(|@import|\bon\w+=|src=|href=/);
    expect(page).toContain('@page');
    expect(page).toContain('counter(page) " of " counter(pages)');
    expect(page).toContain('<html lang="en">');
  });

  it('reads rows once, and writes one piece for each', () => {
    function* rows(): Iterable<ReturnType<typeof rowWith>> {
      for (let at = 0; at < 5_000; at += 1) yield rowWith({ versionId: `v${at}` });
    }

    const pieces = [...certificateHtml(inputWith(rows()))];

    expect(pieces.length).toBeGreaterThan(5_000);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(10_000);
  });
});

/** Whatever people and uploaders write: any character, pieces of markup, halves of characters. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<script>',
        '</td>',
        '</style>',
        ']]>',
        '<!--',
        '&lt;',
        '"',
        "'",
        '\u202e',
        '\ud800',
        '\u0338',
        '\0',
        '\r\n',
        '\\u{202e}',
        '\\',
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const maybe = fc.option(hostile, { nil: undefined });

const hostileInput = fc
  .record({
    one: hostile,
    two: hostile,
    name: maybe,
    detail: maybe,
    etag: maybe,
    checksum: maybe,
    settles: maybe,
  })
  .map(({ one, two, name, detail, etag, checksum, settles }): CertificateInput => {
    const person = { issuer: one, subject: two, ...(name !== undefined && { name }) };
    const row = {
      ...rowWith({ bucket: two, key: one, versionId: two, at: one, requestId: one }),
      ...(detail !== undefined && { detail }),
      ...(etag !== undefined && { etag }),
      ...(checksum !== undefined && { checksum }),
      ...(settles !== undefined && { settles }),
    };
    const conditions = {
      prefix: one,
      suffix: two,
      key: one,
      created: { from: one, to: two },
      tags: { [one]: [two, one], [`x${two}`]: { glob: two } },
    };
    const scope = {
      id: two,
      state: 'in force' as const,
      asOf: one,
      addedBy: person,
      addedAt: two,
      counts: { versions: 1, bytes: 1, on: 1, exceptions: 0 },
    };
    return inputWith(
      [
        row,
        { ...row, outcome: 'rejected' },
        { ...row, released: { outcome: 'rejected', at: two, detail: one } },
      ],
      {
        id: one,
        title: two,
        reason: one,
        group: two,
        openedBy: person,
        openedAt: one,
        scopes: [
          { ...scope, selector: { bucket: two, ...conditions, except: [{ bucket: one, ...conditions }] } },
        ],
        release: { reason: two, askedBy: person, askedAt: one, approvedBy: person, approvedAt: two },
      },
      { issuedBy: one, recordsBucket: two, rollDigests: [{ name: one, sha256: two }] },
    );
  });

const TAGS =
  /^(html|head|title|style|body|meta|header|section|h[1-4]|p|ul|li|table|thead|tbody|tr|th|td|code|pre|bdi|em|b|strong|small|br|span)( (lang|charset|http-equiv|content|name|class|scope|colspan)="[^"]*")*$/;

describe('text that others wrote', () => {
  property.prop([hostileInput], { numRuns: 500 })('never becomes markup', (input) => {
    const page = pageOf(input);

    expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    expect(page.isWellFormed()).toBe(true);
    for (const tag of parsed(page).tags) expect(tag).toMatch(TAGS);
    expect(page.match(/<style>/g)).toHaveLength(1);
    expect(page.match(/<\/style>/g)).toHaveLength(1);
  });

  it('is shown in the words of the reader, not obeyed', () => {
    const page = pageOf(inputWith([rowWith({ key: 'mail/\u202efdp.exe <script>alert(1)</script>' })]));

    expect(page).toContain('mail/\\u{202e}fdp.exe &lt;script&gt;alert(1)&lt;/script&gt;');
  });
});
