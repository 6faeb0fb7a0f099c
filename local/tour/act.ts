/** One act of the tour: what was tried, and whether all of it went as it must. */
export interface Act<Row = object> {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly ok: boolean;
}
