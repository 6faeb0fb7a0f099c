/** One version as a line of a manifest: what S3 Batch Operations takes, and what our own engines read. */

export interface ManifestRow {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** Where each version has a date of its own; jobs are never given such a list. */
  readonly until?: string;
}

/** Keys are URL-encoded, so that nothing in them can end a cell or a line. */
export function manifestLine({ bucket, key, versionId, until }: ManifestRow): string {
  const own = until === undefined ? '' : `,${until}`;
  return `${bucket},${encodeURIComponent(key)},${versionId}${own}`;
}

/** @returns undefined where the line is none of ours. */
export function rowOfLine(line: string): ManifestRow | undefined {
  const [bucket = '', encoded = '', versionId = '', until, ...more] = line.split(',');
  if (bucket === '' || encoded === '' || versionId === '' || more.length > 0) return undefined;
  try {
    const key = decodeURIComponent(encoded);
    return { bucket, key, versionId, ...(until !== undefined && { until }) };
  } catch {
    return undefined;
  }
}
