/** The `holdfast` command: reads what was typed, runs one command, ends with an exit code that scripts can trust. */
import { Command, CommanderError } from 'commander';
import { HoldfastError } from '../lib/errors.ts';
import { addAudit } from './commands/audit.ts';
import { addBrake } from './commands/brake.ts';
import { addBucket } from './commands/bucket.ts';
import { addDecide } from './commands/decide.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEvents } from './commands/events.ts';
import { addExplain } from './commands/explain.ts';
import { addHeaders } from './commands/headers.ts';
import { addHold } from './commands/hold.ts';
import { addLedger } from './commands/ledger.ts';
import { addLocal } from './commands/local.ts';
import { addLock } from './commands/lock.ts';
import { addMatters } from './commands/matters.ts';
import { addApply } from './commands/apply.ts';
import { addPlan } from './commands/plan.ts';
import { addPolicy } from './commands/policy.ts';
import { addRuns } from './commands/runs.ts';
import { addSchema } from './commands/schema.ts';
import { addStatus } from './commands/status.ts';
import { addTour } from './commands/tour.ts';
import { addValidate } from './commands/validate.ts';
import { printError } from './output.ts';

const EXIT_CODES = `
Exit codes:
  0 done    2 bad input    3 refused by lock    4 no permission    5 unreachable
  6 partly failed    7 drift, or a check that failed    8 waits for approval    9 the world moved`;

const program = new Command('holdfast')
  .description('The retention manager for S3 Object Lock: no lock is ever weakened.')
  .showHelpAfterError('(add --help for the options and an example)')
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText('after', EXIT_CODES);

addValidate(program);
addDecide(program);
addDoctor(program);
addExplain(program);
addHeaders(program);
addPolicy(program);
addPlan(program);
addApply(program);
addRuns(program);
addBucket(program);
addStatus(program);
addLock(program);
addHold(program);
addMatters(program);
addLedger(program);
addEvents(program);
addBrake(program);
addAudit(program);
addSchema(program);
addLocal(program);
addTour(program);
// Commands made before exitOverride was inherited keep their own; each must throw rather than exit.
for (const command of [...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
  command.exitOverride();

// A reader that has seen enough (`| head`) closes the pipe; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof HoldfastError) {
    printError(error.message);
    return error.exitCode;
  }
  printError(
    `Holdfast failed in a way it does not know: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return 1;
}
