import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { ListBucketsCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from '@jest/globals';
import { s3Client } from '../../../lib/aws/s3-client.ts';
import { startEmbedded } from '../../helpers/embedded.ts';
import { proxyTo } from '../../helpers/proxy.ts';

const PAGE = '<!DOCTYPE html><html><body>It works!</body></html>';
const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret' };

describe('a client in front of a web page', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  const serving = async (status: number, body = PAGE): Promise<ReturnType<typeof s3Client>> => {
    server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
      response.end(body);
    });
    await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    return s3Client({ endpoint: `http://127.0.0.1:${port}`, credentials });
  };

  it('does not read it as an empty answer', async () => {
    const client = await serving(200);

    await expect(client.send(new ListBucketsCommand({}))).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('it sent a web page'),
    });
  });

  it('leaves a refusal with a page to those who know refusals', async () => {
    const client = await serving(403);

    await expect(client.send(new ListBucketsCommand({}))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('believes the answer to a write: it may have been taken', async () => {
    const client = await serving(200, '');
    const Retention = { Mode: 'COMPLIANCE' as const, RetainUntilDate: new Date(Date.now() + 60_000) };
    const write = new PutObjectRetentionCommand({ Bucket: 'b', Key: 'k', VersionId: 'v', Retention });

    await expect(client.send(write)).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
  });

  it('takes XML for XML, whatever its type is called', async () => {
    const embedded = await startEmbedded();
    const html = { 'content-type': 'text/html' };
    const between = await proxyTo(
      embedded.s3.port,
      async () => undefined,
      () => html,
    );
    server = between.server;
    const client = s3Client({ endpoint: between.url, credentials });

    expect((await client.send(new ListBucketsCommand({}))).Buckets).toStrictEqual([]);

    client.destroy();
    await embedded.close();
  });
});
