/** Stands between a client and a store, so that a test can act between two requests, look at one, or change an answer. */
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

type Before = (method: string, path: string, headers: IncomingHttpHeaders) => Promise<void>;

/**
 * Passes requests on, after something was done that the client knows nothing of.
 *
 * @param answered - headers that every answer carries in place of the store's own.
 */
export async function proxyTo(
  port: number,
  before: Before,
  answered: () => Readonly<Record<string, string>> = () => ({}),
): Promise<{ url: string; server: Server }> {
  const server = createServer((incoming, answer) => {
    const { method = '', url = '', headers } = incoming;
    void before(method, url, headers).then(() => {
      const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (stored) => {
        answer.writeHead(stored.statusCode ?? 502, { ...stored.headers, ...answered() });
        stored.pipe(answer);
      });
      incoming.pipe(onward);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
