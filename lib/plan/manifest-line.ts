/** One version as a line of a manifest: what S3 Batch Operations takes, and what our own engines read. */

export interface ManifestRow {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** Where each version has a date of its own; jobs are never given such a list. */
  readonly until?: string;
}

/** Ids are made by stores, of letters, digits and a few signs: nothing in one can end a cell or a line. */
export function isVersionId(text: string): boolean {
  return /^[\w.~+/=-]{1,1024}$/.test(text);
}

/** Keys are URL-encoded, so that nothing in them can end a cell or a line. */
export function manifestLine({ bucket, key, versionId, until }: ManifestRow): string {
  // A line feed in an id would be a line of its own, and lock what no rule covers.
  if (!isVersionId(versionId)) throw new Error(`${JSON.stringify(versionId)} is no id of a version`);
  const own = until === undefined ? '' : `,${until}`;
  return `${bucket},${encodeURIComponent(key)},${versionId}${own}`;
}

/** @returns undefined where the line is none of ours. */
export function rowOfLine(line: string): ManifestRow | undefined {
  const [bucket = '', encoded = '', versionId = '', until, ...more] = line.split(',');
  if (bucket === '' || encoded === '' || !isVersionId(versionId) || more.length > 0) return undefined;
  try {
    const key = decodeURIComponent(encoded);
    return { bucket, key, versionId, ...(until !== undefined && { until }) };
  } catch {
    return undefined;
  }
}
