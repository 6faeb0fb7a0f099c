/** Small documents that several functions share: which policy is active, whether Holdfast is paused. */
export interface Document {
  readonly body: string;
  /** Changes whenever the document does. */
  readonly etag: string;
  /** The id of this version of the document, where the store keeps versions. */
  readonly versionId?: string;
}

export interface Written {
  readonly etag: string;
  readonly versionId?: string;
}

/** A write that only takes effect on the document as it was read; `none` means that there must be none yet. */
export type Expected = { readonly etag: string } | 'none' | 'any';

export interface Documents {
  /** The document, or one version of it; `undefined` where there is none. */
  get(name: string, versionId?: string): Promise<Document | undefined>;
  /** Writes the document; `undefined` when it was not as expected. */
  put(name: string, body: string, expected: Expected): Promise<Written | undefined>;
}
