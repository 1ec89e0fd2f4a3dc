/** All quotes on this phone: what waits for the rep first, then what is with customers, then what is settled. */
import { useSignal } from '@preact/signals';
import type { QuoteStatus } from '../store/rows';
import { session } from '../store/state';
import { Unsent } from '../outbox/marks';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { fold as normal } from '../accounts/search';
import { money } from './money';
import type { QuoteList } from './reads';
import { stateWords, statusOf, toneOf, validWords } from './words';

type Row = QuoteList['quotes'][number];

const GROUPS: { title: string; holds: (row: Row, role: string) => boolean }[] = [
  { title: 'For you to do', holds: (row, role) => waits(row, role) },
  { title: 'To be sent', holds: (row) => row.unsent && is(row, 'sent') },
  { title: 'Being written', holds: (row) => is(row, 'draft', 'in_approval', 'approved', 'refused') },
  { title: 'With the customer', holds: (row) => is(row, 'sent', 'viewed') },
  { title: 'Settled', holds: () => true },
];

const is = (row: Row, ...statuses: QuoteStatus[]): boolean => statuses.includes(statusOf(row));

/** A difference to look at, a question to answer, an approval to give, something that was refused. */
function waits(row: Row, role: string): boolean {
  const asked = row.questions?.some(({ answer }) => !answer) ?? false;
  const decide = row.status === 'in_approval' && role !== 'rep' && row.user_id !== session.value?.user.id;
  return row.refused || row.difference !== undefined || asked || decide || row.status === 'refused' || row.status === 'approved';
}

function why(row: Row, role: string): string | null {
  if (row.refused) return 'Needs attention';
  if (row.difference) return 'The server priced it otherwise';
  const asked = row.questions?.filter(({ answer }) => !answer).length ?? 0;
  if (asked > 0) return asked === 1 ? 'One question of the customer' : `${asked} questions of the customer`;
  if (row.status === 'in_approval' && role !== 'rep') return `${row.author} asks for your approval`;
  return null;
}

export function QuotesScreen({ all }: { all: QuoteList }) {
  const query = useSignal('');
  const role = session.value?.user.role ?? 'rep';
  const wanted = normal(query.value);
  const found = all.quotes
    .filter((one) => normal(`${one.number} ${one.title} ${one.account} ${one.author}`).includes(wanted))
    .sort((a, b) => b.id.localeCompare(a.id));
  const taken = new Set<string>();
  const groups = GROUPS.map(({ title, holds }) => {
    const rows = found.filter((row) => !taken.has(row.id) && holds(row, role));
    for (const { id } of rows) taken.add(id);
    return { title, rows };
  });
  const begun = all.begun.filter((one) => normal(`${one.account} ${one.value.title}`).includes(wanted));
  return (
    <Screen
      title="Quotes" sub={summary(all)}
      action={
        <a class="btn" href="/choose/quote">
          <Icon name="add" />
          New quote
        </a>
      }
    >
      <search class="search">
        <label class="find">
          <span class="unseen">Find a quote by number, title or account</span>
          <Icon name="search" />
          <input
            type="search" value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} placeholder="Number, title or account"
            autocomplete="off" autocapitalize="off" spellcheck={false} enterkeyhint="search"
          />
        </label>
      </search>
      {found.length === 0 && begun.length === 0 && <Nothing all={all} searching={wanted !== ''} />}
      {begun.length > 0 && (
        <section class="card">
          <h2>Begun, not saved</h2>
          <ul class="rows">
            {begun.map((one) => (
              <li key={one.id}>
                <a class="item" href={one.path}>
                  <span>
                    <b>{one.account}</b>
                    <span class="src">{one.value.title} · kept on this phone as you left it</span>
                  </span>
                  <Icon name="next" />
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {groups.map(({ title, rows }) => rows.length > 0 && <Group key={title} title={title} rows={rows} role={role} />)}
    </Screen>
  );
}

function Group({ title, rows, role }: { title: string; rows: Row[]; role: string }) {
  return (
    <section class="card">
      <h2>
        {title} <span>{rows.length}</span>
      </h2>
      <ul class="rows">
        {rows.map((row) => (
          <li key={row.id}>
            <a class="item" href={`/quotes/${row.id}`}>
              <span>
                <b>{row.account}</b> <Unsent type="quote" id={row.id} />
                <span class="standing" data-tone={row.unsent && row.status === 'sent' ? 'warn' : toneOf(row)}>
                  <i />
                  {why(row, role) ?? (row.unsent && row.status === 'sent' ? 'Sent when online' : stateWords(row))}
                </span>
                <span class="src">{[row.number, row.title, statusOf(row) === 'sent' || statusOf(row) === 'viewed' ? validWords(row.valid_until) : ''].filter(Boolean).join(' · ')}</span>
              </span>
              {row.totals?.net && <b>{money(row.totals.net, row.totals.currency)}</b>}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function summary({ catalogues, here }: QuoteList): string {
  if (catalogues.length === 0) return 'No catalogue to quote from';
  const missing = catalogues.filter(({ hash }) => !here.includes(hash));
  if (missing.length > 0) return `Catalogue ${missing[0]?.name} is being fetched`;
  return `Prices of ${catalogues.map(({ name }) => name).join(', ')}`;
}

function Nothing({ all, searching }: { all: QuoteList; searching: boolean }) {
  if (searching) return <Empty title="No quote is called that" />;
  if (all.catalogues.length === 0) {
    return (
      <Empty title="No catalogue yet">
        <p>Quotes are made from a catalogue. An administrator puts one in and activates it; it comes to this phone with the next update.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No quotes yet">
      <p>Begin one here, from an account or from a visit, with or without a network.</p>
    </Empty>
  );
}
