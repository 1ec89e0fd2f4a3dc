/** A quote: its lines, how its price came about, its terms, who must approve, and the action that comes next. */
import { Unsent } from '../outbox/marks';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { AmendCard } from './amend';
import { QuoteActions } from './actions';
import { ApprovalCard } from './approval';
import { DetailsCard } from './details';
import { DifferenceCard, RefusedCard } from './difference';
import { DiscountCard } from './discount';
import { Findings, LinesCard } from './lines';
import { money } from './money';
import { problemWords } from './pricing';
import { Questions } from './questions';
import { pathOf, type QuotePage } from './reads';
import { SharedCard } from './share';
import { Clauses, Terms } from './terms';
import { Waterfall } from './waterfall';
import { history, stateWords, toneOf, validWords } from './words';
import { useWork, type Work } from './working';

export function QuoteScreen({ page }: { page: QuotePage }) {
  const work = useWork(page);
  const { quote, account } = page;
  const value = work.draft.value.value;
  const back = place(page);
  const sub = [`Version ${quote?.version ?? 1}`, account?.name, validWords(value.valid_until)].filter(Boolean).join(' · ');
  return (
    <Screen title={`Quote ${work.number}`} sub={sub} back={back} bar={<QuoteActions work={work} />}>
      <Standing work={work} />
      <RefusedCard work={work} />
      <DifferenceCard work={work} />
      <ApprovalCard work={work} />
      <Questions work={work} />
      {page.catalogue ? <Priced work={work} /> : <NoCatalogue work={work} />}
      <DetailsCard work={work} />
      <SharedCard work={work} />
      <More work={work} />
    </Screen>
  );
}

/** Where the rep came from, as far as the quote says. */
function place({ quote, account, start, typed }: QuotePage): { href: string; label: string } {
  const visit = start.visit || (quote ? '' : typed?.value.visit_id);
  if (visit) return { href: `/visits/${visit}`, label: 'Visit' };
  if (!quote && account) return { href: `/accounts/${account.id}`, label: account.name };
  return { href: '/quotes', label: 'Quotes' };
}

/** What became of it, with dates; and whether that is on the server yet. */
function Standing({ work }: { work: Work }) {
  const { quote, unsent } = work.page;
  if (!quote) return null;
  const lines = history(quote);
  if (quote.status === 'draft' && !unsent) return null;
  return (
    <section class="card" aria-label="State">
      <p>
        <b class="standing" data-tone={quote.status === 'sent' && unsent ? 'warn' : toneOf(quote)}>
          <i />
          {quote.status === 'sent' && unsent ? 'Sent when online' : stateWords(quote)}
        </b>{' '}
        <Unsent type="quote" id={quote.id} />
      </p>
      {unsent && <span class="src">Kept on this phone and not sent yet. Its number stays.</span>}
      {lines.map((one) => (
        <span key={one} class="src">
          {one}
        </span>
      ))}
    </section>
  );
}

function Priced({ work }: { work: Work }) {
  const value = work.draft.value.value;
  const priced = work.price.value;
  const lines = value.content?.lines ?? [];
  return (
    <>
      <LinesCard work={work} />
      {lines.length > 0 && priced?.problem && (
        <p class="note">
          <b>No price as it stands.</b> {problemWords(priced.problem, work.document, value.content)}
        </p>
      )}
      <AsSent work={work} />
      {lines.length > 0 && priced?.price && work.document && (
        <section class="card hero" aria-label="How this price came about">
          <h2>How this price came about</h2>
          <Waterfall price={priced.price} content={value.content!} document={work.document} />
        </section>
      )}
      <Findings work={work} />
      <Terms work={work} />
      <Clauses work={work} />
      {lines.length > 0 && <DiscountCard work={work} />}
      <AmendCard work={work} />
    </>
  );
}

/** What was sent stands, whatever agreements and subscriptions say since. */
function AsSent({ work }: { work: Work }) {
  const { quote } = work.page;
  const price = work.price.value?.price;
  if (work.open || !quote?.digest || !price || price.digest === quote.digest) return null;
  return (
    <p class="note">
      <b>It was sent at {money(quote.totals.net, quote.totals.currency)} net.</b> The steps below are worked out with what this phone knows today, and come to{' '}
      {money(price.totals.net, price.currency)}. The PDF has the steps as they were sent.
    </p>
  );
}

/** The stored figures can be shown all the same; what made them waits for the catalogue. */
function NoCatalogue({ work }: { work: Work }) {
  const { quote, offered } = work.page;
  if (!quote && offered.length === 0) {
    return (
      <Empty title="No catalogue to quote from">
        <p>It comes to this phone with the next update, once an administrator has activated one.</p>
      </Empty>
    );
  }
  return (
    <section class="card">
      <h2>Catalogue</h2>
      {quote?.totals?.net && (
        <p class="headline">
          {money(quote.totals.net, quote.totals.currency)} <span class="soft">net</span>
        </p>
      )}
      <p class="soft">The catalogue of this quote is not on this phone, so its lines cannot be shown or changed here. It is fetched with the next update.</p>
    </section>
  );
}

function More({ work }: { work: Work }) {
  const { quote, account } = work.page;
  const entries = [
    ...(quote ? [{ href: `${pathOf(quote.id)}/versions`, label: 'Versions', detail: 'and what differs between them' }] : []),
    { href: `${pathOf(work.page.id)}/customer`, label: 'As the customer sees it' },
    ...(account ? [{ href: `/accounts/${account.id}`, label: account.name, detail: 'the account' }] : []),
  ];
  return (
    <section class="card list" aria-label="More">
      <ul class="hits">
        {entries.map((one) => (
          <li key={one.href}>
            <a href={one.href}>
              <span>
                <b>{one.label}</b>
                {one.detail && <span class="src">{one.detail}</span>}
              </span>
              <Icon name="next" />
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

