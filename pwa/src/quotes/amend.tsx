/** Changing a subscription that runs: more of it, less of it, renewed or ended, priced from what was paid. */
import { useSignal } from '@preact/signals';
import type { Amends } from '../cpq/quote';
import type { Subscription } from '../store/rows';
import { today } from '../ui/clock';
import { dayAndMonth } from '../ui/dates';
import { go } from '../ui/router';
import { running } from './context';
import { booksFor, productOf } from './document';
import { money } from './money';
import { Sheet } from './pieces';
import { pathOf } from './reads';
import type { Work } from './working';

export function AmendCard({ work }: { work: Work }) {
  const picked = useSignal<Subscription | null>(null);
  const runs = work.page.subscriptions.filter((one) => one.status !== 'expired' && running(one) && productOf(work.document, one.sku ?? ''));
  if (!work.open || runs.length === 0) return null;
  return (
    <section class="card" aria-label="What they have">
      <h2>What they have</h2>
      <ul class="rows">
        {runs.map((one) => (
          <li key={one.id}>
            <button class="item" type="button" aria-haspopup="dialog" onClick={() => (picked.value = one)}>
              <span>
                <b>
                  {one.quantity && one.quantity > 1 ? `${one.quantity} × ` : ''}
                  {one.product}
                </b>
                <span class="src">{subscriptionWords(one)}</span>
              </span>
              <span class="soft">Change</span>
            </button>
          </li>
        ))}
      </ul>
      {picked.value && <AmendSheet work={work} one={picked.value} onClose={() => (picked.value = null)} />}
    </section>
  );
}

const subscriptionWords = (one: Subscription): string =>
  [
    one.contract_number, one.ends_on ? `until ${dayAndMonth(one.ends_on, today.value)}` : null,
    one.price && `${money(one.price.amount, one.price.currency)} a term`,
  ].filter(Boolean).join(' · ');

const CHANGES: { change: Amends['change']; label: string; detail: string }[] = [
  { change: 'add', label: 'Add to it', detail: 'more of the same, to the same end' },
  { change: 'reduce', label: 'Take from it', detail: 'what was paid for the rest is given back' },
  { change: 'renew', label: 'Renew it', detail: 'from the day it ends' },
  { change: 'end', label: 'End it', detail: 'what was paid for the rest is given back' },
];

function AmendSheet({ work, one, onClose }: { work: Work; one: Subscription; onClose: () => void }) {
  const amend = (change: Amends['change']) => {
    const quantity = change === 'renew' || change === 'end' ? String(one.quantity ?? 1) : '1';
    const id = work.addLine({
      sku: one.sku as string, quantity, amends: { subscription_id: one.id, change }, ...(change === 'renew' ? {} : { starts_on: today.peek() }),
    });
    onClose();
    go(`${pathOf(work.page.id)}/lines/${id}`);
  };
  const currency = one.price?.currency;
  const other = currency !== undefined && currency !== work.draft.value.value.content?.currency;
  return (
    <Sheet title={one.product ?? 'Subscription'} onClose={onClose}>
      {other ? (
        <OtherCurrency work={work} currency={currency} />
      ) : (
        <ul class="rows menu">
          {CHANGES.map(({ change, label, detail }) => (
            <li key={change}>
              <button class="item" type="button" onClick={() => amend(change)}>
                <span>
                  <b>{label}</b>
                  <span class="src">{detail}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Sheet>
  );
}

/** What was paid in one currency is not reckoned in another: the whole quote is made in the one it was paid in. */
function OtherCurrency({ work, currency }: { work: Work; currency: string }) {
  const { content } = work.draft.value.value;
  const book = work.document && content && booksFor(work.document, content.region, today.value).find((one) => one.currency === currency);
  return (
    <div class="stack">
      <p>
        It is paid in {currency}, and this quote is in {content?.currency}. What was paid counts only in the currency that it was paid in.
      </p>
      {book ? (
        <button class="btn" type="button" onClick={() => work.setContent({ price_book: book.id, currency })}>
          Make this quote in {currency}
        </button>
      ) : (
        <p class="soft">No prices in {currency} hold for this customer today.</p>
      )}
    </div>
  );
}
