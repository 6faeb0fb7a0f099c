/** Which completion report a job writes: the Report of CreateJob. */
import { members, type XmlNode } from '../s3/xml.ts';
import { badRequest } from './errors.ts';
import { booleanOf } from './nodes.ts';

export type Report =
  | { readonly enabled: false }
  | {
      readonly enabled: true;
      readonly bucket: string;
      readonly prefix?: string;
      readonly scope: 'AllTasks' | 'FailedTasksOnly';
      readonly expectedOwner?: string;
    };

const MEMBERS = ['Bucket', 'Format', 'Enabled', 'Prefix', 'ReportScope', 'ExpectedBucketOwner'] as const;

export function readReport(node: XmlNode): Report {
  const found = members(node, MEMBERS);
  const enabled = booleanOf(found.Enabled);
  if (enabled === undefined) throw badRequest('A Report says whether it is Enabled.');
  if (!enabled) return { enabled: false };
  const bucket = /^arn:aws[a-z-]*:s3:::([^/]+)$/.exec(found.Bucket?.text ?? '')?.[1];
  if (bucket === undefined) throw badRequest('The Bucket of a Report is the ARN of a bucket.');
  if (found.Format?.text !== 'Report_CSV_20180820')
    throw badRequest('The Format of a Report is Report_CSV_20180820.');
  const scope = found.ReportScope?.text;
  if (scope !== 'AllTasks' && scope !== 'FailedTasksOnly')
    throw badRequest('The ReportScope is AllTasks or FailedTasksOnly.');
  const prefix = found.Prefix?.text;
  const expectedOwner = found.ExpectedBucketOwner?.text;
  return {
    enabled: true,
    bucket,
    scope,
    ...(prefix !== undefined && { prefix }),
    ...(expectedOwner !== undefined && { expectedOwner }),
  };
}
