import { accessDenied } from './errors.ts';
import type { Principal } from './types.ts';

/** Whether a principal may do an IAM action; everybody may do what is not denied to them. */
export const isAllowed = (principal: Principal, action: string): boolean =>
  !(principal.deny ?? []).some((denied) =>
    denied.endsWith('*') ? action.startsWith(denied.slice(0, -1)) : denied === action,
  );

/** Throws AccessDenied, in the words of IAM, when a principal may not do an action. */
export function requireAction(
  principal: Principal,
  action: string,
  accountId: string,
  resource: string,
): void {
  if (isAllowed(principal, action)) return;
  throw accessDenied(
    `User: arn:aws:iam::${accountId}:user/${principal.accessKeyId} is not authorized to perform: ${action} on resource: "arn:aws:s3:::${resource}" with an explicit deny in an identity-based policy`,
  );
}
