/** Choosing a product: what goes with the quote and with what they have first, then everything by family, or found by name. */
import { useSignal } from '@preact/signals';
import { fold } from '../accounts/search';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { leaveTo } from '../ui/router';
import { say } from '../ui/said';
import { entriesOf, familyName, isConfigurable, productOf, type CatalogueDocument, type Product } from './document';
import { money } from './money';
import { pathOf, type QuotePage } from './reads';
import { useWork, type Work } from './working';

export function ProductsScreen({ page }: { page: QuotePage }) {
  const work = useWork(page);
  const query = useSignal('');
  const { document } = work;
  const content = work.draft.value.value.content;
  const back = { href: pathOf(page.id), label: 'Quote' };
  if (!document || !content) {
    return (
      <Screen title="Add a product" back={back}>
        <Empty title="The catalogue is not on this phone yet">
          <p>It is fetched with the next update, and stays then, also with no network.</p>
        </Empty>
      </Screen>
    );
  }
  const sold = document.products.filter((one) => entriesOf(document, content.price_book, one.sku).length > 0 || (one.bundle?.length ?? 0) > 0);
  const wanted = fold(query.value.trim());
  const found = sold.filter((one) => fold(`${one.name} ${one.sku} ${one.description ?? ''} ${familyName(one.family)}`).includes(wanted));
  const close = wanted ? [] : suggestions(document, work, sold);
  return (
    <Screen title="Add a product" sub={`${document.name}${content.currency ? ` · ${content.currency}` : ''}`} back={back}>
      <search class="search">
        <label class="find">
          <span class="unseen">Find a product</span>
          <Icon name="search" />
          <input
            type="search" value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} placeholder="Name, number or what it is for"
            autocomplete="off" autocapitalize="off" spellcheck={false} enterkeyhint="search"
          />
        </label>
      </search>
      {close.length > 0 && <Shelf title="Goes with it" products={close.map(({ product }) => product)} why={new Map(close.map((one) => [one.product.sku, one.why]))} work={work} />}
      {found.length === 0 && (
        <Empty title={sold.length === 0 ? 'This price book has no prices' : 'No product is called that'}>
          {sold.length === 0 && <p>Choose other prices on the quote.</p>}
        </Empty>
      )}
      {families(found).map(([family, products]) => <Shelf key={family} title={family} products={products} work={work} />)}
    </Screen>
  );
}

function families(products: Product[]): [string, Product[]][] {
  const shelves = new Map<string, Product[]>();
  for (const one of products) {
    const family = familyName(one.family);
    shelves.set(family, [...(shelves.get(family) ?? []), one]);
  }
  return [...shelves];
}

/** What products on the quote, and those that the customer has, suggest or require; and what they have already. */
function suggestions(document: CatalogueDocument, work: Work, sold: Product[]): { product: Product; why: string }[] {
  const lines = work.draft.value.value.content?.lines ?? [];
  const there = new Set(lines.map(({ sku }) => sku));
  const has = new Map(work.page.subscriptions.flatMap((one) => (one.sku ? [[one.sku, one.product ?? one.sku] as const] : [])));
  const why = new Map<string, string>();
  const say_ = (skus: readonly string[] | undefined, text: string) => skus?.forEach((sku) => !there.has(sku) && !why.has(sku) && why.set(sku, text));
  for (const { sku } of lines) {
    const product = productOf(document, sku);
    say_(product?.requires, `needed with ${product?.name}`);
    say_(product?.suggests, `goes with ${product?.name}`);
  }
  for (const [sku, name] of has) {
    say_([sku], 'they have it');
    say_(productOf(document, sku)?.suggests, `goes with ${name}, which they have`);
  }
  return [...why].flatMap(([sku, text]) => {
    const product = sold.find((one) => one.sku === sku);
    return product ? [{ product, why: text }] : [];
  });
}

function Shelf({ title, products, work, why }: { title: string; products: Product[]; work: Work; why?: ReadonlyMap<string, string> }) {
  const content = work.draft.value.value.content;
  const add = (product: Product) => {
    const id = addProduct(work, product);
    if (isConfigurable(product)) return leaveTo(`${pathOf(work.page.id)}/lines/${id}/configure`);
    say(`${product.name} is on the quote`, () => work.removeLine(id));
    return leaveTo(pathOf(work.page.id));
  };
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      <ul class="rows">
        {products.map((one) => (
          <li key={one.sku}>
            <button class="item" type="button" onClick={() => add(one)}>
              <span>
                <b>{one.name}</b>
                <span class="src">{[why?.get(one.sku), one.description].filter(Boolean).join(' · ') || one.sku}</span>
              </span>
              {work.document && content && <Price {...priceWords(work.document, content.price_book, content.currency, one)} />}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A product with the first of its terms; a set with what belongs to it. */
export function addProduct(work: Work, product: Product): string {
  const term = work.document?.terms?.find(({ applies_to }) => applies_to?.includes(product.sku));
  const id = work.addLine({ sku: product.sku, quantity: '1', ...(term ? { term: term.id } : {}) });
  for (const { sku, quantity = '1', optional, selected } of product.bundle ?? []) {
    work.addLine({ sku, quantity, bundle: id, ...(optional ? { optional, selected: selected ?? false } : {}) });
  }
  return id;
}

function Price({ amount, how }: { amount: string; how: string }) {
  return (
    <span class="priced">
      {amount}
      {how && <span class="src">{how}</span>}
    </span>
  );
}

/** `€ 6,900.00`, to begin with, of what is configured; `€ 29.00`, a month, of what recurs. */
function priceWords(document: CatalogueDocument, book: string, currency: string, product: Product): { amount: string; how: string } {
  const [entry] = entriesOf(document, book, product.sku);
  if (!entry) return { amount: product.bundle ? 'a set' : '', how: '' };
  if (!entry.amount) return { amount: entry.charge === 'usage' ? 'by use' : '', how: '' };
  const often = entry.charge === 'recurring' ? `a ${entry.period ?? 'month'}` : '';
  return { amount: money(entry.amount, currency), how: isConfigurable(product) ? ['to begin with', often].filter(Boolean).join(', ') : often };
}
