/** Asks before something is changed. */
import { createInterface } from 'node:readline';
import { HoldfastError } from '../lib/errors.ts';

/** Whether somebody sits there who can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Refuses where nobody can be asked and `--yes` was not given. */
export function mustBeConfirmable(yes: boolean): void {
  if (yes || canAsk()) return;
  throw new HoldfastError('bad-input', {
    what: 'nobody can be asked here, so nothing was changed',
    next: 'give --yes to do it without being asked',
  });
}

/** Waits for a yes; anything else, Ctrl-C too, is a no. */
export async function confirm(question: string): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await new Promise<string>((answered) => {
    terminal.once('close', () => {
      answered('');
    });
    terminal.question(`${question} [y/N] `, answered);
  });
  terminal.close();
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new HoldfastError('bad-input', {
    what: 'not confirmed, so nothing was changed',
    next: 'run it again and answer y',
  });
}
