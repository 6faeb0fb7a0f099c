/** The manifest.json of an inventory. */
import { type Column, fileSchema } from './columns.ts';

export interface ListedFile {
  readonly key: string;
  readonly size: number;
  readonly MD5checksum: string;
}

export interface Manifest {
  readonly bucket: string;
  readonly destinationBucket: string;
  readonly now: number;
  readonly format: 'CSV' | 'Parquet';
  readonly columns: readonly Column[];
  readonly files: readonly ListedFile[];
}

export function manifestOf({ bucket, destinationBucket, now, format, columns, files }: Manifest): string {
  const manifest = {
    sourceBucket: bucket,
    destinationBucket: `arn:aws:s3:::${destinationBucket}`,
    version: '2016-11-30',
    creationTimestamp: String(now),
    fileFormat: format,
    fileSchema: fileSchema(columns, format),
    files,
  };
  return JSON.stringify(manifest, undefined, 2);
}
