/** An account: what it is, who works there, what it bought, what is open, and its briefing. */
import { Cards } from '../briefing/cards';
import { standing, telephone, waysToReach } from '../briefing/contact';
import { ReachButtons } from '../briefing/people';
import { moneyText } from '../briefing/text';
import type { AccountPage } from '../store/reads';
import type { Account, Colleague, CustomerPromise, Goal, Person, Quote, Subscription, Ticket, Visit } from '../store/rows';
import { now, timeZone, today } from '../ui/clock';
import { age, dayAndMonth, dayDistance, dayInSentence, dayName, localDay, timeOfDay } from '../ui/dates';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { Menu } from '../ui/menu';
import { Unsent } from '../outbox/marks';
import { Attachments } from '../visits/attachments';
import { Notes, TalkCard, type Written } from '../visits/written';
import { addressText, directions } from './directions';
import { PromiseRow } from './promises';

const ACCOUNTS = { href: '/accounts', label: 'Accounts' };

export interface AccountRows extends AccountPage {
  written: Written;
  quotes: Quote[];
}

export function AccountScreen({ page }: { page: AccountRows | null }) {
  if (!page) {
    return (
      <Screen title="No such account" back={ACCOUNTS}>
        <Empty title="This account is not on this phone">
          <p>It may have moved to another territory.</p>
        </Empty>
      </Screen>
    );
  }
  const { account, briefing, people, written } = page;
  const zone = account.time_zone ?? timeZone.value;
  const inBriefing = new Set(briefing?.cards.flatMap((card) => card.people?.map((person) => person.id) ?? []));
  const others = people.filter((person) => !inBriefing.has(person.id));
  const cards = new Set(briefing?.cards.map((card) => card.kind));
  const after = (
    <>
      {others.length > 0 && <People people={others} title={cards.has('people') ? 'More people' : 'People'} />}
      <Visits visits={page.visits} colleagues={page.colleagues} />
      <Tickets tickets={page.tickets} zone={zone} />
      <Subscriptions subscriptions={page.subscriptions} />
      <Attachments attachments={written.attachments} />
    </>
  );
  return (
    <Screen title={account.name} sub={subtitle(account)} back={ACCOUNTS} bar={<Actions page={page} />}>
      <Facts account={account} />
      <TalkCard href={`/accounts/${account.id}/talk`} messages={written.messages} />
      <Notes notes={written.notes} />
      <Promises promises={page.promises} people={people} />
      <Goals goals={page.goals} />
      <Quotes quotes={page.quotes} />
      {briefing ? (
        <Cards briefing={briefing} people={people} zone={zone}>
          {after}
        </Cards>
      ) : (
        after
      )}
    </Screen>
  );
}

/** What can be written down about this account. */
function Actions({ page: { account } }: { page: AccountRows }) {
  const at = `/accounts/${account.id}`;
  return (
    <div class="ways">
      {account.phone && (
        <a class="round" href={telephone(account.phone)} aria-label={`Call ${account.name}`}>
          <Icon name="call" />
        </a>
      )}
      <Menu
        label="Write down" icon="write" title={account.name}
        entries={[
          { href: `${at}/quote`, label: 'Quote', detail: 'configure, price and send' },
          { href: `${at}/walk-in`, label: 'Log a walk-in', detail: 'a visit that was not planned' },
          { href: `${at}/plan`, label: 'Plan a visit' },
          { href: `${at}/note`, label: 'Note', detail: 'with photos' },
          { href: `${at}/promise`, label: 'Promise', detail: 'what, to whom, by when' },
          { href: `${at}/goal`, label: 'Goal', detail: 'what they want to reach' },
          { href: `${at}/person`, label: 'Person', detail: 'somebody new here' },
          { href: `${at}/change`, label: 'Change the account', detail: 'phone, address, names' },
        ]}
      />
    </div>
  );
}

function subtitle(account: Account): string {
  return [account.industry, account.address?.city, account.status].filter(Boolean).join(' · ');
}

function Facts({ account }: { account: Account }) {
  const address = addressText(account.address);
  const route = directions(account.address);
  return (
    <section class="card">
      <h2>
        Facts <Unsent type="account" id={account.id} />
      </h2>
      <dl class="facts">
        {account.phone && (
          <>
            <dt>Phone</dt>
            <dd>
              <a href={telephone(account.phone)}>{account.phone}</a>
            </dd>
          </>
        )}
        {address && (
          <>
            <dt>Address</dt>
            <dd>{route ? <a href={route} target="_blank" rel="noopener noreferrer">{address}</a> : address}</dd>
          </>
        )}
        {account.website && (
          <>
            <dt>Website</dt>
            <dd>
              <WebLink website={account.website} />
            </dd>
          </>
        )}
        {account.employees !== undefined && (
          <>
            <dt>Employees</dt>
            <dd>{account.employees.toLocaleString('en-GB')}</dd>
          </>
        )}
        {account.aliases && account.aliases.length > 0 && (
          <>
            <dt>Also called</dt>
            <dd>{account.aliases.join(', ')}</dd>
          </>
        )}
      </dl>
      {account.notes && <p class="prose">{account.notes}</p>}
    </section>
  );
}

function WebLink({ website }: { website: string }) {
  const url = /^https?:\/\//i.test(website) ? website : `https://${website}`;
  if (!URL.canParse(url)) return <>{website}</>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {new URL(url).hostname.replace(/^www\./, '')}
    </a>
  );
}

function People({ people, title }: { people: Person[]; title: string }) {
  const order = [...people].sort((a, b) => Number(Boolean(a.left_on)) - Number(Boolean(b.left_on)) || a.name.localeCompare(b.name));
  return (
    <section class="card">
      <h2>{title}</h2>
      <ul class="rows">
        {order.map((person) => {
          const ways = waysToReach(person);
          return (
            <li key={person.id} class="person">
              <a href={`/people/${person.id}`}>
                <b>{person.name}</b> <Unsent type="person" id={person.id} />
                <p class="soft">{standing(person)}</p>
                {ways.prefers && <p class="soft">{ways.prefers}</p>}
                {ways.asked && <p class="notice">{ways.asked}</p>}
              </a>
              <ReachButtons name={person.name} ways={ways} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The name of the colleague whose visit this is. */
const visitor = (visit: Visit, colleagues: Colleague[]): string | undefined =>
  colleagues.find((one) => one.id === visit.user_id)?.name;

function Visits({ visits, colleagues }: { visits: Visit[]; colleagues: Colleague[] }) {
  const shown = visits.filter((one) => one.status !== 'cancelled').sort((a, b) => b.starts_at.localeCompare(a.starts_at));
  if (shown.length === 0) return null;
  return (
    <section class="card">
      <h2>Visits</h2>
      <ul class="rows">
        {shown.map((visit) => {
          const start = new Date(visit.starts_at);
          const day = dayName(localDay(start, visit.time_zone), today.value);
          return (
            <li key={visit.id}>
              <a class="item" href={`/visits/${visit.id}`}>
                <span>
                  <b>
                    {day}, {timeOfDay(start, visit.time_zone)}
                  </b>{' '}
                  <Unsent type="visit" id={visit.id} />
                  <span class="src">{[visitor(visit, colleagues), visit.outcome ?? visit.purpose ?? visit.place ?? visit.status].filter(Boolean).join(' · ')}</span>
                </span>
                <Icon name="next" />
              </a>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const CLOSED = new Set(['solved', 'closed']);

function Tickets({ tickets, zone }: { tickets: Ticket[]; zone: string }) {
  const open = tickets.filter((one) => !CLOSED.has(one.status)).sort((a, b) => (a.due_at ?? '9').localeCompare(b.due_at ?? '9'));
  if (open.length === 0) return null;
  return (
    <section class="card">
      <h2>
        Open tickets <span>{open.length}</span>
      </h2>
      <ul class="rows">
        {open.map((ticket) => (
          <li key={ticket.id} class="item">
            <span>
              <b>{ticket.subject}</b>
              <span class="src">
                {[
                  `Ticket ${ticket.number}`, ticket.priority, ticket.status.replace('_', ' '),
                  ticket.opened_at && `opened ${age(ticket.opened_at, now.value, zone)}`,
                ].filter(Boolean).join(' · ')}
              </span>
            </span>
            {ticket.due_at && <DueTag due={localDay(new Date(ticket.due_at), zone)} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function DueTag({ due }: { due: string }) {
  const late = dayDistance(due, today.value);
  if (late > 0) return <span class="notice">{late === 1 ? '1 day late' : `${late} days late`}</span>;
  return <span class="soft">due {dayInSentence(due, today.value)}</span>;
}

function Subscriptions({ subscriptions }: { subscriptions: Subscription[] }) {
  if (subscriptions.length === 0) return null;
  return (
    <section class="card">
      <h2>Contract</h2>
      <ul class="rows">
        {subscriptions.map((one) => (
          <li key={one.id} class="item">
            <span>
              <b>{[one.quantity && one.quantity > 1 ? `${one.quantity} ×` : null, one.product ?? 'Subscription'].filter(Boolean).join(' ')}</b>
              <span class="src">
                {[one.contract_number, one.status === 'active' ? term(one) : one.status].filter(Boolean).join(' · ')}
              </span>
            </span>
            {one.price && <span>{moneyText(one.price.amount, one.price.currency)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** renews 1 March 2027, 90 days' notice · ends 1 March */
function term(one: Subscription): string | null {
  const day = (date: string) => dayAndMonth(date, today.value);
  const notice = one.notice_days ? `, ${one.notice_days} days’ notice` : '';
  if (one.auto_renew && one.renews_on) return `renews ${day(one.renews_on)}${notice}`;
  const end = one.ends_on ?? one.renews_on;
  return end ? `ends ${day(end)}` : null;
}

function Promises({ promises, people }: { promises: CustomerPromise[]; people: Person[] }) {
  const open = promises.filter((one) => one.status === 'open').sort((a, b) => a.due_on.localeCompare(b.due_on));
  if (open.length === 0) return null;
  return (
    <section class="card">
      <h2>Open promises</h2>
      <ul class="rows">
        {open.map((promise) => (
          <PromiseRow key={promise.id} promise={promise} person={people.find((one) => one.id === promise.person_id)} />
        ))}
      </ul>
    </section>
  );
}

/** The newest first; what became of each is on its own screen. */
function Quotes({ quotes }: { quotes: Quote[] }) {
  if (quotes.length === 0) return null;
  return (
    <section class="card">
      <h2>Quotes</h2>
      <ul class="rows">
        {[...quotes].sort((a, b) => b.id.localeCompare(a.id)).map((quote) => (
          <li key={quote.id}>
            <a class="item" href={`/quotes/${quote.id}`}>
              <span>
                <b>{quote.title}</b> <Unsent type="quote" id={quote.id} />
                <span class="src">
                  {quote.number} · {quote.status.replace('_', ' ')}
                </span>
              </span>
              {quote.totals?.net && <span>{moneyText(quote.totals.net, quote.totals.currency)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Goals({ goals }: { goals: Goal[] }) {
  const open = goals.filter((one) => one.status === 'open');
  if (open.length === 0) return null;
  return (
    <section class="card">
      <h2>What they want to reach</h2>
      <ul class="rows">
        {open.map((goal) => (
          <li key={goal.id}>
            <a class="item" href={`/goals/${goal.id}`}>
              <span>
                {goal.title} <Unsent type="goal" id={goal.id} />
                {goal.target && <span class="src">{goal.target}</span>}
              </span>
              {goal.due_on && <span class="soft">by {dayAndMonth(goal.due_on, today.value)}</span>}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
