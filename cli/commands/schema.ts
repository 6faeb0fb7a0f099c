import type { Command } from 'commander';
import { policyJsonSchema } from '../../lib/policy/schema.ts';
import { printJson } from '../output.ts';

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of a policy file, for editors')
    .addHelpText('after', '\nExample:\n  holdfast schema > policy.schema.json')
    .action(() => {
      printJson(policyJsonSchema());
    });
}
