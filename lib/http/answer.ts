/** What is answered to a request, before it becomes a response. */
import { type FailureCode } from '../errors.ts';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a refusal. */
  readonly code?: FailureCode;
}

export function json(status: number, value: unknown, headers: Answer['headers'] = {}): Answer {
  return { status, type: 'application/json', text: JSON.stringify(value), headers };
}

export function csv(lines: readonly string[], headers: Answer['headers'] = {}): Answer {
  const text = lines.map((line) => `${line}\r\n`).join('');
  return { status: 200, type: 'text/csv; charset=utf-8', text, headers };
}

/** The header that leads to the next page, where there is one. */
export function nextPage(
  path: string,
  next: string | undefined,
  more: Readonly<Record<string, string>> = {},
): Answer['headers'] {
  if (next === undefined) return {};
  return { link: `<${path}?${new URLSearchParams({ ...more, after: next }).toString()}>; rel="next"` };
}

/** As it goes out: nothing is kept by caches, and nothing is taken for what it does not say it is. */
export function responseOf({ status, type, text, headers }: Answer, id: string): Response {
  return new Response(text, {
    status,
    headers: {
      ...headers,
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': id,
    },
  });
}
