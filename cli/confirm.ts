/** Asks before something is changed. */
import { createInterface } from 'node:readline';
import { HoldfastError } from '../lib/errors.ts';

/** Refuses where nobody sits who can be asked, and `--yes` was not given. */
export function mustBeConfirmable(yes: boolean): void {
  if (yes || (process.stdin.isTTY && process.stderr.isTTY)) return;
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
