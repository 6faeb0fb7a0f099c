/** The matters that are open, and what they cover. */
import { type Docket } from '../../matters/docket.ts';
import { type Instant } from '../../lock/instant.ts';
import { type Selector } from '../../matters/matter.ts';
import { type Clock } from '../../ports/clock.ts';
import { type Ledger } from '../../ports/ledger.ts';
import { atOnce } from './at-once.ts';
import { readDocket, readMatter } from './ledger-items.ts';

export interface OpenMatter {
  readonly id: string;
  readonly selectors: readonly Selector[];
}

export interface OpenMattersOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** How long the docket is believed by who asks for what is {@link OpenMatters.current} (milliseconds). */
  readonly fresh: number;
}

/** Every change of what is covered is a new generation of the docket, so that a generation is read once. */
export class OpenMatters {
  private readonly options: OpenMattersOptions;
  private known: { readonly generation: number; readonly matters: readonly OpenMatter[] } | undefined;
  private docket: { readonly docket: Docket; readonly at: Instant } | undefined;

  constructor(options: OpenMattersOptions) {
    this.options = options;
  }

  /** As they were a moment ago: for uploads, which an opening waits for. */
  async current(): Promise<readonly OpenMatter[]> {
    const { ledger, clock, fresh } = this.options;
    // The moment before it was read: what is read later is no older.
    const now = clock.now();
    if (this.docket === undefined || now - this.docket.at >= fresh)
      this.docket = { docket: (await readDocket({ ledger })).value, at: now };
    return this.at(this.docket.docket);
  }

  /** As they are on a docket. */
  async at(docket: Docket): Promise<readonly OpenMatter[]> {
    if (this.known?.generation === docket.generation) return this.known.matters;
    const { ledger } = this.options;
    const matters = await atOnce(docket.open, async (id): Promise<OpenMatter> => {
      const held = await readMatter(id, { ledger });
      const scopes = held?.value.scopes ?? [];
      return {
        id,
        selectors: scopes.flatMap(({ what }) => (what.kind === 'selector' ? [what.selector] : [])),
      };
    });
    this.known = { generation: docket.generation, matters };
    return matters;
  }
}
