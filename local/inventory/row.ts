/** One version or delete marker, as an inventory lists it. */
export interface InventoryRow {
  readonly bucket: string;
  readonly key: string;
  /** Empty for a null version. */
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
  /** Epoch milliseconds. */
  readonly lastModified: number;
  readonly size?: number;
  readonly eTag?: string;
  readonly storageClass?: string;
  readonly isMultipart?: boolean;
  readonly encryption?: string;
  readonly mode?: 'GOVERNANCE' | 'COMPLIANCE';
  /** Epoch milliseconds. */
  readonly until?: number;
  readonly hold?: 'ON' | 'OFF';
  readonly eventHold?: 'ON' | 'OFF';
}

/** The documented `Governance` and `On`, or what other readers of inventories have seen. */
export type LetterCase = 'documented' | 'upper';
