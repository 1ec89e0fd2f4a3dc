/** Finish for me: everything still open decided by one wish, shown with what it would cost before it is taken. */
import type { Choice, Model, Objective } from '../cpq/config';
import type { QuoteLine } from '../cpq/quote';
import { leaveTo } from '../ui/router';
import { contentOf, pathOf } from './reads';
import { finished, type Evaluated } from './configuring';
import { bookOf, type Product } from './document';
import { Sheet } from './pieces';
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
  const finish = (objective: Objective, how: string) => {
    onChange(finished(model, now.choices, objective), `${open} more chosen, ${how}`);
    onClose();
  };
  const entry = (label: string, detail: string, objective: Objective, how: string) => (
    <li>
      <button class="item" type="button" onClick={() => finish(objective, how)}>
        <span>
          <b>{label}</b>
          <span class="src">{detail}</span>
        </span>
      </button>
    </li>
  );
  return (
    <Sheet title={open === 0 ? 'Everything is decided' : `${open} still open`} onClose={onClose}>
      {open > 0 && (
        <ul class="rows menu">
          {entry('As usual', 'what is mostly taken, as the catalogue says', { kind: 'usual' }, 'as usual')}
          {entry('Cheapest', 'the lowest list price that what you chose allows', { kind: 'cheapest', prices: listPrices(work, product) }, 'at the lowest price')}
          {model.budgets.map((budget) => (
            <li key={budget.id}>
              <button class="item" type="button" onClick={() => finish({ kind: 'lightest', budget: budget.id }, `with the least ${budget.name.toLowerCase()}`)}>
                <span>
                  <b>Least {budget.name.toLowerCase()}</b>
                  <span class="src">as little of it as what you chose allows</span>
                </span>
              </button>
            </li>
          ))}
          {earlier && entry('As before', 'as near as possible to what was configured before', { kind: 'nearest', to: earlier }, 'near to what was before')}
        </ul>
      )}
      <button class="btn wide" type="button" onClick={() => leaveTo(pathOf(work.page.id))}>
        {open > 0 ? 'Leave it open and go to the quote' : 'Go to the quote'}
      </button>
    </Sheet>
  );
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
