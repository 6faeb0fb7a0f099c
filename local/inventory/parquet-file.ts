/** Data files of an inventory in Parquet, compressed with Snappy; keys stand in them as they are. */
import {
  ByteWriter,
  type ColumnSource,
  ParquetWriter,
  type SchemaElement,
  type Writer,
} from 'hyparquet-writer';
import type { Column, Value } from './columns.ts';
import type { InventoryRow, LetterCase } from './row.ts';

const GROUP_ROWS = 100_000;

export function parquetFile(
  columns: readonly Column[],
  rows: readonly InventoryRow[],
  letterCase: LetterCase,
): Buffer {
  const writer = new ByteWriter();
  const file = openParquet(columns, writer);
  file.write(rows, letterCase);
  file.finish();
  return Buffer.from(writer.getBytes());
}

/** A file that takes its rows group by group. */
export interface ParquetFile {
  write(rows: readonly InventoryRow[], letterCase: LetterCase): void;
  finish(): void;
}

export function openParquet(columns: readonly Column[], writer: Writer): ParquetFile {
  const root: SchemaElement = { name: 's3.inventory', num_children: columns.length };
  const parquet = new ParquetWriter({ writer, schema: [root, ...columns.map(elementOf)], codec: 'SNAPPY' });
  return {
    write(rows, letterCase) {
      const columnData = columns.map((column): ColumnSource => {
        const data = rows.map((row) => physical(column, column.valueOf(row, letterCase)));
        return { name: column.snake, data };
      });
      void parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    },
    finish() {
      void parquet.finish();
    },
  };
}

function elementOf({ snake: name, kind, isRequired }: Column): SchemaElement {
  const repetition_type = isRequired === true ? 'REQUIRED' : 'OPTIONAL';
  switch (kind) {
    case 'text':
      return { name, repetition_type, type: 'BYTE_ARRAY', converted_type: 'UTF8' };
    case 'boolean':
      return { name, repetition_type, type: 'BOOLEAN' };
    case 'long':
      return { name, repetition_type, type: 'INT64' };
    case 'date':
      return { name, repetition_type, type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' };
  }
}

function physical({ kind }: Column, value: Value): string | boolean | bigint | Date | null {
  if (value === undefined) return null;
  if (typeof value !== 'number') return value;
  return kind === 'date' ? new Date(value) : BigInt(value);
}
