/** How a price came about: every step from list price to what is paid, as the customer may see it too. */
import type { ComponentChildren } from 'preact';
import type { CatalogueDocument } from '../cpq/quote';
import { productOf } from './document';
import { isZero, money, percent, per, signed } from './money';
import { linesOf, type PricedLine, type QuotePrice } from './pricing';
import type { QuoteLine } from '../cpq/quote';

const SUMS = new Set(['header', 'tax']);

function Row({ label, amount, source, kind = '' }: { label: ComponentChildren; amount: string; source?: ComponentChildren; kind?: string }) {
  return (
    <li class={kind}>
      <span>{label}</span>
      <span class="amount">{amount}</span>
      {source && <span class="src">{source}</span>}
    </li>
  );
}

/** One price line, step by step, its net and its taxes. */
export function LineSteps({ line, price, gross = true }: { line: PricedLine; price: QuotePrice; gross?: boolean }) {
  const { currency } = price;
  const steps = line.waterfall.filter(({ phase }) => !SUMS.has(phase));
  const header = line.waterfall.filter(({ phase }) => phase === 'header');
  return (
    <ul class="wf">
      {[...steps, ...header].map((one, place) => (
        <Row
          key={`${one.step} ${place}`} label={one.label} amount={place === 0 ? money(one.amount, currency) : signed(one.amount, currency)}
          source={<Detail rows={one.detail} name={one.source?.name} currency={currency} />}
        />
      ))}
      <Row kind="sum" label="Net" amount={money(line.net, currency)} />
      {gross && line.taxes.map((tax) => <Row key={tax.id} label={tax.name} amount={money(tax.amount, currency)} />)}
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

/** `0–5 at € 0.00 = € 0.00` of a tier, whatever members it has. */
function tierWords(row: Record<string, string>, currency: string): string {
  const { from, upto, quantity, unit, rate, flat, amount } = row;
  return [
    quantity && `${quantity} ×`, unit && money(unit, currency), rate && percent(rate), flat && !isZero(flat) && `${money(flat, currency)} flat`,
    from !== undefined && `(${from}${upto ? ` to ${upto}` : ' and more'})`, amount && `= ${money(amount, currency)}`,
  ].filter(Boolean).join(' ');
}

/** Everything that is paid: each line with its steps, discounts on the whole, taxes, and the sums by how often they are paid. */
export function Waterfall({ price, lines, document }: { price: QuotePrice; lines: readonly QuoteLine[]; document: CatalogueDocument }) {
  const shown = lines.filter((line) => linesOf(price, line.id).length > 0);
  if (shown.length === 1 && linesOf(price, shown[0]!.id).length === 1) {
    return (
      <>
        <LineSteps line={linesOf(price, shown[0]!.id)[0]!} price={price} gross={false} />
        <Sums price={price} />
      </>
    );
  }
  return (
    <>
      {shown.map((line) => (
        <LineBlock key={line.id} line={line} price={price} name={productOf(document, line.sku)?.name ?? line.sku} open={shown.length === 1} />
      ))}
      <Sums price={price} />
    </>
  );
}

function LineBlock({ line, price, name, open }: { line: QuoteLine; price: QuotePrice; name: string; open: boolean }) {
  const priced = linesOf(price, line.id);
  return (
    <details open={open} class="wf-line">
      <summary>
        <span>
          {line.quantity !== '1' ? `${line.quantity} × ` : ''}
          {name}
        </span>
      </summary>
      {priced.map((one) => (
        <div key={one.id}>
          {!one.included && <p class="src">Optional, not in the sum</p>}
          <LineSteps line={one} price={price} />
        </div>
      ))}
    </details>
  );
}

const OFTEN: Record<string, string> = { month: 'a month', year: 'a year', once: 'by use' };

/** Net, what is taken off the whole, taxes, and what comes back every month or year. */
export function Sums({ price }: { price: QuotePrice }) {
  const { totals, currency, header, taxes } = price;
  const again = Object.entries(totals.recurring);
  const usage = Object.entries(totals.usage);
  return (
    <ul class="wf">
      {header.map((one) => <Row key={one.id} label={one.label} amount={signed(one.amount, currency)} source="Shared out over the lines" />)}
      <Row kind="sum" label="Net" amount={money(totals.net, currency)} source={isZero(totals.discount) ? undefined : `${money(totals.discount, currency)} (${percent(totals.discount_percent)}) less than list`} />
      {taxes.map((tax) => <Row key={tax.id} label={tax.name} amount={money(tax.amount, currency)} source={`on ${money(tax.base, currency)}`} />)}
      <Row kind="mid" label="With tax" amount={money(totals.gross, currency)} />
      {(again.length > 0 || usage.length > 0) && !isZero(totals.one_time.net) && <Row kind="part" label="of it once" amount={money(totals.one_time.net, currency)} source="net" />}
      {again.map(([period, sum]) => sum && <Row key={period} kind="part" label={`then ${OFTEN[period] ?? period}`} amount={`${money(sum.net, currency)}${per(period)}`} source="net, for as long as the term says" />)}
      {usage.map(([period, sum]) => sum && <Row key={period} kind="part" label={`use, as expected, ${OFTEN[period] ?? period}`} amount={money(sum.net, currency)} source="net; what is used is what is paid" />)}
    </ul>
  );
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
