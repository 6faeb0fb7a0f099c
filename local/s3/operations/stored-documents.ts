/** Configurations that are kept and given back as they came: nothing here acts on them. */
import { bucketOf, queryOf, type Answer, type Call, type Operation } from '../call.ts';
import { invalidArgument, invalidRequest, S3Error } from '../errors.ts';
import { leaf, readXml, textOf, xmlDocument } from '../xml.ts';

/** Which document a request means: its kind, and its id where a bucket may have several. */
interface Kind {
  readonly root: string;
  readonly missing: () => S3Error;
}

const TAGS: Kind = {
  root: 'Tagging',
  missing: () => new S3Error(404, 'NoSuchTagSet', 'The TagSet does not exist'),
};
const LIFECYCLE: Kind = {
  root: 'LifecycleConfiguration',
  missing: () =>
    new S3Error(404, 'NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'),
};
const INVENTORY: Kind = {
  root: 'InventoryConfiguration',
  missing: () => new S3Error(404, 'NoSuchConfiguration', 'The specified configuration does not exist.'),
};

const REPLICATION: Kind = {
  root: 'ReplicationConfiguration',
  missing: () =>
    new S3Error(404, 'ReplicationConfigurationNotFoundError', 'The replication configuration was not found'),
};

const put =
  (kind: Kind): Operation =>
  (call) => {
    const document = readXml(call.body, kind.root);
    const id = kind === INVENTORY ? idOf(call) : '';
    if (kind === INVENTORY && textOf(document, 'Id') !== id)
      throw invalidArgument('The Ids differ', 'id', id);
    if (kind === REPLICATION && bucketOf(call).versioning !== 'Enabled')
      throw invalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration");
    bucketOf(call).documents.set(`${kind.root} ${id}`, call.body.toString('utf8'));
    return { status: kind === TAGS ? 204 : 200 };
  };

const get =
  (kind: Kind): Operation =>
  (call) => ({ status: 200, body: stored(call, kind, '') });

const remove =
  (kind: Kind): Operation =>
  (call) => {
    bucketOf(call).documents.delete(`${kind.root} ${kind === INVENTORY ? idOf(call) : ''}`);
    return { status: 204 };
  };

/** One inventory by its id, or else all of them, in the order of their ids. */
function getInventories(call: Call): Answer {
  const id = queryOf(call, 'id');
  if (id !== undefined) return { status: 200, body: stored(call, INVENTORY, id) };
  const prefix = `${INVENTORY.root} `;
  const all = [...bucketOf(call).documents].filter(([name]) => name.startsWith(prefix)).sort();
  const documents = all.map(([, text]) => text.replace(/^<\?xml[^>]*\?>\s*/, ''));
  return {
    status: 200,
    body: xmlDocument('ListInventoryConfigurationsResult', ...documents, leaf('IsTruncated', false)),
  };
}

function stored(call: Call, kind: Kind, id: string): string {
  const text = bucketOf(call).documents.get(`${kind.root} ${id}`);
  if (text === undefined) throw kind.missing();
  return text;
}

function idOf(call: Call): string {
  const id = queryOf(call, 'id');
  if (id === undefined || id === '') throw invalidArgument('The id is missing', 'id', '');
  return id;
}

/** The operations on documents that are only kept. */
export const STORED_DOCUMENTS: Readonly<Record<string, Operation>> = {
  GetBucketTagging: get(TAGS),
  PutBucketTagging: put(TAGS),
  DeleteBucketTagging: remove(TAGS),
  GetBucketLifecycleConfiguration: get(LIFECYCLE),
  PutBucketLifecycleConfiguration: put(LIFECYCLE),
  DeleteBucketLifecycle: remove(LIFECYCLE),
  GetBucketReplication: get(REPLICATION),
  PutBucketReplication: put(REPLICATION),
  DeleteBucketReplication: remove(REPLICATION),
  ListBucketInventoryConfigurations: getInventories,
  PutBucketInventoryConfiguration: put(INVENTORY),
  DeleteBucketInventoryConfiguration: remove(INVENTORY),
};
