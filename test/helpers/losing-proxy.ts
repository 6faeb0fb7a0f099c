/** Stands between a client and a store and loses answers: the store did what it was asked, and nobody learns of it. */
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** How an answer is lost: the connection breaks, or something on the way answers in its place. */
export type Loss = 'drop' | 500 | 503;

export interface LosingProxy {
  readonly url: string;
  /** Loses the answers to the next writes, one for each loss given; then passes everything on again. */
  lose(...losses: readonly Loss[]): void;
  /** What is done after the store took a write whose answer is lost. */
  whenLost(act: () => Promise<void>): void;
  /** How many writes reached the store. */
  readonly writes: number;
  close(): Promise<void>;
}

export async function losingProxyTo(store: string): Promise<LosingProxy> {
  const { hostname, port } = new URL(store);
  let losses: Loss[] = [];
  let act = async (): Promise<void> => undefined;
  let writes = 0;
  const server = createServer((incoming, answer) => {
    void (async () => {
      const { method, url, headers } = incoming;
      const body = await buffer(incoming);
      const stored = await new Promise<IncomingMessage>((resolve, reject) => {
        request({ host: hostname, port, method, path: url, headers }, resolve).on('error', reject).end(body);
      });
      const told = await buffer(stored);
      const loss = isWrite(incoming) ? losses.shift() : undefined;
      if (isWrite(incoming)) writes += 1;
      if (loss !== undefined) await act();
      if (loss === 'drop') answer.destroy();
      else if (loss !== undefined) answer.writeHead(loss).end();
      else answer.writeHead(stored.statusCode ?? 502, stored.headers).end(told);
    })();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lose(...given) {
      losses = [...given];
    },
    whenLost(given) {
      act = given;
    },
    get writes() {
      return writes;
    },
    async close() {
      await new Promise<void>((closed) => {
        server.close(() => {
          closed();
        });
        server.closeAllConnections();
      });
    },
  };
}

/** DynamoDB is asked everything by POST. */
function isWrite({ method, headers }: IncomingMessage): boolean {
  const target = headers['x-amz-target'];
  return method === 'PUT' || (typeof target === 'string' && target.endsWith('.PutItem'));
}
