/** What the guides of five backup tools ask of a bucket; docs/guides has a page for each, with its sources. */
import { HoldfastError } from '../errors.ts';
import { type Mode } from '../lock/state.ts';
import { type Permission } from '../ports/bucket-survey.ts';

export interface Tool {
  readonly name: string;
  /** Who sets the lock of what it uploads. */
  readonly locks: 'the bucket' | 'the tool' | 'nobody';
  /** What a default rule of the bucket is to it. */
  readonly defaultRule:
    | { readonly kind: 'required'; readonly days: number; readonly why: string }
    | { readonly kind: 'unwanted'; readonly why: string }
    | { readonly kind: 'free' };
  /** The one mode that its guide knows, where there is only one. */
  readonly mode?: Mode;
  /** What it needs to be allowed, as far as that can be tried. */
  readonly permissions: readonly Permission[];
  /** What it needs as well, and what no harmless request can show. */
  readonly untried: readonly string[];
  /** Its deletes leave markers and old versions behind, which only lifecycle rules take away. */
  readonly leavesVersions: boolean;
  /** Where the data lies that later backups go on using: its locks must not run out. */
  readonly lasting: readonly string[];
  readonly extend?: string;
  /** Keys of the kind that it makes and deletes within minutes: a rule must leave them out. */
  readonly shortLived: readonly string[];
  /** What the bucket cannot show. */
  readonly notShown: readonly string[];
}

const DELETES = ['s3:DeleteObject'];

const TOOLS: readonly Tool[] = [
  {
    name: 'portworx',
    locks: 'the bucket',
    defaultRule: {
      kind: 'required',
      days: 7,
      why: 'Portworx Backup takes its retention from the default rule: protection and 6 days, 7 days at least',
    },
    permissions: [
      's3:GetBucketObjectLockConfiguration',
      's3:GetObjectRetention',
      's3:GetObjectLegalHold',
      's3:ListBucket',
      's3:ListBucketVersions',
      's3:ListBucketMultipartUploads',
      's3:ListMultipartUploadParts',
      's3:GetObject',
      's3:PutObject',
    ],
    untried: [...DELETES, 's3:GetBucketAcl', 's3:GetObjectAcl', 's3:PutObjectAcl', 's3:ListAllMyBuckets'],
    leavesVersions: true,
    lasting: [],
    shortLived: [],
    notShown: ['the retention of its schedule must be longer than the interval'],
  },
  {
    name: 'cloudback',
    locks: 'the tool',
    defaultRule: { kind: 'free' },
    mode: 'COMPLIANCE',
    permissions: [
      's3:ListBucket',
      's3:GetObject',
      's3:PutObject',
      's3:PutObjectRetention',
      's3:PutObjectLegalHold',
    ],
    untried: DELETES,
    leavesVersions: false,
    lasting: [],
    shortLived: [],
    notShown: [
      'its header lines: check them with holdfast headers check FILE',
      's3:PutObjectTagging, which it needs where it sends tags',
    ],
  },
  {
    name: 'kopia',
    locks: 'the tool',
    defaultRule: {
      kind: 'unwanted',
      why: 'kopia brings its own locks; a default also locks the sessions and logs that it deletes',
    },
    permissions: [
      's3:ListBucket',
      's3:GetObject',
      's3:PutObject',
      's3:PutObjectRetention',
      's3:ListBucketVersions',
      's3:GetObjectVersion',
    ],
    untried: DELETES,
    leavesVersions: true,
    lasting: ['p', 'q', 'x', 'n'],
    extend: 'kopia maintenance set --extend-object-locks true',
    shortLived: ['s0123456789abcdef', '_log_20261120', 'kopia.maintenance'],
    notShown: ['--extend-object-locks, which is off by default', 'the interval of full maintenance'],
  },
  {
    name: 'restic',
    locks: 'nobody',
    defaultRule: { kind: 'free' },
    permissions: ['s3:ListBucket', 's3:GetBucketLocation', 's3:GetObject', 's3:PutObject'],
    untried: DELETES,
    leavesVersions: true,
    lasting: ['data/'],
    shortLived: ['locks/0123456789abcdef'],
    notShown: [],
  },
  {
    name: 'velero',
    locks: 'nobody',
    defaultRule: { kind: 'free' },
    permissions: [
      's3:ListBucket',
      's3:GetObject',
      's3:PutObject',
      's3:AbortMultipartUpload',
      's3:ListMultipartUploadParts',
    ],
    untried: DELETES,
    leavesVersions: true,
    lasting: ['kopia/'],
    shortLived: ['kopia/ns/s0123456789abcdef', 'kopia/ns/_log_20261120', 'kopia/ns/kopia.maintenance'],
    notShown: ['the AWS plugin must be 1.9.1 or newer, without checksumAlgorithm: ""'],
  },
];

/**
 * What a tool asks of its bucket.
 *
 * @throws HoldfastError `bad-input` for a tool that doctor does not know.
 */
export function toolNamed(name: string): Tool {
  const found = TOOLS.find((tool) => tool.name === name);
  if (found !== undefined) return found;
  throw new HoldfastError('bad-input', {
    what: `--for cannot be ${JSON.stringify(name)}`,
    next: `name one of ${TOOLS.map((tool) => tool.name).join(', ')}`,
  });
}
