/** One version on a certificate: what its roll says of it, and, where its matter was released, how that ended. */
import { type Instant } from '../lock/instant.ts';
import { type MatterView } from '../matters/messages.ts';
import { type RollEnd, type RollEntry } from '../matters/roll.ts';

/** A page of the roll, by its name in the records bucket. */
export interface RollDigest {
  readonly name: string;
  readonly sha256: string;
}

/**
 * Where a version was looked at again later, `outcome` and `at` are those of the last look, and `requestId` is that of
 * the request that placed the hold first.
 */
export type CertificateRow = RollEntry & {
  /** The last time that it was found not ON, although it had been, and was set again. */
  readonly setAgain?: { readonly at: string; readonly by: 'us' | 'somebody' };
  readonly released?: Pick<RollEnd, 'outcome' | 'at' | 'requestId' | 'detail'>;
};

export interface CertificateInput {
  readonly matter: MatterView;
  /** One for each version; they are read once. */
  readonly rows: Iterable<CertificateRow>;
  readonly issuedAt: Instant;
  readonly issuedBy: string;
  readonly rollDigests: readonly RollDigest[];
  /** The bucket that keeps the roll and the records. */
  readonly recordsBucket: string;
}

/** A row with its number, by which every table of the certificate calls it. */
export interface Numbered {
  readonly number: number;
  readonly row: CertificateRow;
}

export function rowOf(entry: RollEntry, end?: RollEnd): CertificateRow {
  if (end === undefined) return entry;
  const { outcome, at, requestId, detail } = end;
  return {
    ...entry,
    released: {
      outcome,
      at,
      ...(requestId !== undefined && { requestId }),
      ...(detail !== undefined && { detail }),
    },
  };
}
