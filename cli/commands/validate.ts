import type { Command } from 'commander';
import { readPolicy } from '../../lib/aws/load-policy.ts';
import { paint, print, printError, printJson } from '../output.ts';
import { deploymentCap, problemLines } from '../policy-file.ts';

export function addValidate(program: Command): void {
  program
    .command('validate')
    .description('check a policy file; faults come as file:line:column')
    .argument('<policy>', 'the policy file, YAML or JSON')
    .option('--maximum <period>', "the deployment's cap, such as P12Y")
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast validate policy.yaml\n  holdfast validate policy.yaml --maximum P12Y --json',
    )
    .action((path: string, options: { maximum?: string; json?: true }) => {
      const parsed = readPolicy(path, deploymentCap(options.maximum));
      const problems = parsed.ok ? parsed.warnings : parsed.problems;
      if (options.json === true) printJson({ ok: parsed.ok, problems });
      else if (parsed.ok) {
        for (const line of problemLines(path, problems)) print(line);
        const count = parsed.policy.rules.length;
        print(
          `${paint('green', '✔')} ${path}: ${count} rule${count === 1 ? '' : 's'}, maximum ${parsed.policy.settings.maximum.text}`,
        );
      } else for (const line of problemLines(path, problems)) printError(line);
      if (!parsed.ok) process.exitCode = 2;
    });
}
