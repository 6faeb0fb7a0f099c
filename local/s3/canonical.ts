import type { S3Request } from './request.ts';

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A decoded path as it is signed: every byte but the unreserved ones and the slash escaped, once. */
export const encodePath = (path: string): string => path.split('/').map(encode).join('/');

/** A decoded query as it is signed: escaped, then sorted. */
export const canonicalQuery = (parameters: S3Request['parameters']): string =>
  parameters
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');

/** The signed headers, one line each, repeated ones joined by a comma. */
export function canonicalHeaders(request: S3Request, names: readonly string[]): string {
  const values = new Map<string, string[]>(names.map((name) => [name, []]));
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    const value = request.rawHeaders[i + 1] ?? '';
    values.get((request.rawHeaders[i] ?? '').toLowerCase())?.push(value.trim().replace(/ +/g, ' '));
  }
  return names.map((name) => `${name}:${(values.get(name) ?? []).join(',')}\n`).join('');
}
