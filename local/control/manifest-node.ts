/** Where the list of a job's objects is and how it is written: the Manifest of CreateJob. */
import { childrenNamed, members, textOf, type XmlNode } from '../s3/xml.ts';
import { badRequest } from './errors.ts';

const FIELDS = ['Bucket', 'Key', 'VersionId', 'Ignore'] as const;

export type Field = (typeof FIELDS)[number];

/** An object by its ARN, at the ETag that the job was created for. */
export interface ManifestObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly eTag: string;
}

export type Manifest =
  | {
      readonly format: 'S3BatchOperations_CSV_20180820';
      readonly fields: readonly Field[];
      readonly object: ManifestObject;
    }
  | { readonly format: 'S3InventoryReport_CSV_20161130'; readonly object: ManifestObject };

export function readManifestNode(node: XmlNode): Manifest {
  const { Spec, Location } = members(node, ['Spec', 'Location']);
  if (Spec === undefined || Location === undefined) throw badRequest('A Manifest has a Spec and a Location.');
  const spec = members(Spec, ['Format', 'Fields']);
  const object = readLocation(Location);
  switch (spec.Format?.text) {
    case 'S3BatchOperations_CSV_20180820':
      return { format: 'S3BatchOperations_CSV_20180820', fields: readFields(spec.Fields), object };
    case 'S3InventoryReport_CSV_20161130':
      if (spec.Fields !== undefined) throw badRequest('The fields of an inventory are in its own manifest.');
      return { format: 'S3InventoryReport_CSV_20161130', object };
    default:
      throw badRequest('The Format of a manifest is not one that jobs can be created with.');
  }
}

function readFields(node: XmlNode | undefined): Field[] {
  const names = node === undefined ? [] : childrenNamed(node, 'member').map(({ text }) => text);
  const fields = FIELDS.flatMap((field) => names.filter((name) => name === field));
  const isOnce = (field: Field): boolean => fields.filter((each) => each === field).length === 1;
  if (fields.length < names.length || !isOnce('Bucket') || !isOnce('Key'))
    throw badRequest('Fields name Bucket and Key once each, and VersionId and Ignore where they are.');
  if (names.includes('VersionId') && !isOnce('VersionId')) throw badRequest('Fields name VersionId once.');
  return names.flatMap((name) => FIELDS.find((field) => field === name) ?? []);
}

function readLocation(node: XmlNode): ManifestObject {
  const [, bucket, key] = /^arn:aws[a-z-]*:s3:::([^/]+)\/(.+)$/s.exec(textOf(node, 'ObjectArn') ?? '') ?? [];
  const eTag = textOf(node, 'ETag')?.replaceAll('"', '');
  const versionId = textOf(node, 'ObjectVersionId');
  if (bucket === undefined || key === undefined) throw badRequest('ObjectArn is the ARN of an S3 object.');
  if (eTag === undefined || eTag === '') throw badRequest('The Location of a manifest has its ETag.');
  return { bucket, key, eTag, ...(versionId !== undefined && { versionId }) };
}
