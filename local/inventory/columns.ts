/** The columns of an inventory: their names in CSV and in Parquet, and what stands in them. */
import type { InventoryRow, LetterCase } from './row.ts';

export type Value = string | number | boolean | undefined;

export interface Column {
  /** As the configuration and CSV name it. */
  readonly name: string;
  /** As Parquet names it. */
  readonly snake: string;
  readonly kind: 'text' | 'boolean' | 'long' | 'date';
  readonly isRequired?: boolean;
  readonly valueOf: (row: InventoryRow, letterCase: LetterCase) => Value;
}

const ALWAYS: readonly Column[] = [
  { name: 'Bucket', snake: 'bucket', kind: 'text', isRequired: true, valueOf: ({ bucket }) => bucket },
  { name: 'Key', snake: 'key', kind: 'text', isRequired: true, valueOf: ({ key }) => key },
];

const OF_VERSIONS: readonly Column[] = [
  { name: 'VersionId', snake: 'version_id', kind: 'text', valueOf: ({ versionId }) => versionId },
  { name: 'IsLatest', snake: 'is_latest', kind: 'boolean', valueOf: ({ isLatest }) => isLatest },
  { name: 'IsDeleteMarker', snake: 'is_delete_marker', kind: 'boolean', valueOf: ({ isMarker }) => isMarker },
];

const OPTIONAL: readonly Column[] = [
  { name: 'Size', snake: 'size', kind: 'long', valueOf: ({ size }) => size },
  {
    name: 'LastModifiedDate',
    snake: 'last_modified_date',
    kind: 'date',
    valueOf: ({ lastModified }) => lastModified,
  },
  { name: 'ETag', snake: 'e_tag', kind: 'text', valueOf: ({ eTag }) => eTag },
  { name: 'StorageClass', snake: 'storage_class', kind: 'text', valueOf: ({ storageClass }) => storageClass },
  {
    name: 'IsMultipartUploaded',
    snake: 'is_multipart_uploaded',
    kind: 'boolean',
    valueOf: ({ isMultipart }) => isMultipart,
  },
  { name: 'ReplicationStatus', snake: 'replication_status', kind: 'text', valueOf: () => '' },
  {
    name: 'EncryptionStatus',
    snake: 'encryption_status',
    kind: 'text',
    valueOf: ({ encryption }) => encryption,
  },
  {
    name: 'ObjectLockRetainUntilDate',
    snake: 'object_lock_retain_until_date',
    kind: 'date',
    valueOf: ({ until }) => until,
  },
  {
    name: 'ObjectLockMode',
    snake: 'object_lock_mode',
    kind: 'text',
    valueOf: ({ mode }, letterCase) => written(mode, letterCase),
  },
  {
    name: 'ObjectLockLegalHoldStatus',
    snake: 'object_lock_legal_hold_status',
    kind: 'text',
    valueOf: ({ hold }, letterCase) => written(hold, letterCase),
  },
  {
    name: 'ObjectLockEventHoldStatus',
    snake: 'object_lock_event_hold_status',
    kind: 'text',
    // Whatever carries a retention says so, even if it never had one.
    valueOf: ({ mode, eventHold = 'OFF' }, letterCase) =>
      mode === undefined ? undefined : written(eventHold, letterCase),
  },
];

const written = (word: string | undefined, letterCase: LetterCase): string | undefined =>
  letterCase === 'upper' || word === undefined ? word : `${word.charAt(0)}${word.slice(1).toLowerCase()}`;

/** Every optional field that is offered here. */
export const FIELDS: readonly string[] = OPTIONAL.map(({ name }) => name);

/**
 * The columns of a configuration, in the order in which S3 writes them.
 *
 * @throws Error for a field that is none: S3 refuses the whole configuration.
 */
export function columnsOf(fields: readonly string[], versions: 'All' | 'Current'): Column[] {
  const unknown = fields.filter((field) => !FIELDS.includes(field));
  if (unknown.length > 0) throw new Error(`an inventory has no field ${unknown.join(', ')}`);
  return [
    ...ALWAYS,
    ...(versions === 'All' ? OF_VERSIONS : []),
    ...OPTIONAL.filter(({ name }) => fields.includes(name)),
  ];
}

const TYPES = {
  text: ['binary', ' (STRING)'],
  boolean: ['boolean', ''],
  long: ['int64', ''],
  date: ['int64', ' (TIMESTAMP(MILLIS,true))'],
} as const;

/** The fileSchema of manifest.json. */
export function fileSchema(columns: readonly Column[], format: 'CSV' | 'Parquet'): string {
  if (format === 'CSV') return columns.map(({ name }) => name).join(', ');
  const members = columns.map(({ snake, kind, isRequired }) => {
    const [type, annotation] = TYPES[kind];
    return `  ${isRequired === true ? 'required' : 'optional'} ${type} ${snake}${annotation};`;
  });
  return `message s3.inventory {${members.join('')}}`;
}
