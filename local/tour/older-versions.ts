/** A bucket as Holdfast finds it: thousands of versions that were uploaded before anybody listened, locked or not. */
import {
  CreateBucketCommand,
  ObjectLockMode,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Cloud } from '../cloud.ts';

/** Versions that are alike: their keys begin with the name. */
export interface OlderVersions {
  readonly prefix: string;
  readonly versions: number;
  /** How they are locked when Holdfast comes: until so many days from now, spread evenly. */
  readonly locked?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: readonly [number, number] };
  readonly what: string;
  /** What must have become of them. */
  readonly must: string;
}

export const OLDER: readonly OlderVersions[] = [
  {
    prefix: 'invoices/open/',
    versions: 1_500,
    what: 'invoices without a lock',
    must: 'COMPLIANCE, ten years from the end of the year',
  },
  {
    prefix: 'invoices/short/',
    versions: 500,
    locked: { mode: 'COMPLIANCE', days: [10, 300] },
    what: 'invoices whose locks end too early',
    must: 'extended',
  },
  {
    prefix: 'backups/due/',
    versions: 1_200,
    locked: { mode: 'GOVERNANCE', days: [5, 35] },
    what: 'backups with less than the 30 days they must always have',
    must: '44 days from now',
  },
  {
    prefix: 'backups/fresh/',
    versions: 300,
    locked: { mode: 'GOVERNANCE', days: [50, 60] },
    what: 'backups with days to spare',
    must: 'left alone until they are due',
  },
  { prefix: 'logs/open/', versions: 1_000, what: 'logs without a lock', must: 'GOVERNANCE for a year' },
  {
    prefix: 'logs/expiring/',
    versions: 100,
    locked: { mode: 'GOVERNANCE', days: [1, 2] },
    what: 'logs whose locks end within two days',
    must: 'extended at once, by no job',
  },
  {
    prefix: 'logs/long/',
    versions: 300,
    locked: { mode: 'GOVERNANCE', days: [2_000, 2_100] },
    what: 'logs that somebody locked for longer',
    must: 'left as they are: no lock is weakened',
  },
  { prefix: 'other/', versions: 100, what: 'files under no rule', must: 'left alone' },
];

const DAY = 86_400_000;
const AT_ONCE = 16;

/** Makes the bucket and uploads the versions, locked as they are found. */
export async function uploadOlder(cloud: Cloud, bucket: string): Promise<void> {
  const client = new S3Client({
    endpoint: cloud.url,
    region: cloud.region,
    credentials: cloud.credentials,
    forcePathStyle: true,
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const uploads = OLDER.flatMap((group) =>
    Array.from({ length: group.versions }, (_, at) => ({ group, at })),
  ).values();
  const now = Date.now();
  const worker = async (): Promise<void> => {
    for (const { group, at } of uploads) {
      const { prefix, versions, locked } = group;
      const Key = `${prefix}${String(at).padStart(4, '0')}${at % 100 === 0 ? ' ä+b %.pdf' : '.pdf'}`;
      const [least, most] = locked?.days ?? [0, 0];
      const until = new Date(
        Math.floor((now + (least + ((most - least) * at) / versions) * DAY) / 1_000) * 1_000,
      );
      const lock = locked && {
        ObjectLockMode: ObjectLockMode[locked.mode],
        ObjectLockRetainUntilDate: until,
      };
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key, ...lock }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  client.destroy();
}
