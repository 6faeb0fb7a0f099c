/** What can be wrong with the header lines of an upload; the codes are stable. */
export type FaultCode =
  | 'line-unreadable'
  | 'name-unknown'
  | 'mode-case'
  | 'mode-unknown'
  | 'partner-missing'
  | 'date-past'
  | 'date-decimals'
  | 'date-offset'
  | 'date-unreadable'
  | 'date-too-far'
  | 'template-unreadable'
  | 'hold-value'
  | 'duplicate'
  | 'bypass'
  | 'lock-missing';

/** One fault of one line; lines count from 1. */
export interface Fault {
  readonly line: number;
  readonly code: FaultCode;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** A fault whose line is known only to the caller. */
export type ValueFault = Omit<Fault, 'line'>;

/** Quotes what somebody else wrote, shortened, so that nothing in it can pass for our own words. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
