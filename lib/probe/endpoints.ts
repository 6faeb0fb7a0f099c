/** Stores that offer no Object Lock, known by their address: asking them would only confuse. */
import { HoldfastError } from '../errors.ts';

interface Without {
  readonly name: string;
  readonly is: (address: URL) => boolean;
  readonly instead: string;
}

const WITHOUT: readonly Without[] = [
  {
    name: 'a directory bucket (S3 Express One Zone)',
    is: ({ hostname }) => /(^|\.)s3express(-|\.)|--x-s3(\.|$)/.test(hostname),
    instead: 'use a general purpose bucket, which has Object Lock',
  },
  {
    name: 'S3 on Outposts',
    is: ({ hostname }) => /(^|\.|-)s3-outposts(-fips)?\./.test(hostname),
    instead: 'use a bucket in the region, which has Object Lock',
  },
  {
    name: 'Cloudflare R2',
    is: ({ hostname }) => hostname.endsWith('.r2.cloudflarestorage.com'),
    instead: 'its own bucket locks are set by Wrangler or its API, and cover prefixes, not versions',
  },
  {
    name: 'OpenStack Swift',
    is: ({ hostname, pathname }) =>
      /^\/(swift\/)?v1(\/|$)/.test(pathname) || /(^|\.)swift(\.|$)/.test(hostname),
    instead: 'use an S3 endpoint with Object Lock, such as Ceph RGW offers beside its Swift API',
  },
];

/** @throws HoldfastError `bad-input` for a store that is known to offer no Object Lock. */
export function requireObjectLock(endpoint: string | undefined): void {
  if (endpoint === undefined || !URL.canParse(endpoint)) return;
  const address = new URL(endpoint);
  const found = WITHOUT.find(({ is }) => is(address));
  if (found === undefined) return;
  throw new HoldfastError('bad-input', {
    what: `${endpoint} is ${found.name}, which has no S3 Object Lock`,
    next: found.instead,
  });
}

/** Whether an endpoint is on this machine. */
export function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
