/** One line of a quote: how many, at what discount, for how long, and what the customer may change of it. */
import { useSignal } from '@preact/signals';
import type { LineDiscount, QuoteLine } from '../cpq/quote';
import { Day, ManyChips, Prose, Text } from '../ui/form';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { leaveTo } from '../ui/router';
import { featureOf } from './configuring';
import { AuthorityWords, DiscountForm } from './discount';
import { entriesOf, isConfigurable, productOf, valueName, type Product } from './document';
import { decimalOf, plain } from './money';
import { Check, Stepper } from './pieces';
import { Part, PriceBar } from './price-bar';
import { linesOf } from './pricing';
import { Ramp } from './ramp';
import { pathOf, type QuotePage } from './reads';
import { useWork, type Work } from './working';

const MOST = 1_000_000;
const KINDS = [['percent', 'Percent off'], ['amount', 'Amount off the line'], ['fixed_price', 'A price of its own for one']] as const;

export function LineScreen({ page, lineId }: { page: QuotePage; lineId: string }) {
  const work = useWork(page);
  const line = work.draft.value.value.content?.lines.find(({ id }) => id === lineId);
  const product = line && productOf(work.document, line.sku);
  const back = { href: pathOf(page.id), label: 'Quote' };
  if (!line || !product) {
    return (
      <Screen title="Not on this quote" back={back}>
        <Empty title="This line is not on the quote any more" />
      </Screen>
    );
  }
  return (
    <Screen title={product.name} sub={product.description} back={back} bar={<PriceBar work={work} line={line} button="Done" onButton={() => leaveTo(pathOf(page.id))} />}>
      {isConfigurable(product) && <Configuration work={work} line={line} product={product} />}
      {work.open ? <Fields work={work} line={line} product={product} /> : null}
      <Steps work={work} line={line} />
      {work.open && (
        <button class="btn ghost wide" type="button" onClick={() => { work.removeLine(line.id); leaveTo(pathOf(page.id)); }}>
          Remove from the quote
        </button>
      )}
    </Screen>
  );
}

interface Props {
  work: Work;
  line: QuoteLine;
  product: Product;
}

function Configuration({ work, line, product }: Props) {
  const known = Object.entries(line.configuration ?? {});
  const open = (product.features?.length ?? 0) - known.length;
  return (
    <section class="card">
      <h2>
        Configuration <span>{open > 0 ? `${open} of ${product.features?.length} still open` : 'complete'}</span>
      </h2>
      {work.open && (
        <a class="btn wide" href={`${pathOf(work.page.id)}/lines/${line.id}/configure`}>
          Configure
        </a>
      )}
      {known.length > 0 && (
        <details class="spaced">
          <summary>
            <Icon name="next" />
            What is decided
          </summary>
          <dl class="facts">
            {known.map(([feature, value]) => (
              <>
                <dt>{featureOf(product, feature)?.name ?? feature}</dt>
                <dd>{valueName(featureOf(product, feature), value)}</dd>
              </>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

function Fields({ work, line, product }: Props) {
  const put = (part: Partial<QuoteLine>) => work.setLine(line.id, part);
  const entries = work.document ? entriesOf(work.document, work.draft.value.value.content?.price_book ?? '', line.sku) : [];
  const recurring = entries.some(({ charge }) => charge === 'recurring');
  const used = entries.find(({ charge }) => charge === 'usage');
  return (
    <>
      <section class="card form">
        {line.ramp?.length ? (
          <p>How many: in steps, below.</p>
        ) : (
          <Stepper label="Quantity" value={line.quantity} min={1} max={mostOf(work, line)} onStep={(quantity) => put({ quantity })} />
        )}
        {used && <Expected line={line} unit={used.unit} expected={used.expected} onChange={(quantity) => put({ usage: quantity ? { quantity } : (undefined as never) })} />}
      </section>
      <section class="card form">
        <h2>Discount on this line</h2>
        <DiscountForm
          label="Discount" kinds={KINDS} value={line.discount} currency={work.draft.value.value.content?.currency ?? ''}
          onChange={(discount) => put({ discount: (discount ?? undefined) as LineDiscount })}
        />
        <AuthorityWords work={work} line={line.id} />
      </section>
      <Freedom work={work} line={line} product={product} />
      {(recurring || line.amends) && <Times work={work} line={line} onChange={put} />}
      <section class="card form">
        <Prose label="Note on this line" value={line.notes ?? ''} onText={(notes) => put({ notes })} rows={2} most={2000} />
      </section>
    </>
  );
}

/** No more is given up of a running subscription than there is. */
function mostOf(work: Work, { amends }: QuoteLine): number {
  const runs = work.page.subscriptions.find(({ id }) => id === amends?.subscription_id)?.quantity;
  return runs && (amends?.change === 'reduce' || amends?.change === 'end') ? runs : MOST;
}

function Expected({ line, unit, expected, onChange }: { line: QuoteLine; unit: string | undefined; expected: string | undefined; onChange: (quantity: string) => void }) {
  const typed = useSignal(line.usage?.quantity ?? '');
  const wrong = typed.value.trim() !== '' && decimalOf(typed.value) === '';
  return (
    <Text
      label={`Expected use${unit ? `, ${unit}` : ''}`} value={typed.value} inputMode="numeric" wrong={wrong ? 'Write a figure.' : undefined}
      hint={expected ? `${plain(expected)} where nothing is said. What is used is what is paid.` : 'What is used is what is paid.'}
      onText={(text) => { typed.value = text; onChange(decimalOf(text)); }}
    />
  );
}

/** Optional or not, and what the customer may change on their page. */
function Freedom({ work, line, product }: Props) {
  const open = new Set(line.open ?? []);
  const put = (open: string[], part: Partial<QuoteLine> = {}) => work.setLine(line.id, { open, ...part });
  const toggle = (one: string, is: boolean) => put(is ? [...open, one] : [...open].filter((other) => other !== one));
  const terms = (work.document?.terms ?? []).filter(({ applies_to }) => !applies_to?.length || applies_to.includes(line.sku));
  const chosen = [...open].filter((one) => one.startsWith('feature:')).map((one) => one.slice(8));
  return (
    <section class="card" aria-label="What the customer may change">
      <h2>The customer may change</h2>
      <Check
        label="It is optional" detail="They may take it or leave it." checked={line.optional ?? false}
        onCheck={(is) => put(is ? [...open, 'selected'] : [...open].filter((one) => one !== 'selected'), is ? { optional: true, selected: false } : { optional: false, selected: undefined as never })}
      />
      {line.optional && <Check label="Chosen to begin with" checked={line.selected ?? false} onCheck={(selected) => put([...open], { selected })} />}
      <Check label="How many" checked={open.has('quantity')} onCheck={(is) => toggle('quantity', is)} />
      {terms.length > 1 && <Check label="For how long" detail={terms.map(({ name }) => name).join(', ')} checked={open.has('term')} onCheck={(is) => toggle('term', is)} />}
      {isConfigurable(product) && (
        <details>
          <summary>
            <Icon name="next" />
            Features ({chosen.length})
          </summary>
          <ManyChips
            legend="They choose among what goes with the rest" values={chosen}
            options={(product.features ?? []).map(({ id, name }) => ({ value: id, label: name ?? id }))}
            onPick={(features) => put([...[...open].filter((one) => !one.startsWith('feature:')), ...features.map((one) => `feature:${one}`)])}
          />
        </details>
      )}
    </section>
  );
}

/** When it begins and ends, and steps of a ramp. */
function Times({ work, line, onChange }: { work: Work; line: QuoteLine; onChange: (part: Partial<QuoteLine>) => void }) {
  return (
    <section class="card form">
      <details open={Boolean(line.starts_on ?? line.ends_on ?? line.ramp)}>
        <summary>
          <Icon name="next" />
          Beginning, end and ramp
        </summary>
        <div class="stack">
          <Day legend="Begins" value={line.starts_on ?? ''} onDay={(starts_on) => onChange({ starts_on })} quick={[0, 14, 30]} />
          <Text label="Ends with" type="date" value={line.ends_on ?? ''} hint="Empty: after its term. A date makes it end together with another contract." onText={(ends_on) => onChange({ ends_on })} />
          {!line.amends && <Ramp work={work} line={line} onChange={onChange} />}
        </div>
      </details>
    </section>
  );
}

function Steps({ work, line }: { work: Work; line: QuoteLine }) {
  const price = work.price.value?.price;
  const lines = price ? linesOf(price, line.id) : [];
  if (!price || lines.length === 0) return null;
  return (
    <section class="card hero" aria-label="How this price came about">
      <h2>How this price came about</h2>
      {lines.map((one) => <Part key={one.id} part={one} price={price} />)}
    </section>
  );
}
