/** The quote as its customer reads it: the same figures and steps, nothing of what only the seller knows. */
import { Empty, Screen } from '../ui/frame';
import { session } from '../store/state';
import { productOf } from './document';
import { headline, belowPrice, Waterfall } from './waterfall';
import { LineAmount, lineSays } from './lines';
import { promiseWords } from './promises';
import { pathOf, type QuotePage } from './reads';
import { validWords } from './words';
import { useWork } from './working';

export function CustomerScreen({ page }: { page: QuotePage }) {
  const work = useWork(page);
  const value = work.draft.value.value;
  const price = work.price.value?.price;
  const { document } = work;
  const back = { href: pathOf(page.id), label: 'Quote' };
  const lines = value.content?.lines ?? [];
  if (!price || !document || lines.length === 0) {
    return (
      <Screen title="As the customer sees it" back={back}>
        <Empty title="There is no price to show yet" />
      </Screen>
    );
  }
  const person = page.people.find(({ id }) => id === value.person_id);
  return (
    <Screen title={value.title} sub={[`Quote ${work.number}`, session.value?.organisation.name, validWords(value.valid_until)].filter(Boolean).join(' · ')} back={back}>
      <section class="card hero">
        <p class="soft">{[person?.name, page.account?.name].filter(Boolean).join(', ')}</p>
        <p class="headline">{headline(price)}</p>
        <p class="soft">{belowPrice(price)}</p>
        {value.content?.notes && <p class="prose spaced">{value.content.notes}</p>}
      </section>
      <section class="card">
        <h2>What it is</h2>
        <ul class="lines">
          {lines.map((line) => {
            const product = productOf(document, line.sku);
            return (
              <li key={line.id} class={line.bundle ? 'part' : undefined}>
                <span>
                  <b>
                    {line.quantity === '1' ? '' : `${line.quantity} × `}
                    {product?.name ?? line.sku}
                  </b>
                  <span class="src">{lineSays(line, product)}</span>
                </span>
                <LineAmount work={work} line={line} />
              </li>
            );
          })}
        </ul>
      </section>
      <section class="card">
        <h2>How this price came about</h2>
        <Waterfall price={price} content={value.content!} document={document} />
      </section>
      {price.clauses.length > 0 && (
        <section class="card">
          <h2>What is promised</h2>
          {price.clauses.map((one) => (
            <div key={one.id + (one.line ?? '')} class="clause">
              <b>{one.title}</b>
              <p class="soft">{one.text}</p>
              <span class="src">{promiseWords(document.clauses?.find(({ id }) => id === one.id) ?? {})}</span>
            </div>
          ))}
        </section>
      )}
    </Screen>
  );
}
