/**
 * Reads the completion report of a bulk job.
 *
 * The guide declares the columns in one order and shows rows in another, so cells are told apart by what they hold:
 * the status of HTTP is a number, the code of an error is a word.
 */

export interface TaskResult {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly ok: boolean;
  readonly status: number | undefined;
  readonly code: string;
  readonly message: string;
}

/** Why a task failed, as far as its line tells. */
export type TaskFailure =
  /** The version is not there any more. */
  | 'gone'
  /** Denied: by a lock that is stricter, or for want of permission; only reading again tells. */
  | 'denied'
  | 'throttled'
  | 'other';

/** @returns undefined where the cells are no line of a report. */
export function taskOf(
  cells: readonly string[],
  decodeKey: (text: string) => string | undefined,
): TaskResult | undefined {
  const [bucket = '', encoded = '', versionId = '', state = '', one = '', other = '', ...rest] = cells;
  const key = decodeKey(encoded);
  if (cells.length < 6 || bucket === '' || key === undefined) return undefined;
  if (state !== 'succeeded' && state !== 'failed') return undefined;
  const [status, code] = isNumber(one) && !isNumber(other) ? [one, other] : [other, one];
  return {
    bucket,
    key,
    versionId: versionId === '' ? 'null' : versionId,
    ok: state === 'succeeded',
    status: isNumber(status) ? Number(status) : undefined,
    code,
    message: rest.join(','),
  };
}

export function failureOf({ code, status, message }: TaskResult): TaskFailure {
  if (/NoSuchKey|NoSuchVersion|MethodNotAllowed/.test(code) || status === 404 || status === 405)
    return 'gone';
  if (/SlowDown|ServiceUnavailable|Throttl|InternalError|TemporaryFailure/.test(code) || (status ?? 0) >= 500)
    return 'throttled';
  if (code.includes('AccessDenied') || status === 403 || message.includes('Access Denied')) return 'denied';
  return 'other';
}

function isNumber(text: string): boolean {
  return /^\d{3}$/.test(text.trim());
}
