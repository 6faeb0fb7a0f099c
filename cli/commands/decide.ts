import type { Command } from 'commander';
import { systemClock } from '../../lib/aws/system-clock.ts';
import { type VersionFacts } from '../../lib/policy/facts.ts';
import { explain } from '../../lib/policy/explain.ts';
import { decisionJson, decisionLines } from '../decision-text.ts';
import { instantOption, keyOption, lockOption, sizeOption, tagsOption } from '../options.ts';
import { print, printJson } from '../output.ts';
import { policyOption } from '../policy-file.ts';

interface DecideOptions {
  policy: string;
  maximum?: string;
  bucket: string;
  key: string;
  tags?: string;
  size?: string;
  created?: string;
  now?: string;
  modeNow?: string;
  untilNow?: string;
  holdNow?: boolean;
  noncurrent?: boolean;
  json?: true;
}

const EXAMPLES = `
Nothing is read or written: the version is what you say it is. Left out, tags are none, and created is now.

Examples:
  holdfast decide --policy policy.yaml --bucket acme-docs --key invoices/1001.pdf
  holdfast decide --policy policy.yaml --bucket acme-docs --key a.csv --tags retention=P3Y --size 2048 --json
  holdfast decide --policy policy.yaml --bucket acme-docs --key a.csv --mode-now GOVERNANCE --until-now 2027-01-01`;

export function addDecide(program: Command): void {
  program
    .command('decide')
    .description('which lock would a version get? (offline)')
    .requiredOption('--policy <file>', 'the policy file')
    .requiredOption('--bucket <name>', 'its bucket')
    .requiredOption('--key <key>', 'its key, as it is')
    .option('--tags <pairs>', 'its tags, as a=b,c=d')
    .option('--size <bytes>', 'its size')
    .option('--created <time>', 'when it was created, such as 2024-02-29T10:00:00Z')
    .option('--now <time>', 'the moment of the decision')
    .option('--mode-now <mode>', 'the mode it is locked in already')
    .option('--until-now <time>', 'the date it is locked until already')
    .option('--hold-now', 'it already has a legal hold')
    .option('--noncurrent', 'it is not the current version of its key')
    .option('--maximum <period>', "the deployment's cap, such as P12Y")
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action((options: DecideOptions) => {
      const now = instantOption(options.now, systemClock.now());
      const version: VersionFacts = {
        bucket: options.bucket,
        key: keyOption(options.key),
        created: instantOption(options.created, now),
        size: sizeOption(options.size),
        tags: tagsOption(options.tags),
        current: options.noncurrent !== true,
        lock: lockOption(options),
      };
      const explanation = explain(policyOption(options.policy, options.maximum), version, now);
      if (options.json === true) printJson(decisionJson(explanation));
      else for (const line of decisionLines(explanation)) print(line);
    });
}
