/**
 * Who asks: verified here, whatever the gateway has verified before.
 *
 * The claims that the gateway hands on are not looked at: a route that is wired wrongly, or a gateway that only reads
 * tokens, as local ones do, must not let anybody in.
 */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ACCESS, type Access, type Caller } from '../app/caller.ts';
import { HoldfastError } from '../errors.ts';

/** Tells who sent a header `Authorization`. */
export type Verify = (authorization: string | undefined) => Promise<Caller>;

export interface VerifyOptions {
  /** As tokens name it, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** The issuer's public keys: `issuerKeys(issuer)`, but in tests. */
  readonly keys: JWTVerifyGetKey;
  /** What the issuer puts before the names of scopes, as Cognito does with the name of the API and a slash. */
  readonly scopePrefix?: string;
  readonly now?: () => Date;
}

/**
 * With a secret algorithm, whoever knows the public key could sign. Only what needs the private one is taken.
 */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const TOLERANCE_SECONDS = 60;
const MOST_GROUPS = 500;

/** @throws HoldfastError from what it returns: `not-signed-in`, or `unreachable` where the keys cannot be had. */
export function createVerify({ issuer, audience, keys, scopePrefix, now }: VerifyOptions): Verify {
  const keyFor: JWTVerifyGetKey = async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      // The token names a key that the issuer does not have: that is the token's fault.
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      throw new HoldfastError('unreachable', {
        what: 'the keys of the token issuer could not be read',
        next: 'try again in a minute; if it lasts, check the issuer that Holdfast is deployed with',
        cause: error,
      });
    }
  };
  return async (authorization) => {
    const [, token] = /^Bearer +([\w.~+/=-]+) *$/i.exec(authorization ?? '') ?? [];
    if (token === undefined) throw notSignedIn('the request has no bearer token');
    const payload = await payloadOf(token, keyFor, issuer, now);
    // As API Gateway has it: access tokens of Cognito name their client only.
    const audiences = [payload.aud ?? payload.client_id].flat();
    if (!audiences.includes(audience)) throw notSignedIn('the token is meant for somebody else');
    return callerOf(payload, issuer, scopePrefix);
  };
}

async function payloadOf(
  token: string,
  keys: JWTVerifyGetKey,
  issuer: string,
  now: (() => Date) | undefined,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer,
      clockTolerance: TOLERANCE_SECONDS,
      requiredClaims: ['sub', 'exp'],
      ...(now && { currentDate: now() }),
    });
    return payload;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw notSignedIn(whyNot(error), error);
  }
}

/** Enough for whoever set up the issuer, and nothing that helps to forge. */
function whyNot(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `the claim ${JSON.stringify(error.claim)} of the token is missing or not as it must be`;
  }
  return 'the token cannot be verified';
}

function callerOf(payload: JWTPayload, issuer: string, scopePrefix: string | undefined): Caller {
  const { sub } = payload;
  // It goes into records and certificates.
  if (!isLine(sub, 255)) throw notSignedIn('the claim "sub" of the token is missing or not as it must be');
  const name = [payload.name, payload.email].find((one) => isLine(one, 200));
  const groups = strings(payload.groups ?? payload['cognito:groups'])
    .filter((group) => isLine(group, 100))
    .slice(0, MOST_GROUPS);
  return {
    person: { issuer, subject: sub },
    ...(name !== undefined && { name }),
    groups: [...new Set(groups)],
    access: accessOf(payload, scopePrefix),
  };
}

/** The claim is called otherwise by every issuer; the first that names a scope of ours counts. */
function accessOf({ scope, scp, permissions }: JWTPayload, prefix = ''): Set<Access> {
  for (const claim of [scope, scp, permissions]) {
    const names = strings(claim).flatMap((name) => name.split(' '));
    const access = ACCESS.filter((one) => names.includes(`${prefix}${one}`));
    if (access.length > 0) return new Set(access);
  }
  return new Set();
}

function strings(claim: unknown): string[] {
  return [claim].flat().filter((one) => typeof one === 'string');
}

function isLine(value: unknown, most: number): value is string {
  return (
    typeof value === 'string' && value.isWellFormed() && /^\P{Cc}+$/u.test(value) && value.length <= most
  );
}

function notSignedIn(what: string, cause?: unknown): HoldfastError {
  return new HoldfastError('not-signed-in', {
    what,
    next: 'sign in, and send the token you are given',
    cause,
  });
}

/**
 * A program that signs its requests as AWS does, which the gateway has checked. It may never approve.
 *
 * @param userArn - believed only where the gateway sets it: on routes under /machine
 */
export function machineCaller(userArn: string | undefined, groups: readonly string[]): Caller {
  if (!isLine(userArn, 2048)) {
    throw new HoldfastError('not-signed-in', {
      what: 'the request is not signed by a role or a user of AWS',
      next: 'sign it with Signature Version 4, or ask without /machine and with a token',
    });
  }
  return {
    person: { issuer: 'aws', subject: userArn },
    groups,
    access: new Set<Access>(['matters:read', 'matters:write']),
  };
}
