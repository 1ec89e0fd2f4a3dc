/** The lines of a quote: what, how many, how configured, and what each costs. */
import type { QuoteLine } from '../cpq/quote';
import { Icon } from '../ui/icons';
import { featureOf } from './configuring';
import { isConfigurable, periodOf, productOf, valueName, type Product } from './document';
import { money } from './money';
import { pathOf } from './reads';
import { isSet, linesOf, netOf } from './pricing';
import type { Work } from './working';

export function LinesCard({ work }: { work: Work }) {
  const lines = work.draft.value.value.content?.lines ?? [];
  return (
    <section class="card" aria-label="Lines">
      <h2>
        Lines <span>{work.draft.value.value.content?.currency}</span>
      </h2>
      {lines.length === 0 && <p class="soft">Nothing on it yet. Choose the first product.</p>}
      <ul class="lines">
        {lines.map((line) => <Line key={line.id} work={work} line={line} />)}
      </ul>
      {work.open && (
        <a class="btn ghost wide spaced" href={`${pathOf(work.page.id)}/products`}>
          <Icon name="add" />
          Add a product
        </a>
      )}
    </section>
  );
}

function Line({ work, line }: { work: Work; line: QuoteLine }) {
  const product = productOf(work.document, line.sku);
  return (
    <li class={line.bundle ? 'part' : undefined}>
      <a class="name" href={`${pathOf(work.page.id)}/lines/${line.id}`}>
        <b>
          {line.quantity === '1' ? '' : `${line.quantity} × `}
          {product?.name ?? line.sku}
        </b>
        <span class="src">{lineSays(line, product)}</span>
      </a>
      <LineAmount work={work} line={line} />
    </li>
  );
}

/** What a line adds to the sum; of an option that is not taken what it would add; of a set what is in it. */
export function LineAmount({ work, line }: { work: Work; line: QuoteLine }) {
  const price = work.price.value?.price;
  const period = periodOf(work.document, work.draft.value.value.content?.price_book ?? '', line);
  const priced = price ? linesOf(price, line.id) : [];
  const [first] = priced;
  if (!price || !first) return <span class="amount">{'\u2013'}</span>;
  const amount = isSet(price, line.id) ? (first.bundle?.net ?? '0') : netOf(price, line.id);
  return (
    <span class={first.included ? 'amount' : 'amount not'}>
      {money(amount, price.currency)}
      {period && <span class="src">a {period}</span>}
      {!first.included && <span class="src">not in the sum</span>}
    </span>
  );
}

/** `5.5 kW · Double, SiC · optional`, or how much is still open. */
export function lineSays(line: QuoteLine, product: Product | undefined): string {
  const parts: string[] = [];
  if (line.amends) parts.push(AMENDS[line.amends.change]);
  if (product && isConfigurable(product)) {
    const open = (product.features?.length ?? 0) - Object.keys(line.configuration ?? {}).length;
    if (open > 0) parts.push(`${open} of ${product.features?.length} still open`);
    parts.push(...(line.choices ?? []).slice(0, 4).map(({ feature, value }) => words(product, feature, value)));
  }
  if (line.ramp?.length) parts.push(`in steps: ${line.ramp.map(({ from_month, quantity }) => `${quantity ?? line.quantity}${from_month ? ` after ${from_month} months` : ''}`).join(', ')}`);
  if (line.usage?.quantity) parts.push(`${line.usage.quantity} expected`);
  if (product?.bundle?.length) parts.push('a set');
  if (line.optional) parts.push(line.selected ? 'optional, chosen' : 'optional, not chosen');
  if (line.bundle) parts.push('part of a set');
  if (line.discount) parts.push('with a discount');
  if (line.open?.length) parts.push('some of it left to the customer');
  return parts.join(' · ') || product?.description || product?.sku || '';
}

/** What is said only with what is not there: `Solids none`. */
const UNSAID = new Set(['none', 'standard', 'no', 'yes']);

const words = (product: Product, feature: string, value: string): string => {
  const one = featureOf(product, feature);
  return one?.type === 'choice' && !UNSAID.has(value) ? valueName(one, value) : `${one?.name ?? feature} ${valueName(one, value).toLowerCase()}`;
};

const AMENDS = { add: 'added to a subscription', reduce: 'takes from a subscription', renew: 'renews a subscription', end: 'ends a subscription' } as const;

/** What does not go together, and what usually goes with it. */
export function Findings({ work }: { work: Work }) {
  // Of a quote that is not worked on any more there is nothing left to add.
  const findings = work.open ? (work.price.value?.price?.findings ?? []) : [];
  const stops = findings.filter(({ kind }) => kind === 'requires' || kind === 'excludes');
  const hints = findings.filter(({ kind, sku }, place) =>
    ['suggests', 'bundle', 'tax'].includes(kind) && (!sku || findings.findIndex((one) => one.kind === kind && one.sku === sku) === place));
  if (findings.length === 0) return null;
  return (
    <section class="card" aria-label="Worth a look">
      <h2>Worth a look</h2>
      <ul class="rows">
        {[...stops, ...hints].map((one) => (
          <li key={one.kind + one.text} class="row">
            <span class={`sign ${stops.includes(one) ? 'bad' : 'info'}`} aria-hidden="true">
              {stops.includes(one) ? '!' : '+'}
            </span>
            <span>
              {one.text}
              {work.open && one.sku && (one.kind === 'requires' || one.kind === 'suggests') && (
                <button class="btn ghost spaced" type="button" onClick={() => work.addLine({ sku: one.sku as string, quantity: '1' })}>
                  Add {productOf(work.document, one.sku)?.name ?? one.sku}
                </button>
              )}
              {stops.includes(one) && <span class="src">It must be settled before the quote is sent.</span>}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
