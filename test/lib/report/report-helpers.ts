/** A matter and its rows, as a certificate takes them. */
import { SaxesParser } from 'saxes';
import { instantOf } from '../../../lib/lock/instant.ts';
import { type CertificateInput, type CertificateRow } from '../../../lib/report/row.ts';

const ANA = { issuer: 'https://login.acme.example', subject: '00u1', name: 'Ana Meyer' };
const JONAS = { issuer: 'https://login.acme.example', subject: '00u2', name: 'Jonas Lind' };

export function rowWith(parts: Partial<CertificateRow> = {}): CertificateRow {
  return {
    bucket: 'acme-docs',
    key: 'invoices/1.pdf',
    versionId: 'v1',
    size: 1_000,
    saw: 'off',
    outcome: 'on',
    at: '2026-11-20T09:00:00Z',
    requestId: 'REQ1',
    ...parts,
  };
}

export function inputWith(
  rows: Iterable<CertificateRow>,
  matter: Partial<CertificateInput['matter']> = {},
  more: Partial<CertificateInput> = {},
): CertificateInput {
  return {
    matter: {
      id: 'm-1',
      title: 'Meridian v. Acme',
      reason: 'Notice of claim',
      group: 'legal',
      state: 'in force',
      openedBy: ANA,
      openedAt: '2026-11-20T08:00:00Z',
      scopes: [
        {
          id: 's1',
          selector: { bucket: 'acme-docs', prefix: 'invoices/' },
          state: 'in force',
          asOf: '2026-11-20T10:00:00Z',
          addedBy: ANA,
          addedAt: '2026-11-20T08:00:00Z',
          counts: { versions: 1, bytes: 1_000, on: 1, exceptions: 0 },
        },
      ],
      history: [],
      ...matter,
    },
    rows,
    issuedAt: instantOf(Date.UTC(2026, 11, 1, 12)),
    issuedBy: 'Ana Meyer',
    rollDigests: [{ name: 'rolls/m-1/placed/s1/000001-000001-00000001.ndjson', sha256: 'ab'.repeat(32) }],
    recordsBucket: 'acme-records',
    ...more,
  };
}

export const RELEASED: Partial<CertificateInput['matter']> = {
  state: 'released',
  release: {
    reason: 'Settled',
    askedBy: ANA,
    askedAt: '2027-05-03T08:00:00Z',
    approvedBy: JONAS,
    approvedAt: '2027-05-04T08:00:00Z',
  },
};

export interface Parsed {
  /** Every element and its attributes, such as `th scope="row"`. */
  readonly tags: readonly string[];
  /** What can be read: texts, each run of spaces being one. */
  readonly text: string;
}

/** Reads a page strictly: throws where anything in it is not well-formed. */
export function parsed(page: string): Parsed {
  const tags: string[] = [];
  const texts: string[] = [];
  let isStyle = false;
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    isStyle = name === 'style';
    tags.push([name, ...Object.entries(attributes).map(([key, value]) => `${key}="${value}"`)].join(' '));
    if (['td', 'th', 'p', 'br', 'h3', 'h4', 'li', 'pre'].includes(name)) texts.push(' ');
  });
  parser.on('closetag', () => {
    isStyle = false;
  });
  parser.on('text', (text) => {
    if (!isStyle) texts.push(text);
  });
  parser.write(page).close();
  return { tags, text: texts.join('').replaceAll(/\s+/g, ' ') };
}
