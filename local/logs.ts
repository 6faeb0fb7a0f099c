/** CloudWatch Logs on the loopback address, as far as the functions write to it. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Logs {
  readonly url: string;
  close(): Promise<void>;
}

interface PutLogEvents {
  readonly logGroupName?: string;
  readonly logStreamName?: string;
  readonly logEvents?: readonly { readonly timestamp: number; readonly message: string }[];
}

/** The limits that PutLogEvents states; what breaks them is refused or rejected, as CloudWatch does. */
const MOST_EVENTS = 10_000;
const MOST_BYTES = 1_048_576;
const BYTES_PER_EVENT = 26;
const TOO_OLD = 14 * 86_400_000;
const TOO_NEW = 2 * 3_600_000;

/** Starts an empty log service; every event that it takes is handed on. */
export async function startLogs(onEvent: (group: string, message: string) => void): Promise<Logs> {
  const streams = new Set<string>();
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    });
  });

  async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const operation = String(request.headers['x-amz-target']).split('.')[1];
    const input = JSON.parse(await textOf(request)) as PutLogEvents;
    const stream = `${input.logGroupName ?? ''}\n${input.logStreamName ?? ''}`;
    if (operation === 'CreateLogStream') {
      if (streams.has(stream))
        return fault('ResourceAlreadyExistsException', 'The specified log stream already exists');
      streams.add(stream);
      return { status: 200, body: {} };
    }
    if (operation !== 'PutLogEvents')
      return fault('UnknownOperationException', `${operation ?? 'nothing'} is not offered`);
    if (!streams.has(stream))
      return fault('ResourceNotFoundException', 'The specified log stream does not exist.');
    return put(input);
  }

  function put({ logGroupName = '', logEvents = [] }: PutLogEvents): { status: number; body: object } {
    const bytes = logEvents.reduce(
      (sum, { message }) => sum + Buffer.byteLength(message) + BYTES_PER_EVENT,
      0,
    );
    if (logEvents.length === 0 || logEvents.length > MOST_EVENTS || bytes > MOST_BYTES) {
      return fault('InvalidParameterException', 'Upload too large or empty');
    }
    if (logEvents.some(({ timestamp }, at) => timestamp < (logEvents[at - 1]?.timestamp ?? 0))) {
      return fault(
        'InvalidParameterException',
        'Log events in a single PutLogEvents request must be in chronological order.',
      );
    }
    const now = Date.now();
    const old = logEvents.filter(({ timestamp }) => timestamp < now - TOO_OLD).length;
    const firstNew = logEvents.findIndex(({ timestamp }) => timestamp > now + TOO_NEW);
    const taken = logEvents.slice(old, firstNew === -1 ? undefined : firstNew);
    for (const { message } of taken) onEvent(logGroupName, message);
    const rejected = {
      ...(old > 0 && { tooOldLogEventEndIndex: old }),
      ...(firstNew !== -1 && { tooNewLogEventStartIndex: firstNew }),
    };
    return {
      status: 200,
      body: taken.length === logEvents.length ? {} : { rejectedLogEventsInfo: rejected },
    };
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function fault(code: string, message: string): { status: number; body: object } {
  return { status: 400, body: { __type: code, message } };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
