import { type GroupRow } from '../ports/run-store.ts';

/** Some of the versions of a group. */
export async function* filtered(
  rows: AsyncIterable<GroupRow>,
  isWanted: (row: GroupRow) => boolean,
): AsyncGenerator<GroupRow> {
  for await (const row of rows) if (isWanted(row)) yield row;
}
