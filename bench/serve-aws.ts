/** DynamoDB or SQS in a process of its own: what the local cloud has for them. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';
import { buildApp } from 'fauxqs';
import type { Service } from './services.ts';

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(service: Service): Promise<string> {
  switch (service) {
    case 'tables':
      return listening(dynalite({ createTableMs: 0 }));
    case 'queues':
      return buildApp({ logger: false, host: '127.0.0.1' }).listen({ host: '127.0.0.1', port: 0 });
  }
}

process.once('disconnect', () => process.exit());
process.send?.(await start(process.argv[2] as Service));
