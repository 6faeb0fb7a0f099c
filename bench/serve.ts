/** A server in a process of its own: the embedded S3, its log service, or the least that Node can answer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startLogs } from '../local/logs.ts';
import { startS3 } from '../local/s3/index.ts';

/** What the parent hears: the port once, and then the processor time used so far whenever it asks. */
export type Told = { readonly port: number } | { readonly cpu: number };

export type Kind = 's3' | 'logs' | 'floor';

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

async function start(kind: Kind): Promise<number> {
  switch (kind) {
    case 's3':
      return (await startS3()).port;
    case 'logs':
      return Number(new URL((await startLogs(() => undefined)).url).port);
    case 'floor':
      return startNothing();
  }
}

tell({ port: await start(process.argv[2] as Kind) });
