import { CloudWatchLogsClient, type PutLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CloudWatchCopy } from '../../../lib/aws/cloudwatch-copy.ts';
import { type Logs, startLogs } from '../../../local/logs.ts';

const GROUP = '/holdfast/audit';
const MOST_BYTES = 1_048_576;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let logs: Logs;
let client: CloudWatchLogsClient;
/** What the service took, as `group: message`. */
let taken: string[];
/** The requests that went out, by the names of their commands. */
let sent: { name: string; stream: string; events: number }[];

beforeEach(async () => {
  [taken, sent] = [[], []];
  logs = await startLogs((group, message) => taken.push(`${group}: ${message}`));
  client = clientOf();
});
afterEach(async () => {
  client.destroy();
  await logs.close();
});

function clientOf(): CloudWatchLogsClient {
  const made = new CloudWatchLogsClient({
    endpoint: logs.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  made.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const { logStreamName = '', logEvents = [] } = args.input as Partial<PutLogEventsCommandInput>;
        sent.push({ name: commandName, stream: logStreamName, events: logEvents.length });
        return next(args);
      },
    { step: 'initialize' },
  );
  return made;
}

const commands = (): string[] => sent.map(({ name }) => name.replace('Command', ''));

/** A record line of a moment; padded to so many bytes where the size matters. */
function line(id: string, { time = Date.now(), bytes = 0 } = {}): string {
  const text = JSON.stringify({ id, time: new Date(time).toISOString(), pad: '' });
  return text.replace('"pad":""', `"pad":"${'x'.repeat(Math.max(bytes - Buffer.byteLength(text), 0))}"`);
}

describe('copying record lines', () => {
  it('puts them into a stream of the writer, in their group', async () => {
    const lines = [line('a'), line('b')];

    await new CloudWatchCopy(client, GROUP).copy(lines, 'writer-1');

    expect(taken).toStrictEqual(lines.map((text) => `${GROUP}: ${text}`));
    expect(sent).toStrictEqual([
      { name: 'CreateLogStreamCommand', stream: 'writer-1', events: 0 },
      { name: 'PutLogEventsCommand', stream: 'writer-1', events: 2 },
    ]);
  });

  it('makes the stream once for each writer', async () => {
    const copy = new CloudWatchCopy(client, GROUP);

    await copy.copy([line('a')], 'one');
    await copy.copy([line('b')], 'one');
    await copy.copy([line('c')], 'two');

    expect(commands()).toStrictEqual([
      'CreateLogStream',
      'PutLogEvents',
      'PutLogEvents',
      'CreateLogStream',
      'PutLogEvents',
    ]);
    expect(taken).toHaveLength(3);
  });

  it('is content with a stream that exists already', async () => {
    await new CloudWatchCopy(client, GROUP).copy([line('a')], 'one');

    await new CloudWatchCopy(client, GROUP).copy([line('b')], 'one');

    expect(commands()).toStrictEqual(['CreateLogStream', 'PutLogEvents', 'CreateLogStream', 'PutLogEvents']);
    expect(taken).toHaveLength(2);
  });

  it('sends events in the order of their times, which the service insists on', async () => {
    const now = Date.now();
    const [early, late] = [line('early', { time: now - 1_000 }), line('late', { time: now })];

    await new CloudWatchCopy(client, GROUP).copy([late, early], 'one');

    expect(taken).toStrictEqual([`${GROUP}: ${early}`, `${GROUP}: ${late}`]);
  });

  it('makes as many requests as the limit of 1 MiB calls for', async () => {
    const lines = Array.from({ length: 5 }, (_, at) => line(String(at), { bytes: 400_000 }));

    await new CloudWatchCopy(client, GROUP).copy(lines, 'one');

    expect(sent.slice(1).map(({ events }) => events)).toStrictEqual([2, 2, 1]);
    expect(taken).toHaveLength(5);
  });

  it('makes as many requests as the limit of 10,000 events calls for', async () => {
    const time = Date.now();
    const lines = Array.from({ length: 10_001 }, (_, at) => line(String(at), { time }));

    await new CloudWatchCopy(client, GROUP).copy(lines, 'one');

    expect(sent.slice(1).map(({ events }) => events)).toStrictEqual([10_000, 1]);
    expect(taken).toStrictEqual(lines.map((text) => `${GROUP}: ${text}`));
  });

  it('sends nothing for no lines', async () => {
    await new CloudWatchCopy(client, GROUP).copy([], 'one');

    expect(commands()).not.toContain('PutLogEvents');
  });
});

describe('what is rejected', () => {
  it.each([
    ['too old', -15 * DAY, 'tooOldLogEventEndIndex'],
    ['too new', 3 * HOUR, 'tooNewLogEventStartIndex'],
  ])('an event that is %s is an error, though the request was taken', async (_, ago, index) => {
    const [good, bad] = [line('good'), line('bad', { time: Date.now() + ago })];

    await expect(new CloudWatchCopy(client, GROUP).copy([good, bad], 'one')).rejects.toThrow(index);

    expect(taken).toStrictEqual([`${GROUP}: ${good}`]);
  });

  it('one line that is larger than a request can be is an error', async () => {
    const huge = line('huge', { bytes: MOST_BYTES });

    await expect(new CloudWatchCopy(client, GROUP).copy([huge], 'one')).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('does not keep later lines from being copied', async () => {
    const time = Date.now();
    const old = Array.from({ length: 10_000 }, (_, at) => line(String(at), { time: time - 15 * DAY }));
    const good = line('good', { time });

    await expect(new CloudWatchCopy(client, GROUP).copy([...old, good], 'one')).rejects.toThrow('rejected');

    expect(taken).toStrictEqual([`${GROUP}: ${good}`]);
  });

  it('a service that is not there is an error, and is tried again with the next lines', async () => {
    const copy = new CloudWatchCopy(client, GROUP);
    await logs.close();
    await expect(copy.copy([line('a')], 'one')).rejects.toThrow();

    await expect(copy.copy([line('b')], 'one')).rejects.toThrow();

    expect(commands()).toStrictEqual(['CreateLogStream', 'CreateLogStream']);
  });
});

describe('the requests of some lines', () => {
  /** The lines of each request that went out; the service took them all. */
  async function requestsOf(lines: readonly string[]): Promise<string[][]> {
    [taken, sent] = [[], []];
    await new CloudWatchCopy(client, GROUP).copy(lines, 'one');
    const puts = sent.filter(({ name }) => name === 'PutLogEventsCommand');
    let at = 0;
    return puts.map(({ events }) =>
      taken.slice(at, (at += events)).map((text) => text.slice(GROUP.length + 2)),
    );
  }

  const sizes = async (lines: readonly string[]): Promise<number[]> =>
    (await requestsOf(lines)).map(({ length }) => length);

  it('fill 1 MiB to the last byte, with the 26 that each event costs', async () => {
    const half = MOST_BYTES / 2 - 26;

    expect(await sizes([line('a', { bytes: half }), line('b', { bytes: half })])).toStrictEqual([2]);
    expect(await sizes([line('a', { bytes: half }), line('b', { bytes: half + 1 })])).toStrictEqual([1, 1]);
  });

  it('count bytes, not characters', async () => {
    const time = new Date().toISOString();
    const key = '€'.repeat(200_000);

    expect(await sizes([JSON.stringify({ time, key }), JSON.stringify({ time, key })])).toStrictEqual([1, 1]);
  });

  it('are in the order of time over all of them, and lines of one moment stay as they came', async () => {
    const time = Date.now();
    const late = line('late', { time, bytes: 900_000 });
    const early = line('early', { time: time - 1, bytes: 900_000 });
    const same = [line('1', { time: time - 2 }), line('2', { time: time - 2 })];

    expect(await requestsOf([late, early, ...same])).toStrictEqual([[...same, early], [late]]);
  });

  it('span no more than 24 hours each, which the service insists on', async () => {
    const time = Date.now();

    expect(await sizes([line('a', { time: time - DAY - 1 }), line('b', { time })])).toStrictEqual([1, 1]);
    expect(await sizes([line('a', { time: time - DAY }), line('b', { time })])).toStrictEqual([2]);
  });
});
