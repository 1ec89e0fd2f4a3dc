/** To whom, until when, in which prices, and notes: for the customer and for colleagues. */
import { today } from '../ui/clock';
import { Day, Prose, Select, Text } from '../ui/form';
import { most } from '../ui/limits';
import { dayAndMonth } from '../ui/dates';
import { bookOf, booksFor } from './document';
import { Fold } from './pieces';
import type { Work } from './working';

const QUICK = [14, 30, 91] as const;

export function DetailsCard({ work }: { work: Work }) {
  const { draft, page, document } = work;
  const value = draft.value.value;
  const people = page.people.filter(({ left_on }) => !left_on);
  if (!work.open) return <Facts work={work} />;
  const books = document && value.content ? booksFor(document, value.content.region, today.value) : [];
  return (
    <Fold title="Details" says={says(work)}>
      <div class="form">
        <Text label="Title" value={value.title} onText={(title) => draft.change({ title })} maxLength={most('quote.create', 'title')} autocapitalize="sentences" spellcheck />
        {people.length > 0 && (
          <Select
            label="To" value={value.person_id} onText={(person_id) => draft.change({ person_id })}
            options={[['', 'Nobody in particular'] as const, ...people.map(({ id, name }) => [id, name] as const)]}
          />
        )}
        {books.length > 1 && (
          <Select
            label="Prices" value={value.content?.price_book ?? ''} options={books.map(({ id, name, currency }) => [id, `${name}, ${currency}`] as const)}
            onText={(id) => work.setContent({ price_book: id, currency: bookOf(document, id)?.currency ?? '' })}
          />
        )}
        <Text
          label="Customer’s country" value={value.content?.region ?? ''} maxLength={2} autocapitalize="off" hint="Two letters, such as SE: it decides taxes and prices."
          onText={(region) => work.setContent({ region: region.toUpperCase() })}
        />
        <Day legend="Holds until" value={value.valid_until} onDay={(valid_until) => draft.change({ valid_until })} quick={QUICK} />
        <Prose
          label="Note to the customer" value={value.content?.notes ?? ''} rows={2} most={2000}
          onText={(notes) => work.setContent(notes ? { notes } : { notes: undefined as never })}
        />
        <Prose
          label="Notes for colleagues" value={value.notes} rows={2} most={most('quote.create', 'notes')} hint="The customer does not see them."
          onText={(notes) => draft.change({ notes })}
        />
      </div>
    </Fold>
  );
}

/** To whom, until when, in which prices. */
function says({ draft, page, document }: Work): string {
  const { title, person_id, valid_until, content } = draft.value.value;
  const person = page.people.find(({ id }) => id === person_id)?.name;
  const until = valid_until && `until ${dayAndMonth(valid_until, today.value)}`;
  return [title, person && `to ${person}`, bookOf(document, content?.price_book ?? '')?.name, until].filter(Boolean).join(' · ');
}

function Facts({ work }: { work: Work }) {
  const { quote, people } = work.page;
  const value = work.draft.value.value;
  const person = people.find(({ id }) => id === value.person_id);
  const rows = [
    ['Title', value.title], ['To', person?.name], ['Prices', bookOf(work.document, value.content?.price_book ?? '')?.name],
    ['Holds until', value.valid_until ? dayAndMonth(value.valid_until, today.value) : ''], ['By', quote?.author],
    ['Note to the customer', value.content?.notes], ['Notes for colleagues', value.notes],
  ].filter(([, text]) => text);
  return (
    <section class="card">
      <h2>Details</h2>
      <dl class="facts">
        {rows.map(([label, text]) => (
          <>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}
