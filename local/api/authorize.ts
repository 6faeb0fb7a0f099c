/** The authorizers of the HTTP API: who calls, as the function is told. */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { StackRoute } from '../stack-routes.ts';
import { Refused } from './reply.ts';
import type { ApiRequest } from './request.ts';
import { type Machine, signerOf } from './signature.ts';

export type Authorizer =
  | { readonly jwt: { readonly claims: Readonly<Record<string, string>> } }
  | { readonly iam: IamCaller };

interface IamCaller {
  readonly accessKey: string;
  readonly accountId: string;
  readonly callerId: string;
  readonly userArn: string;
  readonly userId: string;
}

export interface AuthorizeOptions {
  readonly region: string;
  readonly accountId: string;
  /** Who may call routes that ask for a signature. */
  readonly machines: readonly Machine[];
}

/** Answers who calls, where the route asks for it; throws what API Gateway answers to others. */
export function authorize(
  kind: StackRoute['authorizer'],
  request: ApiRequest,
  options: AuthorizeOptions,
): Authorizer | undefined {
  switch (kind) {
    case 'none':
      return undefined;
    case 'jwt':
      return { jwt: { claims: claimsOf(request) } };
    case 'iam':
      return { iam: callerOf(request, options) };
  }
}

/**
 * The claims of a token that can be read. Its signature, its issuer and its times are not looked at, as in
 * other local gateways: what stands behind must not rely on them alone.
 */
function claimsOf({ headers }: ApiRequest): Record<string, string> {
  const token = (headers.authorization ?? '').replace(/^Bearer +/i, '').trim();
  try {
    return Object.fromEntries(Object.entries(decodeJwt(token)).map(([name, value]) => [name, flat(value)]));
  } catch {
    throw new Refused(401, 'Unauthorized', { 'www-authenticate': 'Bearer' });
  }
}

/** API Gateway hands every claim over as text, in a form that cannot be read back: `[admin reader]`. */
function flat(claim: unknown): string {
  if (Array.isArray(claim)) return `[${claim.map(flat).join(' ')}]`;
  if (typeof claim !== 'object' || claim === null) return String(claim);
  const members = Object.entries(claim).map(([name, value]) => `${name}:${flat(value)}`);
  return `map[${members.toSorted().join(' ')}]`;
}

function callerOf(request: ApiRequest, { region, accountId, machines }: AuthorizeOptions): IamCaller {
  const machine = signerOf(request, machines, region);
  if (machine === undefined) throw new Refused(403, 'Forbidden');
  const userArn = machine.userArn ?? `arn:aws:iam::${accountId}:user/${machine.accessKeyId}`;
  const digits = createHash('sha256').update(userArn).digest('hex').slice(0, 17).toUpperCase();
  const userId = `AIDA${digits}`;
  return { accessKey: machine.accessKeyId, accountId, callerId: userId, userArn, userId };
}
