/** What every Ledger must do, whatever store stands behind it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HoldfastError } from '../../lib/errors.ts';
import { type Ledger, type LedgerItem } from '../../lib/ports/ledger.ts';
import { type Loss, type LosingProxy, losingProxyTo } from '../helpers/losing-proxy.ts';

export interface LedgerUnderTest {
  /** The store's own address. */
  readonly url: string;
  /** The ledger by the store's address or by that of a proxy in front of it, with so many items to a page. */
  ledger(options?: { readonly url?: string; readonly pageSize?: number; readonly budget?: number }): Ledger;
  /** Some stores tell who loses a race, while it lasts, no more than that something went wrong. */
  readonly losersHear: 'conflict' | 'conflict or nothing';
  close(): Promise<void>;
}

const HALF_PAIR = 'a\ud83d';

async function all(items: AsyncIterable<LedgerItem>): Promise<LedgerItem[]> {
  const found: LedgerItem[] = [];
  for await (const item of items) found.push(item);
  return found;
}

function codeOf({ reason }: PromiseRejectedResult): unknown {
  return reason instanceof HoldfastError ? reason.code : reason;
}

const namesOf = async (ledger: Ledger, group: string): Promise<string[]> =>
  (await all(ledger.list(group))).map(({ name }) => name);

/** The order of names in every ledger. */
const byBytes = (names: readonly string[]): string[] =>
  names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

/** Runs the contract on a store. */
export function describeLedger(on: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`Ledger on ${on}`, () => {
    let under: LedgerUnderTest;
    let ledger: Ledger;
    /** A group for each test. */
    let group: string;
    let groups = 0;

    beforeAll(async () => {
      under = await open();
      ledger = under.ledger();
    });
    afterAll(async () => {
      await under.close();
    });
    beforeEach(() => {
      group = `g${(groups += 1)}`;
    });

    const put = async (name: string, body = name): Promise<{ rev: string }> => {
      const written = await ledger.put({ group, name }, body, 'none');
      if (written === undefined) throw new Error(`${name} is there already`);
      return written;
    };
    const bodyOf = async (name: string): Promise<string | undefined> =>
      (await ledger.get({ group, name }))?.body;

    describe('one item', () => {
      it('that was never written is not there', async () => {
        expect(await ledger.get({ group, name: 'none' })).toBeUndefined();
      });

      it('is read as it was written, at once', async () => {
        const { rev } = await put('one', 'body');

        expect(await ledger.get({ group, name: 'one' })).toStrictEqual({
          ...{ group, name: 'one' },
          ...{ body: 'body', rev },
        });
      });

      it('is written where there is none, and once only', async () => {
        const { rev } = await put('once', 'first');

        expect(await ledger.put({ group, name: 'once' }, 'second', 'none')).toBeUndefined();
        expect(await ledger.put({ group, name: 'once' }, 'first', 'none')).toBeUndefined();

        expect(await ledger.get({ group, name: 'once' })).toMatchObject({ body: 'first', rev });
      });

      it('is replaced by who read it', async () => {
        await put('replaced', 'first');
        const read = await ledger.get({ group, name: 'replaced' });

        const second = await ledger.put({ group, name: 'replaced' }, 'second', { rev: read?.rev ?? '' });

        expect(await ledger.get({ group, name: 'replaced' })).toMatchObject({ body: 'second', ...second });
        expect(second).toBeDefined();
      });

      it('is replaced by who wrote it, again and again, and read back each time', async () => {
        let { rev } = await put('again', '0');
        for (let count = 1; count <= 10; count += 1) {
          const next = await ledger.put({ group, name: 'again' }, String(count), { rev });
          expect(next).toBeDefined();
          expect(await bodyOf('again')).toBe(String(count));
          rev = next?.rev ?? '';
        }
      });

      it('is not replaced by who read an earlier state', async () => {
        const first = await put('stale', 'first');
        const second = await ledger.put({ group, name: 'stale' }, 'second', first);

        expect(await ledger.put({ group, name: 'stale' }, 'third', first)).toBeUndefined();

        expect(await ledger.get({ group, name: 'stale' })).toMatchObject({ body: 'second', ...second });
      });

      it('is not replaced where there is none', async () => {
        const other = await put('other');

        expect(await ledger.put({ group, name: 'absent' }, 'body', other)).toBeUndefined();

        expect(await ledger.get({ group, name: 'absent' })).toBeUndefined();
      });

      it('is another one even with the same body, and with the body that it had before', async () => {
        const first = await put('same', 'A');
        const second = await ledger.put({ group, name: 'same' }, 'A', first);
        const third = await ledger.put({ group, name: 'same' }, 'B', second ?? first);
        const fourth = await ledger.put({ group, name: 'same' }, 'A', third ?? first);

        expect(new Set([first.rev, second?.rev, third?.rev, fourth?.rev]).size).toBe(4);
        expect(await ledger.put({ group, name: 'same' }, 'C', first)).toBeUndefined();
        expect(await bodyOf('same')).toBe('A');
      });

      it.each([
        ['of many scripts', 'größe\u0000 €\r\n\t😀 𝄞 \u2028\ufffe\uffff "\\" <&> \u007f'],
        ['of nothing', ''],
        ['of 300 kB', '😀é'.repeat(50_000)],
      ])('has a body %s', async (_, body) => {
        await put('body', body);

        expect(await bodyOf('body')).toBe(body);
      });

      it('has no body of more than 350 kB', async () => {
        await expect(put('large', 'é'.repeat(175_001))).rejects.toMatchObject({ code: 'too-large' });

        expect(await ledger.get({ group, name: 'large' })).toBeUndefined();
      });

      it('has no body with half a character, which would come back as another', async () => {
        await expect(put('half', HALF_PAIR)).rejects.toMatchObject({ code: 'bad-input' });
      });
    });

    describe('names', () => {
      const NAMES = [
        ['of many scripts', 'größe € 😀 𝄞 漢字'],
        ['with what URLs escape', '/a//b/../c%2F%+ +?#&=;:@,"\\\'<>|`^{}[]~'],
        ['with line breaks and less', 'a\nb\r\tc\u0000d\u0001\u001f\u007f\u0085'],
        ['with what no XML can hold', '\ufffe\uffff\ufdd0'],
        ['that is a blank', ' '],
        ['that is a dot', '.'],
        ['that are two dots', '..'],
        ['that is a slash', '/'],
        ['like those of objects', '__proto__'],
        ['of 1,000 bytes', 'k'.repeat(1_000)],
        ['of 1,000 bytes of four each', '😀'.repeat(250)],
      ] as const;

      it.each(NAMES)('%s are kept', async (_, name) => {
        const { rev } = await put(name, 'body');

        expect(await ledger.get({ group, name })).toStrictEqual({ group, name, body: 'body', rev });
        expect(await all(ledger.list(group))).toStrictEqual([{ group, name, body: 'body', rev }]);
        expect(await ledger.put({ group, name }, 'next', { rev })).toBeDefined();
      });

      it.each(NAMES.slice(0, 9))('%s are kept as names of groups', async (_, odd) => {
        const key = { group: `${group}${odd}`, name: 'n' };
        const written = await ledger.put(key, 'body', 'none');

        expect(await all(ledger.list(key.group))).toStrictEqual([{ ...key, body: 'body', ...written }]);
      });

      it('that look alike are different names', async () => {
        const names = ['a/b', 'a%2Fb', 'a%2fb', 'a+b', 'a b', 'a%20b', 'a//b', 'A/b', 'e\u0301', '\u00e9'];
        for (const name of names) await put(name);

        expect(await namesOf(ledger, group)).toStrictEqual(byBytes(names));
        for (const name of names) expect(await bodyOf(name)).toBe(name);
      });

      it.each([
        ['empty', ''],
        ['longer than 1,000 bytes', 'é'.repeat(501)],
        ['with half a character', HALF_PAIR],
      ])('that are %s are refused', async (_, name) => {
        const refusal = { code: 'bad-input' };

        await expect(ledger.get({ group, name })).rejects.toMatchObject(refusal);
        await expect(ledger.put({ group, name }, 'body', 'none')).rejects.toMatchObject(refusal);
        await expect(ledger.get({ group: name, name: 'n' })).rejects.toMatchObject(refusal);
        await expect(all(ledger.list(name))).rejects.toMatchObject(refusal);
      });
    });

    describe('lists', () => {
      it('a group without items as nothing', async () => {
        expect(await all(ledger.list(group))).toStrictEqual([]);
      });

      it('items as they are now', async () => {
        const first = await put('one', 'first');
        const second = await ledger.put({ group, name: 'one' }, 'second', first);

        expect(await all(ledger.list(group))).toStrictEqual([
          { group, name: 'one', body: 'second', ...second },
        ]);
      });

      it('in the order of the bytes of their names', async () => {
        const names = [
          ...['b', 'a', 'B', 'a-b', 'a.b', 'a/b', 'a0', 'a b', 'a!', 'a%', 'ab', 'a:', '10', '9', '~'],
          ...['a.json', 'a\n', 'é', 'z', '\uffee', '😀', '\ud7ff', '\u0001', 'a\u0000'],
        ];
        for (const name of names) await put(name);

        expect(await namesOf(ledger, group)).toStrictEqual(byBytes(names));
      });

      it.each([1, 2, 7, 100])('page by page, %i to a page', async (pageSize) => {
        const names = Array.from({ length: 7 }, (_, at) => `n/${at}`);
        await Promise.all(names.map(async (name) => put(name)));

        expect(await namesOf(under.ledger({ pageSize }), group)).toStrictEqual(names);
      });

      it('more than are fetched at once', async () => {
        const names = Array.from({ length: 70 }, (_, at) => String(at).padStart(3, '0'));
        await Promise.all(names.map(async (name) => put(name)));

        expect(await all(ledger.list(group))).toMatchObject(names.map((name) => ({ name, body: name })));
      });

      it('as far as somebody reads', async () => {
        for (const name of ['a', 'b', 'c']) await put(name);
        const seen: string[] = [];
        for await (const { name } of under.ledger({ pageSize: 1 }).list(group)) {
          seen.push(name);
          if (name === 'b') break;
        }

        expect(seen).toStrictEqual(['a', 'b']);
      });

      it('its own group only, whatever others are called', async () => {
        const own = ['', '/b', 'b', '/', '%2Fb', '-', '.json'].map((end) => `${group}${end}`);
        for (const one of own) await ledger.put({ group: one, name: 'x/y' }, one, 'none');
        // What would be in group `a/b` if names and groups were simply joined.
        await put('b/x', 'own');

        for (const one of own.slice(1)) {
          expect(await all(ledger.list(one))).toMatchObject([{ group: one, name: 'x/y', body: one }]);
        }
        expect(await namesOf(ledger, group)).toStrictEqual(['b/x', 'x/y']);
      });
    });

    describe('many writers at once', () => {
      it.each(['an item that is not there', 'an item that all have read'])('%s: one writes', async (what) => {
        const expected = what.includes('not there') ? 'none' : await put('raced', 'before');

        const answers = await Promise.allSettled(
          Array.from({ length: 50 }, async (_, at) =>
            ledger.put({ group, name: 'raced' }, String(at), expected),
          ),
        );

        const winners = answers.flatMap((answer, at) =>
          answer.status === 'fulfilled' && answer.value !== undefined ? [{ at, ...answer.value }] : [],
        );
        const unheard = answers.flatMap((answer) => (answer.status === 'rejected' ? [codeOf(answer)] : []));
        expect(new Set(unheard)).toStrictEqual(new Set(unheard.length > 0 ? ['unreachable'] : []));
        if (under.losersHear === 'conflict') expect(unheard).toStrictEqual([]);
        expect(winners).toHaveLength(1);
        expect(await ledger.get({ group, name: 'raced' })).toMatchObject({
          body: String(winners[0]?.at),
          rev: winners[0]?.rev,
        });
      });

      it('lose no change when each reads again and tries again', async () => {
        const key = { group, name: 'members' };
        await put('members', '');
        const join = async (member: string): Promise<void> => {
          for (;;) {
            const read = await ledger.get(key);
            if (read === undefined) throw new Error('gone');
            // Written already, by a request that was told nothing.
            if (read.body.includes(member)) return;
            try {
              if ((await ledger.put(key, read.body + member, read)) !== undefined) return;
            } catch (error) {
              if (under.losersHear === 'conflict') throw error;
            }
          }
        };

        const members = Array.from('abcdefghij');
        await Promise.all(members.map(join));

        expect(Array.from((await bodyOf('members')) ?? '').toSorted()).toStrictEqual(members);
      });
    });

    describe('when answers are lost', () => {
      let proxy: LosingProxy;
      let behind: Ledger;
      beforeAll(async () => {
        proxy = await losingProxyTo(under.url);
        behind = under.ledger({ url: proxy.url });
      });
      afterAll(async () => {
        await proxy.close();
      });
      afterEach(() => {
        proxy.lose();
        proxy.whenLost(async () => undefined);
      });

      const LOSSES: readonly (readonly [string, readonly Loss[]])[] = [
        ['by a broken connection', ['drop']],
        ['to a failure on the way', [500]],
        ['twice', ['drop', 503]],
      ];

      it.each(LOSSES)('%s, who wrote a new item is told so', async (_, losses) => {
        const before = proxy.writes;
        proxy.lose(...losses);

        const written = await behind.put({ group, name: 'new' }, 'body', 'none');

        expect(written).toBeDefined();
        expect(await ledger.get({ group, name: 'new' })).toMatchObject({ body: 'body', ...written });
        expect(proxy.writes - before).toBe(losses.length + 1);
      });

      it.each(LOSSES)('%s, who replaced an item is told so, and can replace it again', async (_, losses) => {
        const first = await put('old', 'first');
        proxy.lose(...losses);

        const second = await behind.put({ group, name: 'old' }, 'second', first);

        expect(await ledger.get({ group, name: 'old' })).toMatchObject({ body: 'second', ...second });
        expect(await behind.put({ group, name: 'old' }, 'third', second ?? first)).toBeDefined();
      });

      it('to a refusal, nobody can tell what became of the write, and nothing was written', async () => {
        const first = await put('refused', 'first');
        const second = await ledger.put({ group, name: 'refused' }, 'second', first);
        proxy.lose(500);

        await expect(behind.put({ group, name: 'refused' }, 'third', first)).rejects.toMatchObject({
          code: 'unreachable',
        });

        expect(await ledger.get({ group, name: 'refused' })).toMatchObject({ body: 'second', ...second });
      });

      it('nobody is told that nothing was written, where it was and is replaced already', async () => {
        const key = { group, name: 'overtaken' };
        proxy.lose('drop');
        proxy.whenLost(async () => {
          const ours = await ledger.get(key);
          await ledger.put(key, 'theirs', ours ?? 'none');
        });

        await expect(behind.put(key, 'ours', 'none')).rejects.toMatchObject({ code: 'unreachable' });

        expect(await bodyOf('overtaken')).toBe('theirs');
      });

      it('for good, nothing is said of the write', async () => {
        const impatient = under.ledger({ url: proxy.url, budget: 300 });
        proxy.lose(...Array<Loss>(20).fill('drop'));

        await expect(impatient.put({ group, name: 'lost' }, 'body', 'none')).rejects.toMatchObject({
          code: 'unreachable',
        });

        expect(await bodyOf('lost')).toBe('body');
      });
    });

    it('nobody is there: every request says so', async () => {
      const gone = await losingProxyTo(under.url);
      await gone.close();
      const lonely = under.ledger({ url: gone.url, budget: 300 });
      const failure = { code: 'unreachable' };

      await expect(lonely.get({ group, name: 'n' })).rejects.toMatchObject(failure);
      await expect(lonely.put({ group, name: 'n' }, 'body', 'none')).rejects.toMatchObject(failure);
      await expect(all(lonely.list(group))).rejects.toMatchObject(failure);
    });
  });
}
