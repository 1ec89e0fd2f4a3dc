/** The price at the thumb, as it stands; a tap opens how it came about. */
import { useSignal } from '@preact/signals';
import type { QuoteLine } from '../cpq/quote';
import { Icon } from '../ui/icons';
import { isZero, money, per, signed } from './money';
import { Sheet } from './pieces';
import { linesOf, type PricedLine } from './pricing';
import { LineSteps } from './waterfall';
import type { Work } from './working';

interface Props {
  work: Work;
  line: QuoteLine;
  button: string;
  onButton: () => void;
}

export function PriceBar({ work, line, button, onButton }: Props) {
  const open = useSignal(false);
  const priced = work.price.value;
  const lines = priced?.price ? linesOf(priced.price, line.id) : [];
  const { large, small } = summary(lines, priced?.price?.currency ?? '', work, line);
  return (
    <div class="pricebar">
      <button class="price" type="button" aria-haspopup="dialog" onClick={() => (open.value = true)}>
        <strong>
          {large}
          <Icon name="up" />
        </strong>
        <span class="src">{priced?.problem ? priced.problem.detail : small}</span>
      </button>
      <button class="btn" type="button" onClick={onButton}>
        {button}
      </button>
      {open.value && priced?.price && (
        <Sheet title="How this price came about" onClose={() => (open.value = false)}>
          {lines.map((one) => <LineSteps key={one.id} line={one} price={priced.price} />)}
        </Sheet>
      )}
    </div>
  );
}

/** What the line costs once, and then again and again. */
function summary(lines: PricedLine[], currency: string, work: Work, line: QuoteLine): { large: string; small: string } {
  const entries = (work.document?.price_books?.find(({ id }) => id === work.draft.value.value.content?.price_book)?.entries ?? []).filter(({ sku }) => sku === line.sku);
  const [first, ...rest] = lines;
  if (!first) return { large: 'No price', small: 'The price book has none for it' };
  const recurring = entries.find(({ charge }) => charge !== 'one_time');
  const period = entries.length === 1 && recurring && !line.amends ? per(recurring.period) : '';
  const taxes = [...new Set(lines.flatMap(({ taxes }) => taxes.map(({ name }) => name)))].join(', ');
  const more = rest.filter(({ net }) => !isZero(net)).map((one) => signed(one.net, currency));
  const each = line.quantity === '1' ? '' : `${line.quantity} pieces`;
  return { large: money(first.net, currency) + period, small: [each, ...more, taxes ? `net, ${taxes} on top` : 'net'].filter(Boolean).join(' · ') };
}
