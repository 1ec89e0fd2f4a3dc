/** When the server came to another price, or refused something: both figures, and what can be done. Nothing changes by itself. */
import type { AttentionItem } from '../store/queue';
import { discard } from '../store/unsent';
import { Why } from '../outbox/attention';
import { titleOf } from '../outbox/words';
import { save, write } from '../ui/save';
import { productOf } from './document';
import { money, signed, subtract } from './money';
import { partWords } from './pricing';
import type { QuoteDifference } from '../store/rows';
import type { Work } from './working';

export function DifferenceCard({ work }: { work: Work }) {
  const { quote } = work.page;
  const difference = quote?.difference;
  if (!quote || !difference) return null;
  const { shown, priced } = difference;
  const accept = async () => {
    const accepted = { ...priced, digest: priced.digest ?? '' };
    const taken = write('quote.change', { id: quote.id, revision: quote.revision, fields: {}, shown: accepted });
    if (!(await save([taken], 'The new price stands. Saved on this phone'))) return;
    for (const one of work.page.attention) if (one.kind === 'rejected' && one.mutation.name === 'quote.send') await discard(one.id);
  };
  return (
    <section class="card hero" aria-label="Another price">
      <h2>The server came to another price</h2>
      <p>
        This phone showed <b>{money(shown.net, shown.currency)}</b>, the server comes to <b>{money(priced.net, priced.currency)}</b>
        {shown.currency === priced.currency ? `, ${signed(subtract(priced.net, shown.net), priced.currency)}` : ''}. The quote is as you left it until you decide.
      </p>
      <Lines work={work} difference={difference} />
      <div class="pair">
        <button class="btn ghost" type="button" onClick={() => document.querySelector('[aria-label="Lines"]')?.scrollIntoView()}>
          Keep editing
        </button>
        <button class="btn" type="button" onClick={() => void accept()}>
          Take {money(priced.net, priced.currency)}
        </button>
      </div>
    </section>
  );
}

function Lines({ work, difference: { lines = [], priced } }: { work: Work; difference: QuoteDifference }) {
  if (lines.length === 0) return null;
  const content = work.draft.value.value.content;
  const price = work.price.value?.price;
  const nameOf = (id: string, name: string | undefined) => {
    const line = content?.lines.find((one) => one.id === (price?.parents[id] ?? id));
    const part = price?.lines.find((one) => one.id === id);
    const words = price && part ? partWords(price, part) : '';
    return line ? [productOf(work.document, line.sku)?.name ?? line.sku, words].filter(Boolean).join(', ') : (name ?? id);
  };
  const words = (amount: string | null | undefined) => (amount ? money(amount, priced.currency) : 'not there');
  return (
    <table class="twofold">
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col">This phone</th>
          <th scope="col">Server</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((one) => (
          <tr key={one.line}>
            <td>{nameOf(one.line, one.name)}</td>
            <td class="amount">{words(one.shown)}</td>
            <td class="amount">{words(one.priced)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Rejected = Extract<AttentionItem, { kind: 'rejected' }>;

/** What the server refused of this quote: what was entered is back on this screen, to be put right and saved again. */
export function RefusedCard({ work }: { work: Work }) {
  const refused = work.page.attention.filter((one): one is Rejected => one.kind === 'rejected');
  if (refused.length === 0) return null;
  return (
    <>
      {refused.map((one) => (
        <section key={one.id} class="card" aria-label="Not accepted">
          <h2>
            Not accepted <span>{titleOf(one.mutation)}</span>
          </h2>
          <Why problem={one.problem} />
          <p class="soft">What you entered is below. Put it right, then save or send it again.</p>
          <button class="btn ghost wide spaced" type="button" onClick={() => void discard(one.id)}>
            Give it up
          </button>
        </section>
      ))}
    </>
  );
}
