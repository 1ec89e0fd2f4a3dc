/** Finish for me: everything still open decided by one wish, shown with what it would cost before it is taken. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { completion, CpqError, type Choice, type Completion, type Model, type Objective } from '../cpq/config';
import type { QuoteLine } from '../cpq/quote';
import { whenIdle } from '../ui/fold';
import { leaveTo } from '../ui/router';
import { say } from '../ui/said';
import { contentOf, pathOf } from './reads';
import { finished, type Evaluated } from './configuring';
import { bookOf, type Product } from './document';
import { money } from './money';
import { Sheet } from './pieces';
import { pricingOf } from './pricing';
import type { Work } from './working';

interface Props {
  work: Work;
  line: QuoteLine;
  product: Product;
  model: Model;
  now: Evaluated;
  /** the configuration as it was when the screen was opened */
  before: Record<string, string>;
  onChange: (choices: readonly Choice[], said?: string) => void;
  onClose: () => void;
}

export function FinishSheet({ work, line, product, model, now, before, onChange, onClose }: Props) {
  const open = now.state.features.filter((one) => one.chosen?.length !== 1 && one.forced === undefined).length;
  const earlier = Object.keys(before).length > 0 ? before : earlierOf(work, line, product);
  const wishes: Wish[] = [
    {
      label: 'As usual', detail: 'what is mostly taken, as the catalogue says', how: 'as usual', best: 'the most usual',
      objective: { kind: 'usual' },
    },
    {
      label: 'Cheapest', detail: 'the lowest list price that what you chose allows', how: 'at the lowest price', best: 'the cheapest',
      objective: { kind: 'cheapest', prices: listPrices(work, product) },
    },
    ...model.budgets.map(({ id, name }): Wish => ({
      label: `Least ${name.toLowerCase()}`, detail: 'as little of it as what you chose allows', how: `with the least ${name.toLowerCase()}`, best: `the least ${name.toLowerCase()}`,
      objective: { kind: 'lightest', budget: id },
    })),
    ...(earlier ? [asBefore(earlier)] : []),
  ];
  const offers = useOffers(work, line, model, now, open > 0 ? wishes : []);
  const finish = ({ objective, how, best }: Wish) => {
    const whole = orNone(() => finished(model, now.choices, objective));
    if (whole) onChange(whole.choices, `${open} more chosen, ${whole.proven ? how : inTime(best)}`);
    else say('No configuration was found in the time there was. Choose more by hand first.');
    onClose();
  };
  return (
    <Sheet title={open === 0 ? 'Everything is decided' : `${open} still open`} onClose={onClose}>
      {open > 0 && (
        <ul class="rows menu">
          {wishes.map((wish) => (
            <li key={wish.label}>
              <button class="item" type="button" onClick={() => finish(wish)}>
                <span>
                  <b>{wish.label}</b>
                  <span class="src">{offers.get(wish.label)?.proven === false ? inTime(wish.best) : wish.detail}</span>
                </span>
                <span class="amount">{offers.get(wish.label)?.price ?? '\u00a0'}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <button class="btn wide" type="button" onClick={() => leaveTo(pathOf(work.page.id))}>
        {open > 0 ? 'Leave it open and go to the quote' : 'Go to the quote'}
      </button>
    </Sheet>
  );
}

const asBefore = (to: Record<string, string>): Wish => ({
  label: 'As before', detail: 'as near as possible to what was configured before', how: 'near to what was before', best: 'the nearest',
  objective: { kind: 'nearest', to },
});

interface Wish {
  label: string;
  detail: string;
  how: string;
  /** what is looked for, where it may not have been found */
  best: string;
  objective: Objective;
}

/** A search that was ended: what it found is good, and something better may be there. */
const inTime = (best: string): string => `${best} found in the time there was`;

/** Null where nothing was found in time. */
function orNone<T>(search: () => T): T | null {
  try {
    return search();
  } catch (error) {
    if (error instanceof CpqError) return null;
    throw error;
  }
}

interface Offer {
  price: string;
  proven: boolean;
}

/** What each wish would come to, worked out one after the other while the phone has time. */
function useOffers(work: Work, line: QuoteLine, model: Model, now: Evaluated, wishes: Wish[]): ReadonlyMap<string, Offer> {
  const found = useSignal<ReadonlyMap<string, Offer>>(new Map());
  useEffect(() => {
    let cancel: () => void = () => undefined;
    const next = (at: number) => {
      const wish = wishes[at];
      if (!wish) return;
      cancel = whenIdle(() => {
        const whole = orNone((): Completion => completion(model, now.choices, wish.objective));
        const price = whole && priceWith(work, line, whole.configuration);
        if (price) found.value = new Map(found.peek()).set(wish.label, { price, proven: whole.proven });
        next(at + 1);
      });
    };
    next(0);
    return () => cancel();
  }, [now]);
  return found.value;
}

function priceWith(work: Work, line: QuoteLine, configuration: Record<string, string>): string | null {
  const { content } = work.draft.value.peek();
  if (!content || !work.document) return null;
  const { price } = pricingOf(work.document, { ...content, lines: [{ ...line, configuration }] }, work.context);
  return price && money(price.totals.net, price.currency);
}

/** What this customer had of this product last: on another line, or another quote. */
export function earlierOf(work: Work, line: QuoteLine, product: Product): Record<string, string> | null {
  const own = work.draft.value.value.content?.lines ?? [];
  const others = [...work.page.others].sort((a, b) => b.id.localeCompare(a.id)).flatMap((quote) => contentOf(quote)?.lines ?? []);
  const found = [...own, ...others].find((one) => one.id !== line.id && one.sku === product.sku && Object.keys(one.configuration ?? {}).length > 0);
  return found?.configuration ?? null;
}

/** List prices of values in hundredths, which every currency's prices are whole in. */
function listPrices(work: Work, product: Product): Record<string, Record<string, number>> {
  const { content } = work.draft.value.value;
  const entry = bookOf(work.document, content?.price_book ?? '')?.entries.find((one) => one.sku === product.sku);
  const all = Object.entries(entry?.options ?? {}).map(([feature, prices]) => {
    if (!('each' in prices)) return [feature, Object.fromEntries(Object.entries(prices).map(([value, amount]) => [value, hundredths(String(amount))]))] as const;
    const [each, included] = [hundredths(String(prices['each'])), Number(prices['included'] ?? 0)];
    const values = work.document?.products.find(({ sku }) => sku === product.sku)?.features?.find(({ id }) => id === feature);
    const [least, most, step] = [Number(values?.min ?? 0), Number(values?.max ?? 0), Number(values?.step ?? 1)];
    const counts = Array.from({ length: Math.floor((most - least) / step) + 1 }, (_, place) => least + place * step);
    return [feature, Object.fromEntries(counts.map((count) => [String(count), Math.max(0, count - included) * each]))] as const;
  });
  return Object.fromEntries(all);
}

/** `1450.00` → 145000, of the text alone. */
function hundredths(amount: string): number {
  const [whole = '0', rest = ''] = amount.replace('-', '').split('.');
  const size = Number(whole + rest.padEnd(2, '0').slice(0, 2));
  return amount.startsWith('-') ? -size : size;
}
