/** The adapters' sorting of answers, in the words of the probe. */
import { type Answer } from '../probe/lab.ts';
import { ask, isRefused, type Refusal } from './answers.ts';

/** Runs a request of which only the verdict matters. */
export async function verdictOf(what: string, request: () => Promise<object>): Promise<Answer> {
  const answer = await ask(what, request);
  return isRefused(answer) ? refusedBy(answer.refused) : { took: true };
}

export const refusedBy = ({ status, code }: Refusal): Answer => ({ took: false, status, code });
