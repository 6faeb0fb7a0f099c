/** What a job does to each of its objects: the Operation of CreateJob. */
import { parseIso } from '../s3/dates.ts';
import { childrenNamed, members, textOf, type XmlNode } from '../s3/xml.ts';
import { badRequest } from './errors.ts';
import { booleanOf } from './nodes.ts';

export type Operation =
  | {
      readonly name: 'S3PutObjectRetention';
      /** Left out, the job removes the retention of every object. */
      readonly retention?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly until: Date };
      readonly bypass: boolean;
    }
  | { readonly name: 'S3PutObjectLegalHold'; readonly status: 'ON' | 'OFF' }
  | {
      readonly name: 'LambdaInvoke';
      readonly functionArn: string;
      readonly schema: '1.0' | '2.0';
      readonly userArguments?: Readonly<Record<string, string>>;
    };

export function readOperation(node: XmlNode): Operation {
  const [operation, ...others] = node.children;
  if (operation === undefined || others.length > 0) throw badRequest('A job has exactly one Operation.');
  switch (operation.name) {
    case 'S3PutObjectRetention':
      return readRetention(operation);
    case 'S3PutObjectLegalHold':
      return readLegalHold(operation);
    case 'LambdaInvoke':
      return readLambda(operation);
    default:
      throw badRequest(`The operation ${operation.name} is not offered here.`);
  }
}

function readRetention(node: XmlNode): Operation {
  const found = members(node, ['Retention', 'BypassGovernanceRetention']);
  if (found.Retention === undefined) throw badRequest('Retention is required.');
  const { Mode, RetainUntilDate } = members(found.Retention, ['Mode', 'RetainUntilDate']);
  const bypass = booleanOf(found.BypassGovernanceRetention) ?? false;
  if (Mode === undefined && RetainUntilDate === undefined) return { name: 'S3PutObjectRetention', bypass };
  const mode = Mode?.text;
  const until = parseIso(RetainUntilDate?.text ?? '');
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || until === undefined)
    throw badRequest('A Retention has both a Mode and a RetainUntilDate, or neither.');
  return { name: 'S3PutObjectRetention', retention: { mode, until: new Date(until) }, bypass };
}

function readLegalHold(node: XmlNode): Operation {
  const { LegalHold } = members(node, ['LegalHold']);
  const status = LegalHold && textOf(LegalHold, 'Status');
  if (status !== 'ON' && status !== 'OFF') throw badRequest('The Status of a LegalHold is ON or OFF.');
  return { name: 'S3PutObjectLegalHold', status };
}

function readLambda(node: XmlNode): Operation {
  const found = members(node, ['FunctionArn', 'InvocationSchemaVersion', 'UserArguments']);
  const functionArn = found.FunctionArn?.text ?? '';
  if (!/^arn:aws[a-z-]*:lambda:[^:]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/.test(functionArn))
    throw badRequest('FunctionArn is the ARN of a Lambda function.');
  const schema = found.InvocationSchemaVersion?.text ?? '1.0';
  if (schema !== '1.0' && schema !== '2.0') throw badRequest('InvocationSchemaVersion is 1.0 or 2.0.');
  const given = found.UserArguments;
  if (given === undefined) return { name: 'LambdaInvoke', functionArn, schema };
  if (schema === '1.0') throw badRequest('UserArguments need the InvocationSchemaVersion 2.0.');
  return { name: 'LambdaInvoke', functionArn, schema, userArguments: readArguments(given) };
}

function readArguments(node: XmlNode): Record<string, string> {
  const entries = childrenNamed(node, 'entry').map(
    (entry) => [childText(entry, 'key'), childText(entry, 'value')] as const,
  );
  const isWrong = entries.some(
    ([key, value]) => key === '' || key.length > 64 || value === '' || value.length > 1024,
  );
  if (isWrong || entries.length < 1 || entries.length > 10)
    throw badRequest('There are 1 to 10 UserArguments, of keys to 64 and values to 1024 characters.');
  return Object.fromEntries(entries);
}

const childText = (node: XmlNode, name: string): string =>
  node.children.find((child) => child.name === name)?.text ?? '';
