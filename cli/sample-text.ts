/** A sample in words: estimates with their ranges. */
import { type SampleResult } from '../lib/app/sample-changes.ts';
import { type Estimate } from '../lib/plan/estimate.ts';
import { print, table, visible } from './output.ts';
import { count } from './plan-text.ts';

export function saySample({
  looked,
  parts,
  total,
  changes,
  satisfied,
  staysWrong,
  newlyCompliance,
  lines,
}: SampleResult): void {
  const about = parts.looked < parts.all ? 'about ' : '';
  print(
    `${count(looked)} of ${about}${count(total)} versions were looked at, in ${count(parts.looked)} of ${count(parts.all)} ${parts.all === 1 ? 'part' : 'parts'} of the listing; nineteen times in twenty the truth lies within the range`,
  );
  print();
  print(
    table(
      ['', 'versions', 'range'],
      [
        ['to change', ...cells(changes)],
        ['locked as wanted', ...cells(satisfied)],
        ['stays wrong', ...cells(staysWrong)],
        ['newly under COMPLIANCE', ...cells(newlyCompliance)],
      ],
    ),
  );
  if (lines.length > 0) {
    print();
    print(
      table(
        ['bucket', 'rule', 'change', 'to', 'versions', 'range'],
        lines.map(({ bucket, rule, change, to, versions }) => [
          visible(bucket),
          visible(rule),
          change,
          to,
          ...cells(versions),
        ]),
      ),
    );
  }
  print();
  print('Nothing was changed, and nothing can be applied: plan without --sample for that.');
}

function cells({ low, mid, high }: Estimate): string[] {
  return [count(mid), `${count(low)} to ${count(high)}`];
}
