/** The use cases of the HTTP API for matters, events and runs: one function for each thing that may be asked. */
import {
  type EventAnswer,
  type EventRequest,
  type Forecast,
  type LockView,
  type MatterView,
  type OpenRequest,
  type Preview,
  type RunView,
  type ScopeRequest,
  type WidenRequest,
} from '../matters/messages.ts';
import { type ObjectRef } from '../ports/lock-store.ts';
import { type Caller } from './caller.ts';

/**
 * Every function throws HoldfastError with the code that the answer shows.
 * A `key` is the caller's Idempotency-Key: the same key with the same request does it once.
 */
export interface MatterApi {
  preview(scope: ScopeRequest, caller: Caller): Promise<Preview>;
  /** `isNew` is false where the same key opened it before. */
  open(
    request: OpenRequest,
    key: string | undefined,
    caller: Caller,
  ): Promise<{ matter: MatterView; isNew: boolean }>;
  list(
    page: { readonly after?: string; readonly limit: number },
    caller: Caller,
  ): Promise<{ matters: MatterView[]; next?: string }>;
  get(id: string, caller: Caller): Promise<MatterView>;
  widen(id: string, request: WidenRequest, key: string | undefined, caller: Caller): Promise<MatterView>;
  askRelease(
    id: string,
    reason: string,
    caller: Caller,
  ): Promise<{ matter: MatterView; deletable: Forecast }>;
  approveRelease(id: string, caller: Caller): Promise<MatterView>;
  /** Lines of CSV, the header first; `next` where there is more than fits into one answer. */
  roll(id: string, after: string | undefined, caller: Caller): Promise<{ lines: string[]; next?: string }>;
  /** The pages of the roll by their names in the records bucket, with their SHA-256. */
  pages(
    id: string,
    after: string | undefined,
    caller: Caller,
  ): Promise<{ pages: { name: string; sha256: string }[]; next?: string }>;
  lock(ref: ObjectRef, caller: Caller): Promise<LockView>;
  postEvent(request: EventRequest, key: string | undefined, caller: Caller): Promise<EventAnswer>;
  runs(all: boolean, caller: Caller): Promise<RunView[]>;
  run(id: string, caller: Caller): Promise<RunView>;
  approveRun(id: string, caller: Caller): Promise<RunView>;
  cancelRun(id: string, caller: Caller): Promise<RunView>;
  /** Records that something was asked, and how it was answered; refusals too. */
  audited(request: {
    readonly line: string;
    readonly status: number;
    readonly code?: string;
    readonly actor: string;
    readonly id: string;
  }): Promise<void>;
}
