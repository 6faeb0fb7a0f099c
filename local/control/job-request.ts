/** The document of CreateJob, read as strictly as the model says. */
import { childrenNamed, members, readXml, textOf, type XmlNode } from '../s3/xml.ts';
import { badRequest } from './errors.ts';
import { type Manifest, readManifestNode } from './manifest-node.ts';
import { booleanOf } from './nodes.ts';
import { type Operation, readOperation } from './operation-node.ts';
import { type Report, readReport } from './report-node.ts';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

export interface JobRequest {
  readonly token: string;
  readonly priority: number;
  readonly roleArn: string;
  readonly description?: string;
  readonly confirmationRequired: boolean;
  readonly tags: readonly Tag[];
  readonly operation: Operation;
  readonly manifest: Manifest;
  readonly report: Report;
  /** The same for two requests that ask for the same; the token aside. */
  readonly fingerprint: string;
  /** The parts that DescribeJob tells as they came. */
  readonly nodes: { readonly operation: XmlNode; readonly manifest: XmlNode; readonly report: XmlNode };
}

const MEMBERS = [
  'ConfirmationRequired',
  'Operation',
  'Report',
  'ClientRequestToken',
  'Manifest',
  'Description',
  'Priority',
  'RoleArn',
  'Tags',
  'ManifestGenerator',
] as const;
const MAX_PRIORITY = 2_147_483_647;

export function readJobRequest(body: Buffer): JobRequest {
  const root = readXml(body, 'CreateJobRequest');
  const found = members(root, MEMBERS);
  if (found.ManifestGenerator !== undefined)
    throw badRequest('A generated manifest is not offered here: give the job a Manifest.');
  const operation = required(found.Operation, 'Operation');
  const manifest = required(found.Manifest, 'Manifest');
  const report = required(found.Report, 'Report');
  const description = found.Description?.text;
  if (description !== undefined && (description === '' || description.length > 256))
    throw badRequest('Description has 1 to 256 characters.');
  return {
    token: tokenOf(required(found.ClientRequestToken, 'ClientRequestToken').text),
    priority: readPriority(required(found.Priority, 'Priority').text),
    roleArn: required(found.RoleArn, 'RoleArn').text.trim(),
    ...(description !== undefined && { description }),
    // The guide shows jobs that wait when the parameter is left out: the strict reading.
    confirmationRequired: booleanOf(found.ConfirmationRequired) ?? true,
    tags: found.Tags === undefined ? [] : readTags(found.Tags),
    operation: readOperation(operation),
    manifest: readManifestNode(manifest),
    report: readReport(report),
    fingerprint: fingerprintOf({
      ...root,
      children: root.children.filter(({ name }) => name !== 'ClientRequestToken'),
    }),
    nodes: { operation, manifest, report },
  };
}

function required(node: XmlNode | undefined, name: string): XmlNode {
  if (node === undefined) throw badRequest(`${name} is required.`);
  return node;
}

function tokenOf(text: string): string {
  if (text.length < 1 || text.length > 64) throw badRequest('ClientRequestToken has 1 to 64 characters.');
  return text;
}

export function readPriority(text: string): number {
  const priority = Number(text);
  if (!/^\d+$/.test(text) || priority > MAX_PRIORITY)
    throw badRequest(`Priority is a whole number from 0 to ${MAX_PRIORITY}.`);
  return priority;
}

export function readTags(node: XmlNode): Tag[] {
  const tags = childrenNamed(node, 'member').map((member) => ({
    key: textOf(member, 'Key') ?? '',
    value: textOf(member, 'Value') ?? '',
  }));
  const isWrong = tags.some(({ key, value }) => key === '' || key.length > 128 || value.length > 256);
  if (isWrong || tags.length > 50 || new Set(tags.map(({ key }) => key)).size < tags.length)
    throw badRequest('A job has at most 50 tags of different keys, of 1 to 128 and 0 to 256 characters.');
  return tags;
}

const fingerprintOf = (node: XmlNode): string =>
  `${node.name}(${JSON.stringify(node.text)}${node.children.map(fingerprintOf).sort().join('')})`;
