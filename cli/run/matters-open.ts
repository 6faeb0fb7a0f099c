/** Previews, opens and widens matters; loaded only when somebody asks for it. */
import {
  type MatterView,
  matterViewSchema,
  previewSchema,
  type ScopeRequest,
} from '../../lib/matters/messages.ts';
import { type Answered, type Api, openApi } from '../api-client.ts';
import { type ApiOptions, matterId } from '../api-options.ts';
import { confirm, mustBeConfirmable } from '../confirm.ts';
import { sayPreview } from '../matter-outlook.ts';
import { headText } from '../matter-text.ts';
import { print, printError, printJson, visible } from '../output.ts';
import { scopeOf, type ScopeOptions } from '../scope-options.ts';
import { followed, isWorking, pollEvery, type WaitOptions } from './matters-wait.ts';

export type PreviewOptions = ApiOptions & ScopeOptions;

export interface WidenOptions extends PreviewOptions, WaitOptions {
  readonly allowEmpty?: true;
  readonly yes?: true;
  readonly json?: true;
}

export interface OpenOptions extends WidenOptions {
  readonly title: string;
  readonly reason: string;
  readonly group?: string;
}

export async function runPreview(addresses: readonly string[], options: PreviewOptions): Promise<void> {
  const scope = scopeOf(addresses, options);
  const { value, raw } = await openApi(options).post('/matters/preview', previewSchema, { scope });
  if (options.json === true) {
    printJson(raw);
    return;
  }
  sayPreview(value);
  print('Nothing is held by this: open a matter with holdfast matters open.');
}

export async function runOpen(addresses: readonly string[], options: OpenOptions): Promise<void> {
  const { title, reason, group } = options;
  await hold(addresses, options, `Open ${visible(title)}, and hold them?`, async (api, request) =>
    api.post('/matters', matterViewSchema, {
      title,
      reason,
      ...(group !== undefined && { group }),
      ...request,
    }),
  );
}

export async function runWiden(
  text: string,
  addresses: readonly string[],
  options: WidenOptions,
): Promise<void> {
  const id = matterId(text);
  await hold(addresses, options, `Widen ${id}, and hold them too?`, async (api, request) =>
    api.post(`/matters/${id}/scopes`, matterViewSchema, request),
  );
}

interface Request {
  readonly scope: ScopeRequest;
  readonly allowEmpty?: true;
}

/** Shows what would be held, asks, holds it, and tells how it went. */
async function hold(
  addresses: readonly string[],
  options: WidenOptions,
  question: string,
  send: (api: Api, request: Request) => Promise<Answered<MatterView>>,
): Promise<void> {
  const { yes, json, allowEmpty } = options;
  const scope = scopeOf(addresses, options);
  mustBeConfirmable(yes === true);
  pollEvery(options);
  const api = openApi(options);
  if (yes !== true || json !== true) {
    const { value } = await api.post('/matters/preview', previewSchema, { scope });
    // The answer of --json is one document on standard output; whoever is asked reads the rest elsewhere.
    sayPreview(value, json === true ? printError : print);
  }
  if (yes !== true) await confirm(question);
  const answer = await send(api, { scope, ...(allowEmpty === true && { allowEmpty }) });
  const { value: matter, raw } = await followed(answer, api, options);
  if (json === true) {
    printJson(raw);
    return;
  }
  print(headText(matter));
  const id = visible(matter.id);
  if (isWorking(matter)) print(`the holds are being placed: follow it with holdfast matters show ${id}`);
  else print(`see it with holdfast matters show ${id}`);
}
