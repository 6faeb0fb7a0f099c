/** What whoever sends lock headers should know, in the same words wherever it is said. */
export const CANNOT_BE_TAKEN_BACK =
  'nobody can take a COMPLIANCE lock back before its date, not even the owner of the account';

export const NEEDS_CHECKSUM =
  'an upload with lock headers must carry Content-MD5 or an x-amz-checksum- header';

export const AGES =
  'the date counts from now and ages: a client that keeps fixed headers locks later uploads for less time';

/** rclone notes headers that it does not know in its log, and uploads without them. */
export const RCLONE_VERSION =
  'these options need rclone 1.74 or newer; its --header-upload sets no lock headers on S3, so nothing would be locked';
