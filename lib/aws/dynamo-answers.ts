/** DynamoDB's refusals, sorted by status and code; never by message, which changes. */
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { HoldfastError } from '../errors.ts';
import { BAD_CREDENTIALS, badCredentials } from './answers.ts';

const THROTTLES = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottlingException',
]);
/** Refusals that pass: the same request may succeed in a moment. */
const PASSING = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestTimeTooSkewed', 'RequestTimeout']);
const FAULT_OF_STORE = 500;

/**
 * Runs a request on a table and names its failure.
 *
 * @param what - the request and its item, for the message of an error.
 * @throws HoldfastError `throttled` or `unreachable` when there was no verdict, and what else the refusal means.
 * @throws the SDK's ConditionalCheckFailedException as it is: it is an answer.
 */
export async function askTable<T>(what: string, table: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    throw namedFailure(what, table, cause);
  }
}

function namedFailure(what: string, table: string, cause: unknown): unknown {
  if (!(cause instanceof DynamoDBServiceException)) return noVerdict(what, cause);
  const { name: code } = cause;
  if (code === 'ConditionalCheckFailedException') return cause;
  if (THROTTLES.has(code)) {
    return new HoldfastError('throttled', {
      what: `${what}: DynamoDB asked to slow down (${code}) for as long as the budget of retries lasted`,
      next: 'run it again later, or give the table more capacity',
      cause,
    });
  }
  const status = cause.$metadata.httpStatusCode ?? FAULT_OF_STORE;
  if (status >= FAULT_OF_STORE || PASSING.has(code)) return noVerdict(what, cause);
  if (BAD_CREDENTIALS.has(code)) return badCredentials(what, code);
  if (code === 'AccessDeniedException') {
    return new HoldfastError('no-permission', {
      what: `${what}: not allowed on the table ${table}`,
      next: 'allow dynamodb:GetItem, dynamodb:PutItem and dynamodb:Query on it',
      cause,
    });
  }
  return new HoldfastError('bad-input', {
    what: `${what}: DynamoDB refused (${code})`,
    next: `check that the table ${table} is there and active, with the string keys pk and sk`,
    cause,
  });
}

function noVerdict(what: string, cause: unknown): HoldfastError {
  const why = cause instanceof Error ? cause.message || cause.name : 'no answer';
  return new HoldfastError('unreachable', {
    what: `${what}: DynamoDB gave no verdict (${why})`,
    next: 'check the endpoint, the credentials and the network, and run it again',
    cause,
  });
}
