/** The price at the thumb, as it stands; a tap opens how it came about. */
import { useSignal } from '@preact/signals';
import type { QuoteLine } from '../cpq/quote';
import { Icon } from '../ui/icons';
import { periodOf } from './document';
import { isZero, money, per, signed } from './money';
import { Sheet } from './pieces';
import { dueFirst, isSet, linesOf, partWords, problemWords, type PricedLine, type QuotePrice } from './pricing';
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
  const problem = priced?.problem ? problemWords(priced.problem, work.document, work.draft.value.value.content) : 'The price book has none for it';
  const { large, each = '', small } = priced?.price ? summary(priced.price, work, line) : { large: 'No price', small: problem };
  return (
    <div class="pricebar">
      <button class="price" type="button" aria-haspopup="dialog" onClick={() => (open.value = true)}>
        <strong class={large.length > 15 ? 'longer' : large.length > 13 ? 'long' : undefined}>
          <span>
            {large} <small>{each}</small>
          </span>
          <Icon name="up" />
        </strong>
        <span class="src">{small}</span>
      </button>
      <button class="btn" type="button" onClick={onButton}>
        {button}
      </button>
      {open.value && (
        <Sheet title={priced?.price ? 'How this price came about' : 'No price as it stands'} onClose={() => (open.value = false)}>
          {!priced?.price && <p>{problem}</p>}
          {priced?.price && lines.map((one) => <Part key={one.id} part={one} price={priced.price} />)}
        </Sheet>
      )}
    </div>
  );
}

/** One of the prices of a line, under what it is where there are several. */
export function Part({ part, price }: { part: PricedLine; price: QuotePrice }) {
  const words = partWords(price, part);
  return (
    <div class="wf-line">
      {words && <h3>{words}</h3>}
      {!part.included && <p class="src">Optional, not in the sum</p>}
      <LineSteps line={part} price={price} />
    </div>
  );
}

/** What the line costs once, and then again and again. */
function summary(price: QuotePrice, work: Work, line: QuoteLine): { large: string; each?: string; small: string } {
  const { currency } = price;
  const lines = dueFirst(price, line.id);
  const later = linesOf(price, line.id).filter((one) => !lines.includes(one));
  const [first, ...rest] = lines;
  if (!first) return { large: 'No price', small: 'The price book has none for it' };
  if (isSet(price, line.id)) return { large: money(first.bundle?.net ?? '0', currency), small: 'what is in the set, net' };
  const period = per(periodOf(work.document, work.draft.value.value.content?.price_book ?? '', line));
  const taxes = [...new Set(lines.flatMap(({ taxes }) => taxes.map(({ name }) => name)))].join(', ');
  const more = rest.filter(({ net }) => !isZero(net)).map((one) => signed(one.net, currency));
  const pieces = line.quantity === '1' || line.ramp?.length ? '' : `${line.quantity} pieces`;
  const grows = later.map((one) => `${money(one.net, currency)} from month ${Number(/\.m(\d+)/.exec(one.id)?.[1] ?? 0) + 1}`);
  return { large: money(first.net, currency), each: period.trim(), small: [pieces, ...more, ...grows, taxes ? `net, ${taxes} on top` : 'net'].filter(Boolean).join(' · ') };
}
