/** What whoever sends lock headers should know, in the same words wherever it is said. */
export const CANNOT_BE_TAKEN_BACK =
  'nobody can take a COMPLIANCE lock back before its date, not even the owner of the account';

export const NEEDS_CHECKSUM = 'an upload with lock headers must carry Content-MD5 or an x-amz-checksum- header';

export const AGES =
  'the date counts from now and ages: a client that keeps fixed headers locks later uploads for less time';

/** rclone answers headers that it does not know with a line in its log, and uploads without them. */
export const RCLONE_VERSION =
  'rclone locks from 1.74 on; before that it uploads unlocked, and --header-upload never locks on S3';
