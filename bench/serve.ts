/** A server in a process of its own: the embedded S3, or the least that Node can answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startS3 } from '../local/s3/index.ts';

/** What the parent hears: the port once, and then the processor time used so far whenever it asks. */
export type Told = { readonly port: number } | { readonly cpu: number };

async function startNothing(): Promise<number> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-length': 0 }).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function tell(told: Told): void {
  process.send?.(told);
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  tell({ cpu: user + system });
});
process.once('disconnect', () => process.exit());
tell({ port: process.argv[2] === 's3' ? (await startS3()).port : await startNothing() });
