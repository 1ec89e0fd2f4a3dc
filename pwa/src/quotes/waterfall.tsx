/** How a price came about: every step from list price to what is paid, as the customer may see it too. */
import type { ComponentChildren } from 'preact';
import type { CatalogueDocument } from '../cpq/quote';
import { periodOf, productOf } from './document';
import { Icon } from '../ui/icons';
import { EXPONENTS } from '../cpq/price/currencies.gen';
import { isZero, money, percent, per, plain, rounded, signed, unbroken } from './money';
import { isSet, linesOf, netOf, partWords, type PricedLine, type QuotePrice, type Totals } from './pricing';
import type { QuoteContent, QuoteLine } from '../cpq/quote';

const SUMS = new Set(['header', 'tax']);

function Row({ label, amount, source, kind = '' }: { label: ComponentChildren; amount: string; source?: ComponentChildren; kind?: string }) {
  return (
    <li class={kind}>
      <span>{typeof label === 'string' ? unbroken(label) : label}</span>
      <span class="amount">{amount}</span>
      {source && <span class="src">{source}</span>}
    </li>
  );
}

/** One price line, step by step, its net and its taxes. */
export function LineSteps({ line, price, sums = true }: { line: PricedLine; price: QuotePrice; sums?: boolean }) {
  const { currency } = price;
  const steps = line.waterfall.filter(({ phase }) => !SUMS.has(phase));
  const header = line.waterfall.filter(({ phase }) => phase === 'header');
  return (
    <ul class="wf">
      {[...steps, ...header].map((one, place) => (
        <Row
          key={`${one.step} ${place}`} label={one.label} amount={place === 0 ? money(one.amount, currency) : signed(one.amount, currency)}
          source={<Detail rows={one.detail} name={one.source?.name === one.label ? undefined : one.source?.name} currency={currency} />}
        />
      ))}
      {sums && <Row kind="sum" label="Net" amount={money(line.net, currency)} />}
      {sums && line.taxes.map((tax) => <Row key={tax.id} label={tax.name} amount={money(tax.amount, currency)} />)}
    </ul>
  );
}

function Detail({ rows, name, currency }: { rows: Record<string, string>[] | undefined; name: string | undefined; currency: string }) {
  if (!rows?.length && !name) return null;
  return (
    <>
      {name}
      {rows?.map((row, place) => (
        <span key={place}>
          {name || place > 0 ? <br /> : null}
          {tierWords(row, currency)}
        </span>
      ))}
    </>
  );
}

/** `9 at € 1.90: € 17.10` of a tier, whatever members it has; the same words as on the customer's page and on paper. */
export function tierWords({ units, unit, rate, flat, amount }: Record<string, string>, currency: string): string {
  const words = [
    units && plain(units), unit && `at ${whole(unit, currency)}`, rate && `at ${percent(rate)}`, flat && !isZero(flat) && `and ${whole(flat, currency)} flat`,
  ].filter(Boolean).join(' ');
  return amount === undefined ? words : `${words}: ${whole(amount, currency)}`;
}

/** With all the places that the currency has: figures of tiers come as they were written. */
function whole(amount: string, currency: string): string {
  const [units, places = ''] = amount.split('.');
  const padded = places.padEnd(EXPONENTS[currency] ?? 2, '0');
  return money(padded ? `${units}.${padded}` : amount, currency);
}

/** Everything that is paid: each line with its steps, discounts on the whole, taxes, and the sums by how often they are paid. */
export function Waterfall({ price, content, document }: { price: QuotePrice; content: QuoteContent; document: CatalogueDocument }) {
  const { lines, price_book } = content;
  const shown = lines.filter((line) => linesOf(price, line.id).length > 0 && !isSet(price, line.id));
  if (shown.length === 1 && linesOf(price, shown[0]!.id).length === 1) {
    return (
      <>
        <LineSteps line={linesOf(price, shown[0]!.id)[0]!} price={price} sums={false} />
        <Sums price={price} several={false} />
      </>
    );
  }
  return (
    <>
      {shown.map((line, place) => (
        <LineBlock key={line.id} line={line} price={price} name={productOf(document, line.sku)?.name ?? line.sku} period={periodOf(document, price_book, line)} open={place === 0} />
      ))}
      <Sums price={price} several />
    </>
  );
}

function LineBlock({ line, price, name, period, open }: { line: QuoteLine; price: QuotePrice; name: string; period: string; open: boolean }) {
  const priced = linesOf(price, line.id);
  const out = priced[0]?.included === false;
  return (
    <details open={open} class="wf-line">
      <summary>
        <Icon name="next" />
        <span>
          {line.quantity !== '1' ? `${line.quantity} × ` : ''}
          {name}
          {out && <span class="src">optional, not in the sum</span>}
        </span>
        <span class={out ? 'amount not' : 'amount'}>
          {money(netOf(price, line.id), price.currency)}
          {period && <span class="src">a {period}</span>}
        </span>
      </summary>
      {priced.map((one) => (
        <div key={one.id}>
          {partWords(price, one) && <p class="src">{partWords(price, one)}</p>}
          <LineSteps line={one} price={price} />
        </div>
      ))}
    </details>
  );
}

const EACH: Record<string, string> = { month: 'each month', year: 'each year', once: 'by use' };

/** Net, what is taken off the whole, taxes, and which of it comes back every month or year. */
export function Sums({ price, several }: { price: QuotePrice; several: boolean }) {
  const { totals, currency, header, taxes } = price;
  const parts = partsOf(totals);
  const only = parts.length === 1 && parts[0]?.label !== 'once' ? parts[0]?.label : undefined;
  const less = isZero(totals.discount) ? undefined : `${money(totals.discount, currency)} (${percent(rounded(totals.discount_percent))}) less than list`;
  return (
    <ul class="wf">
      {several && header.map((one) => <Row key={one.id} kind="part" label={`${one.label}, in all`} amount={signed(one.amount, currency)} source="taken off in the lines above already, shared out over them" />)}
      <Row kind="sum" label={only ? `Net, ${only}` : 'Net'} amount={money(totals.net, currency)} source={less} />
      {parts.length > 1 && parts.map(({ label, net }) => <Row key={label} kind="part" label={`of it ${label}`} amount={money(net, currency)} />)}
      {taxes.map((tax) => <Row key={tax.id} label={tax.name} amount={money(tax.amount, currency)} source={`on ${money(tax.base, currency)}`} />)}
      <Row kind="mid" label="With tax" amount={money(totals.gross, currency)} />
      {!isZero(totals.tcv) && totals.tcv !== totals.net && <Row kind="part" label="Over the whole term" amount={money(totals.tcv, currency)} source="net, with every month or year that was agreed" />}
    </ul>
  );
}

/** What is paid once, again and again, and by use. */
function partsOf({ one_time, recurring, usage }: Totals): { label: string; net: string }[] {
  const again = Object.entries(recurring).flatMap(([period, sum]) => (sum && !isZero(sum.net) ? [{ label: EACH[period] ?? period, net: sum.net }] : []));
  const used = Object.entries(usage).flatMap(([period, sum]) => (sum && !isZero(sum.net) ? [{ label: `by use, ${EACH[period] ?? period} as expected`, net: sum.net }] : []));
  return [...(isZero(one_time.net) ? [] : [{ label: 'once', net: one_time.net }]), ...again, ...used];
}

/** `+ € 129.00 / month · net, VAT 25 %`: what stands under the large figure. */
export function belowPrice({ totals, currency, taxes }: QuotePrice): string {
  const again = Object.entries(totals.recurring).flatMap(([period, sum]) => (sum && !isZero(sum.net) ? `${signed(sum.net, currency)}${per(period)}` : []));
  const tax = [...new Set(taxes.map(({ name }) => name))].join(', ');
  return [...again, tax ? `net, ${tax} comes on top` : 'net'].join(' · ');
}

/** The large figure: what is paid once, or what comes back where nothing is paid once. */
export function headline({ totals, currency }: QuotePrice): string {
  if (!isZero(totals.one_time.net)) return money(totals.one_time.net, currency);
  const [again] = Object.entries(totals.recurring).filter(([, sum]) => sum && !isZero(sum.net));
  return again?.[1] ? `${money(again[1].net, currency)}${per(again[0])}` : money(totals.net, currency);
}
