/** Which engine the user asks for. */
import { HoldfastError } from '../lib/errors.ts';
import { type EngineChoice } from '../lib/plan/engine.ts';

/** @returns undefined where nothing was asked for. */
export function engineOption(text: string | undefined): EngineChoice | undefined {
  if (text === undefined || text === 'auto' || text === 'batch' || text === 'direct') return text;
  throw new HoldfastError('bad-input', {
    what: `--engine cannot be ${JSON.stringify(text)}`,
    next: 'write auto, batch or direct',
  });
}
