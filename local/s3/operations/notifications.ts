import { randomUUID } from 'node:crypto';
import { bucketOf, type Answer, type Call } from '../call.ts';
import { invalidArgument, malformedXml } from '../errors.ts';
import type { NotificationConfiguration, NotificationTarget } from '../types.ts';
import { branch, childrenNamed, leaf, readXml, textOf, xmlDocument, type XmlNode } from '../xml.ts';

type Kind = NotificationTarget['kind'];

const ELEMENTS: Readonly<Record<Kind, { readonly configuration: string; readonly arn: string }>> = {
  queue: { configuration: 'QueueConfiguration', arn: 'Queue' },
  topic: { configuration: 'TopicConfiguration', arn: 'Topic' },
  lambda: { configuration: 'CloudFunctionConfiguration', arn: 'CloudFunction' },
};
const KINDS = Object.keys(ELEMENTS) as readonly Kind[];

const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  ObjectCreated: ['*', 'Put', 'Post', 'Copy', 'CompleteMultipartUpload'],
  ObjectRemoved: ['*', 'Delete', 'DeleteMarkerCreated'],
  ObjectRestore: ['*', 'Post', 'Completed', 'Delete'],
  ObjectTagging: ['*', 'Put', 'Delete'],
  ObjectAnnotation: ['*', 'Put', 'Delete'],
  LifecycleExpiration: ['*', 'Delete', 'DeleteMarkerCreated'],
  Replication: [
    '*',
    'OperationFailedReplication',
    'OperationNotTracked',
    'OperationMissedThreshold',
    'OperationReplicatedAfterThreshold',
  ],
  ObjectAcl: ['Put'],
  ObjectRetention: ['Put'],
};
const SINGLE = ['s3:ReducedRedundancyLostObject', 's3:LifecycleTransition', 's3:IntelligentTiering'];

function isEvent(name: string): boolean {
  if (SINGLE.includes(name)) return true;
  const [service, family = '', member = ''] = name.split(':');
  return service === 's3' && (FAMILIES[family]?.includes(member) ?? false);
}

/** PutBucketNotificationConfiguration: replaces the whole configuration. */
export function putNotification(call: Call): Answer {
  const bucket = bucketOf(call);
  const document = readXml(call.body, 'NotificationConfiguration');
  const known = [...KINDS.map((kind) => ELEMENTS[kind].configuration), 'EventBridgeConfiguration'];
  if (document.children.some((child) => !known.includes(child.name))) throw malformedXml();
  const targets = KINDS.flatMap((kind) =>
    childrenNamed(document, ELEMENTS[kind].configuration).map((node) => readTarget(kind, node)),
  );
  checkOverlap(targets);
  bucket.notification = {
    targets,
    eventBridge: childrenNamed(document, 'EventBridgeConfiguration').length > 0,
  };
  return { status: 200 };
}

function readTarget(kind: Kind, node: XmlNode): NotificationTarget {
  const arn = textOf(node, ELEMENTS[kind].arn) ?? '';
  if (!/^arn:[^:]+:(sqs|sns|lambda):[^:]+:\d*:.+$/.test(arn))
    throw invalidArgument('The ARN could not be parsed', ELEMENTS[kind].arn, arn);
  const events = childrenNamed(node, 'Event').map((event) => event.text.trim());
  if (events.length === 0) throw malformedXml();
  const unknown = events.find((event) => !isEvent(event));
  if (unknown !== undefined)
    throw invalidArgument(`The event '${unknown}' is not supported for notifications`, 'Event', unknown);
  const id = textOf(node, 'Id');
  return {
    kind,
    id: id === undefined || id === '' ? randomUUID() : id,
    arn,
    events,
    filters: readFilters(node),
  };
}

function readFilters(node: XmlNode): NotificationTarget['filters'] {
  const rules = childrenNamed(node, 'Filter')
    .flatMap((filter) => childrenNamed(filter, 'S3Key'))
    .flatMap((key) => childrenNamed(key, 'FilterRule'));
  const filters = rules.map((rule) => {
    const name = textOf(rule, 'Name')?.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix')
      throw invalidArgument('filter rule name must be either prefix or suffix', 'FilterRule.Name', name);
    return { name, value: childrenNamed(rule, 'Value')[0]?.text ?? '' } as const;
  });
  if (new Set(filters.map((filter) => filter.name)).size < filters.length)
    throw invalidArgument(
      'Cannot specify more than one prefix or suffix rule in a filter.',
      'FilterRule.Name',
    );
  return filters;
}

// One upload must not reach two destinations for the same event type.
function checkOverlap(targets: readonly NotificationTarget[]): void {
  const filterOf = (target: NotificationTarget, name: 'prefix' | 'suffix'): string =>
    target.filters.find((filter) => filter.name === name)?.value ?? '';
  const nested = (a: string, b: string, within: 'startsWith' | 'endsWith'): boolean =>
    a[within](b) || b[within](a);
  targets.forEach((one, index) => {
    for (const other of targets.slice(index + 1)) {
      const sameEvent = one.events.some((a) => other.events.some((b) => sharesEvent(a, b)));
      const samePrefix = nested(filterOf(one, 'prefix'), filterOf(other, 'prefix'), 'startsWith');
      const sameSuffix = nested(filterOf(one, 'suffix'), filterOf(other, 'suffix'), 'endsWith');
      if (sameEvent && samePrefix && sameSuffix)
        throw invalidArgument(
          'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
          'Event',
        );
    }
  });
}

const sharesEvent = (a: string, b: string): boolean => {
  const family = (event: string): string => event.slice(0, event.lastIndexOf(':'));
  return a === b || (family(a) === family(b) && (a.endsWith(':*') || b.endsWith(':*')));
};

/** GetBucketNotificationConfiguration. */
export function getNotification(call: Call): Answer {
  const { notification } = bucketOf(call);
  return { status: 200, body: xmlDocument('NotificationConfiguration', ...printed(notification)) };
}

const printed = ({ targets, eventBridge }: NotificationConfiguration): string[] => [
  ...targets.map((target) =>
    branch(
      ELEMENTS[target.kind].configuration,
      leaf('Id', target.id),
      leaf(ELEMENTS[target.kind].arn, target.arn),
      ...target.events.map((event) => leaf('Event', event)),
      target.filters.length === 0
        ? ''
        : branch('Filter', branch('S3Key', ...target.filters.map(printedFilter))),
    ),
  ),
  eventBridge ? branch('EventBridgeConfiguration') : '',
];

const printedFilter = (filter: NotificationTarget['filters'][number]): string =>
  branch('FilterRule', leaf('Name', filter.name), leaf('Value', filter.value));
