/** A web server answers 200 to anything: what is no answer of S3 must not be read as an empty one. */
import { type S3Client } from '@aws-sdk/client-s3';
import { HoldfastError } from '../errors.ts';

/** Requests whose answer may be a page that somebody stored. */
const BYTES = new Set(['GetObjectCommand']);

/**
 * Refuses web pages in place of answers to reads. What was written may have been taken, whatever its answer looks
 * like, and who asks to slow down may do so with a page.
 */
export function refuseWebPages(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (BYTES.has(commandName ?? '') || !isGet(args.request)) return next(args);
        let response: unknown;
        try {
          const result = await next(args);
          ({ response } = result);
          if (!isWebPage(response)) return result;
        } catch (error) {
          response = error instanceof Error && '$response' in error ? error.$response : undefined;
          if (!isWebPage(response)) throw error;
        }
        throw new HoldfastError('unreachable', {
          what: 'what answers at the endpoint is no S3 store: it sent a web page',
          next: 'check the address and the port of the endpoint',
        });
      },
    // Above the deserializer, so that no answer is left half read.
    { step: 'build', name: 'holdfastNoWebPage' },
  );
}

const isGet = (request: unknown): boolean =>
  typeof request === 'object' && request !== null && 'method' in request && request.method === 'GET';

/** Some stores call their XML a page; none leaves out every header of S3. */
function isWebPage(response: unknown): boolean {
  if (typeof response !== 'object' || response === null) return false;
  const { headers = {}, statusCode = 0 } = response as {
    headers?: Readonly<Record<string, string | undefined>>;
    statusCode?: number;
  };
  const isAnswer = statusCode >= 200 && statusCode < 300;
  const isPage = /^text\/html\b/i.test(headers['content-type'] ?? '');
  return isAnswer && isPage && !Object.keys(headers).some((name) => name.startsWith('x-amz'));
}
