/** An account: what it is, who works there, what it bought, what is open, and its briefing. */
import { Cards } from '../briefing/cards';
import { standing, telephone, waysToReach } from '../briefing/contact';
import { ReachButtons } from '../briefing/people';
import { moneyText } from '../briefing/text';
import type { AccountPage } from '../store/reads';
import type { Account, CustomerPromise, Goal, Person, Subscription, Ticket, Visit } from '../store/rows';
import { now, timeZone, today } from '../ui/clock';
import { age, dayAndMonth, dayDistance, dayInSentence, dayName, localDay, timeOfDay } from '../ui/dates';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { addressText, directions } from './directions';

const ACCOUNTS = { href: '/accounts', label: 'Accounts' };

export function AccountScreen({ page }: { page: AccountPage | null }) {
  if (!page) {
    return (
      <Screen title="No such account" back={ACCOUNTS}>
        <Empty title="This account is not on this phone">
          <p>It may have moved to another territory.</p>
        </Empty>
      </Screen>
    );
  }
  const { account, briefing, people } = page;
  const zone = account.time_zone ?? timeZone.value;
  const inBriefing = new Set(briefing?.cards.flatMap((card) => card.people?.map((person) => person.id) ?? []));
  const others = people.filter((person) => !inBriefing.has(person.id));
  const cards = new Set(briefing?.cards.map((card) => card.kind));
  return (
    <Screen title={account.name} sub={subtitle(account)} back={ACCOUNTS}>
      <Facts account={account} />
      {briefing && <Cards briefing={briefing} people={people} zone={zone} />}
      {others.length > 0 && <People people={others} title={cards.has('people') ? 'More people' : 'People'} />}
      <Visits visits={page.visits} />
      <Tickets tickets={page.tickets} zone={zone} />
      <Subscriptions subscriptions={page.subscriptions} />
      <Promises promises={page.promises} people={people} />
      <Goals goals={page.goals} />
    </Screen>
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
      <h2>Facts</h2>
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
              <div>
                <b>{person.name}</b>
                <p class="soft">{standing(person)}</p>
                {ways.prefers && <p class="soft">{ways.prefers}</p>}
                {ways.asked && <p class="notice">{ways.asked}</p>}
              </div>
              <ReachButtons name={person.name} ways={ways} />
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Visits({ visits }: { visits: Visit[] }) {
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
                  </b>
                  <span class="src">{visit.outcome ?? visit.purpose ?? visit.place ?? visit.status}</span>
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
        {open.map((promise) => {
          const to = people.find((one) => one.id === promise.person_id);
          return (
            <li key={promise.id} class="item">
              <span>
                {promise.text}
                {to && <span class="src">To {to.name}</span>}
              </span>
              <DueTag due={promise.due_on} />
            </li>
          );
        })}
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
          <li key={goal.id} class="item">
            <span>
              {goal.title}
              {goal.target && <span class="src">{goal.target}</span>}
            </span>
            {goal.due_on && <span class="soft">by {dayAndMonth(goal.due_on, today.value)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
