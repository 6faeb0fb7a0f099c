/**
 * Looks at what really goes out to S3 Batch Operations.
 *
 * The client drops members that it does not know, and a retention without a mode and a date means "take the
 * retention away". So the body is read once more before it is sent, and a job that could weaken a lock is refused.
 */
import { S3ControlClient } from '@aws-sdk/client-s3-control';
import { HoldfastError } from '../errors.ts';

/** Installs the guard in front of the network. */
export function guardJobs(client: S3ControlClient): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const { request } = args;
      if (typeof request === 'object' && request !== null && 'body' in request) checkBody(request.body);
      return next(args);
    },
    { step: 'finalizeRequest', name: 'holdfastJobGuard', priority: 'low', override: true },
  );
}

/** @throws HoldfastError `bad-input` for a job that takes locks away, or might. */
export function checkBody(body: unknown): void {
  const text =
    typeof body === 'string' ? body : body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : '';
  if (!text.includes('<CreateJobRequest')) return;
  const fault = faultOf(text);
  if (fault === undefined) return;
  throw new HoldfastError('bad-input', {
    what: `a bulk job would have gone out that ${fault}, and it was not sent`,
    next: 'report this as a fault of Holdfast; apply the plan with --engine direct meanwhile',
  });
}

function faultOf(text: string): string | undefined {
  if (/<Bypass\w+>\s*true/i.test(text)) return 'bypasses governance';
  if (text.includes('<S3PutObjectRetention')) {
    if (!/<Mode>(GOVERNANCE|COMPLIANCE)<\/Mode>/.test(text))
      return 'names no mode, which means: take the lock away';
    if (!/<RetainUntilDate>[^<]+<\/RetainUntilDate>/.test(text))
      return 'names no date, which means: take the lock away';
    if (text.includes('EventHold')) return 'is about an event hold';
  }
  if (text.includes('<S3PutObjectLegalHold') && !text.includes('<Status>ON</Status>'))
    return 'clears legal holds';
  const isKnown = ['<S3PutObjectRetention', '<S3PutObjectLegalHold', '<LambdaInvoke'].some((name) =>
    text.includes(name),
  );
  if (!isKnown) return 'does something that no plan asks for';
  return text.includes('<ConfirmationRequired>false</ConfirmationRequired>')
    ? undefined
    : 'does not say that it needs no confirmation, and would wait for ever';
}
