/** What the rows of a certificate come to, counted from the rows themselves. */
import { type Found, findingsOf, type Part } from './findings.ts';
import { type Numbered } from './row.ts';

interface Sum {
  readonly bytes: bigint;
  /** Versions whose size the store did not tell. */
  readonly unsized: number;
}

export interface Tally {
  readonly rows: readonly Numbered[];
  readonly findings: readonly Found[];
  /** Versions other than delete markers. */
  readonly versions: number;
  readonly on: number;
  /** Versions by the part of the section on exceptions that they are in. */
  readonly parts: Readonly<Record<Part, number>>;
  /** Holds that the release of the matter took off, or found taken off. */
  readonly off: number;
  readonly listed: Sum;
  readonly held: Sum;
}

export function tallyOf(rows: readonly Numbered[], isReleased: boolean): Tally {
  const findings = findingsOf(rows, isReleased);
  const parts: Record<Part, number> = { 'not-held': 0, release: 0, 'on-before': 0, unclear: 0, nothing: 0 };
  for (const found of findings) parts[found.part] += found.rows.length;
  const real = rows.filter(({ row }) => row.outcome !== 'marker');
  const held = real.filter(({ row }) => row.outcome === 'on');
  return {
    rows,
    findings,
    versions: real.length,
    on: held.length,
    parts,
    off: rows.filter(({ row }) => row.released?.outcome === 'off').length,
    listed: sumOf(real),
    held: sumOf(held),
  };
}

/** Exact: a plain number would not be, beyond 9 petabytes. */
function sumOf(rows: readonly Numbered[]): Sum {
  let bytes = 0n;
  let unsized = 0;
  for (const { row } of rows) {
    if (row.size !== undefined && Number.isSafeInteger(row.size)) bytes += BigInt(row.size);
    else unsized += 1;
  }
  return { bytes, unsized };
}
