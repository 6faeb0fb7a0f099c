/** The thinnest S3 client: signs with Signature Version 4 and sends over connections that stay open. */
import { createHash, createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

export interface Call {
  readonly method: string;
  readonly path: string;
  /** Names in alphabetical order, as they are signed. */
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Reply {
  readonly status: number;
  readonly versionId: string | undefined;
  readonly text: string;
}

// What the embedded S3 takes when it is started without principals of its own.
const KEY = { id: 'holdfast', secret: 'holdfast-secret', region: 'us-east-1' };

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export class SignedClient {
  private readonly host: string;
  private readonly port: number;
  private readonly agent: Agent;
  private signingKey: { readonly day: string; readonly key: Buffer } | undefined;

  constructor(port: number, connections: number) {
    this.port = port;
    this.host = `127.0.0.1:${port}`;
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  async send({ method, path, query = {}, headers = {}, body = '' }: Call): Promise<Reply> {
    const search = Object.entries(query)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&');
    const signed = this.sign(method, path, search, headers, body);
    const { host, port, agent } = this;
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, agent, method, path: `${path}?${search}` };
      const sent = request({ ...options, headers: { ...signed, host } }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const versionId = response.headers['x-amz-version-id'];
          resolve({
            status: response.statusCode ?? 0,
            versionId: typeof versionId === 'string' ? versionId : undefined,
            text,
          });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }

  private sign(
    method: string,
    path: string,
    search: string,
    extra: Readonly<Record<string, string>>,
    body: string,
  ): Record<string, string> {
    const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const payload = sha256(body);
    const headers: Record<string, string> = {
      ...extra,
      'content-length': String(Buffer.byteLength(body)),
      'content-md5': createHash('md5').update(body).digest('base64'),
      host: this.host,
      'x-amz-content-sha256': payload,
      'x-amz-date': stamp,
    };
    const names = Object.keys(headers).sort();
    const lines = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
    const canonical = [method, path, search, lines, names.join(';'), payload].join('\n');
    const scope = `${stamp.slice(0, 8)}/${KEY.region}/s3/aws4_request`;
    const text = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n');
    const signature = hmac(this.keyOf(stamp.slice(0, 8)), text).toString('hex');
    const authorization = `AWS4-HMAC-SHA256 Credential=${KEY.id}/${scope},SignedHeaders=${names.join(';')},Signature=${signature}`;
    return { ...headers, authorization };
  }

  private keyOf(day: string): Buffer {
    if (this.signingKey?.day !== day) {
      const key = [KEY.region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${KEY.secret}`, day));
      this.signingKey = { day, key };
    }
    return this.signingKey.key;
  }
}
