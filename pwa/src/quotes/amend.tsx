/** Changing a subscription that runs: more of it, less of it, renewed or ended, priced from what was paid. */
import { useSignal } from '@preact/signals';
import type { Amends } from '../cpq/quote';
import type { Subscription } from '../store/rows';
import { today } from '../ui/clock';
import { addDays, dayAndMonth } from '../ui/dates';
import { go } from '../ui/router';
import { running } from './context';
import { productOf } from './document';
import { money } from './money';
import { paidFor } from './paid';
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
  [one.contract_number, one.ends_on ? `until ${dayAndMonth(one.ends_on, today.value)}` : null, one.price && `${money(one.price.amount, one.price.currency)} a term`].filter(Boolean).join(' · ');

const CHANGES: { change: Amends['change']; label: string; detail: string }[] = [
  { change: 'add', label: 'Add to it', detail: 'more of the same, to the same end' },
  { change: 'reduce', label: 'Take from it', detail: 'what was paid for the rest is given back' },
  { change: 'renew', label: 'Renew it', detail: 'from the day it ends' },
  { change: 'end', label: 'End it', detail: 'what was paid for the rest is given back' },
];

function AmendSheet({ work, one, onClose }: { work: Work; one: Subscription; onClose: () => void }) {
  const amend = (change: Amends['change']) => {
    const paid = paidFor(one, today.peek());
    const quantity = change === 'renew' || change === 'end' ? String(one.quantity ?? 1) : '1';
    const id = work.addLine({
      sku: one.sku as string, quantity, amends: { subscription_id: one.id, change, ...(paid ? { paid } : {}) },
      ...(change === 'renew' && one.ends_on ? { starts_on: addDays(one.ends_on, 1) } : { starts_on: today.peek() }),
      ...(change === 'add' && one.ends_on ? { ends_on: one.ends_on } : {}),
    });
    onClose();
    go(`${pathOf(work.page.id)}/lines/${id}`);
  };
  return (
    <Sheet title={one.product ?? 'Subscription'} onClose={onClose}>
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
    </Sheet>
  );
}
