import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface MachineRequest {
  readonly method?: string;
  /** With its query, escaped as it is sent. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly region?: string;
  readonly service?: string;
  readonly signedAt?: Date;
}

/** Asks a route that wants a signature; it is AWS's own code that signs. */
export async function askAsMachine(url: string, request: MachineRequest): Promise<Response> {
  const { method = 'GET', path, headers = {}, body } = request;
  return fetch(url + path, {
    method,
    headers: { ...headers, ...(await signatureOf(url, request)) },
    ...(body !== undefined && { body }),
  });
}

/** The headers that sign a request. */
export async function signatureOf(url: string, request: MachineRequest): Promise<Record<string, string>> {
  const { method = 'GET', path, headers = {}, body, signedAt = new Date() } = request;
  const { credentials = { accessKeyId: 'holdfast', secretAccessKey: 'holdfast-secret' } } = request;
  const { region = 'us-east-1', service = 'execute-api' } = request;
  const client = new DynamoDBClient({ region, credentials });
  const signer = await client.config.signer({
    name: 'sigv4',
    signingName: service,
    signingRegion: region,
    properties: {},
  });
  const { protocol, hostname, port, host, pathname, searchParams } = new URL(path, url);
  const query: Record<string, string[]> = {};
  for (const name of searchParams.keys()) query[name] = searchParams.getAll(name);
  const signed = await signer.sign(
    {
      ...{ method, protocol, hostname, port: Number(port), path: pathname, query, body },
      headers: { ...headers, host },
    },
    { signingDate: signedAt },
  );
  client.destroy();
  // fetch sets it, from the address.
  return Object.fromEntries(Object.entries(signed.headers).filter(([name]) => name !== 'host'));
}
