/** Lists matters, and shows one; loaded only when somebody asks for it. */
import { matterListSchema, type MatterView, matterViewSchema } from '../../lib/matters/messages.ts';
import { type Api, openApi } from '../api-client.ts';
import { type ApiOptions, matterId } from '../api-options.ts';
import { listTable, sayMatter } from '../matter-text.ts';
import { print, printJson } from '../output.ts';

/** The most that a page may have. */
const PAGE = '100';

export async function runList(options: ApiOptions): Promise<void> {
  const { matters, raw } = await allMatters(openApi(options));
  if (options.json === true) printJson({ matters: raw });
  else if (matters.length === 0) print('There are no matters that you may see.');
  else print(listTable(matters));
}

export async function runShow(text: string, options: ApiOptions): Promise<void> {
  const id = matterId(text);
  const { value, raw } = await openApi(options).get(`/matters/${id}`, matterViewSchema);
  if (options.json === true) printJson(raw);
  else sayMatter(value);
}

async function allMatters(api: Api): Promise<{ matters: MatterView[]; raw: unknown[] }> {
  const matters: MatterView[] = [];
  const raw: unknown[] = [];
  let after: string | undefined;
  do {
    const page = await api.get('/matters', matterListSchema, { limit: PAGE, after });
    matters.push(...page.value.matters);
    raw.push(...(page.raw as { readonly matters: readonly unknown[] }).matters);
    after = page.value.next;
  } while (after !== undefined);
  return { matters, raw };
}
