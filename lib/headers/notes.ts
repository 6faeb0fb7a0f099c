/** What whoever sends lock headers should know, in the same words wherever it is said. */
export const CANNOT_BE_TAKEN_BACK =
  'nobody can take a COMPLIANCE lock back before its date, not even the owner of the account';

export const NEEDS_CHECKSUM =
  'an upload with lock headers must carry Content-MD5 or an x-amz-checksum- header';

export const AGES =
  'the date counts from now and ages: a client that keeps fixed headers locks later uploads for less time';

/** What becomes of the headers on a store that does not keep those of every upload. */
export function keptNotes({
  put,
  multipart,
  copy,
}: Readonly<Record<'put' | 'multipart' | 'copy', boolean>>): string[] {
  const dropped = [
    ...(put ? [] : ['single uploads']),
    ...(multipart ? [] : ['multipart uploads']),
    ...(copy ? [] : ['copies']),
  ];
  if (dropped.length === 0) return [];
  return [
    `this store does not keep the lock headers of ${dropped.join(' and ')}: lock those after the upload, with holdfast lock or the upload function`,
  ];
}

/** rclone notes headers that it does not know in its log, and uploads without them. */
export const RCLONE_VERSION =
  'these options need rclone 1.74 or newer; its --header-upload sets no lock headers on S3, so nothing would be locked';
