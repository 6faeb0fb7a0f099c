/** Stands between a client and a store, so that a test can act between two requests of one command. */
import { createServer, request, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** Passes requests on, after something was done that the client knows nothing of. */
export async function proxyTo(
  port: number,
  before: (method: string, path: string) => Promise<void>,
): Promise<{ url: string; server: Server }> {
  const server = createServer((incoming, answer) => {
    const { method = '', url = '', headers } = incoming;
    void before(method, url).then(() => {
      const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(answer);
      });
      incoming.pipe(onward);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
