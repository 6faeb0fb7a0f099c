/** The searchable copy of the records in CloudWatch Logs, written within the limits of PutLogEvents. */
import {
  type CloudWatchLogsClient,
  CreateLogStreamCommand,
  type InputLogEvent,
  PutLogEventsCommand,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-cloudwatch-logs';
import { type SearchableCopy } from '../ports/audit-store.ts';

/** Limits of one PutLogEvents request. */
const MOST_EVENTS = 10_000;
const MOST_BYTES = 1_048_576;
const BYTES_PER_EVENT = 26;
const LONGEST_SPAN = 86_400_000;

/**
 * Copies record lines to a log stream of the writer's own.
 * CloudWatch can take a request and still reject events in it (too old, too new): that is an error here.
 */
export class CloudWatchCopy implements SearchableCopy {
  private readonly client: CloudWatchLogsClient;
  private readonly group: string;
  private readonly streams = new Set<string>();

  constructor(client: CloudWatchLogsClient, group: string) {
    this.client = client;
    this.group = group;
  }

  async copy(lines: readonly string[], writer: string): Promise<void> {
    await this.ensureStream(writer);
    const rejections: string[] = [];
    for (const logEvents of requestsOf(lines)) {
      const { rejectedLogEventsInfo: rejected } = await this.client.send(
        new PutLogEventsCommand({ logGroupName: this.group, logStreamName: writer, logEvents }),
      );
      if (rejected !== undefined) rejections.push(JSON.stringify(rejected));
    }
    if (rejections.length > 0) throw new Error(`CloudWatch Logs rejected events: ${rejections.join(', ')}`);
  }

  private async ensureStream(writer: string): Promise<void> {
    if (this.streams.has(writer)) return;
    try {
      await this.client.send(new CreateLogStreamCommand({ logGroupName: this.group, logStreamName: writer }));
    } catch (error) {
      if (!(error instanceof ResourceAlreadyExistsException)) throw error;
    }
    this.streams.add(writer);
  }
}

/** Splits lines into requests; within one, events must be in the order of their times. */
function requestsOf(lines: readonly string[]): InputLogEvent[][] {
  const requests: InputLogEvent[][] = [];
  let current: InputLogEvent[] = [];
  let bytes = 0;
  const events = lines.map((message) => ({ message, timestamp: timeOf(message) }));
  for (const event of events.sort((a, b) => a.timestamp - b.timestamp)) {
    const size = Buffer.byteLength(event.message) + BYTES_PER_EVENT;
    const first = current[0]?.timestamp ?? event.timestamp;
    const full =
      current.length === MOST_EVENTS || bytes + size > MOST_BYTES || event.timestamp - first > LONGEST_SPAN;
    if (current.length > 0 && full) {
      requests.push(current);
      [current, bytes] = [[], 0];
    }
    current.push(event);
    bytes += size;
  }
  if (current.length > 0) requests.push(current);
  return requests;
}

function timeOf(line: string): number {
  const { time } = JSON.parse(line) as { time: string };
  return Date.parse(time);
}
