/** The cards of a briefing, in the order in which it came. */
import type { ComponentChildren } from 'preact';
import type { BriefedPerson, Briefing, Card, Person } from '../store/rows';
import { today } from '../ui/clock';
import { dayAndMonth } from '../ui/dates';
import { useFold } from '../ui/fold';
import { Unsent } from '../outbox/marks';
import { UsageChart } from './chart';
import { standing, waysToReach, type Reachable } from './contact';
import { LineRow } from './lines';
import { ReachButtons } from './people';
import { cardTitle } from './text';

interface CardsProps {
  briefing: Briefing;
  /** the people as this phone knows them: what they consented to counts before what the briefing was composed from */
  people: Person[];
  zone: string;
  /** what comes after them: drawn with the last, else each card that is drawn later would move it from under a thumb */
  children?: ComponentChildren;
}

/** How many cards fill a phone's screen: a first card of four lines or more does so by itself. */
const aboveTheFold = ({ cards }: Briefing): number => ((cards[0]?.lines?.length ?? 0) >= 4 ? 1 : 2);

export function Cards({ briefing, people, zone, children }: CardsProps) {
  const cards = useFold(briefing.cards, aboveTheFold(briefing));
  return (
    <>
      {cards.map((card) => (
        <section key={card.kind} class={`card${card.kind === 'before' ? ' hero' : ''}`}>
          <h2>
            {cardTitle(card.kind)} <span>{aside(card)}</span>
          </h2>
          <CardLines briefing={briefing} card={card} zone={zone} />
          {card.people && (
            <ul class="rows">
              {card.people.map((person) => (
                <BriefedPersonRow
                  key={person.id}
                  briefing={briefing}
                  person={person}
                  known={people.find((one) => one.id === person.id)}
                  zone={zone}
                />
              ))}
            </ul>
          )}
          {card.charts?.map((chart) => (
            <UsageChart key={chart.series_id} briefing={briefing} chart={chart} zone={zone} />
          ))}
        </section>
      ))}
      {cards.length === briefing.cards.length && children}
    </>
  );
}

function aside(card: Card): string | null {
  if (card.since) return dayAndMonth(card.since, today.value);
  const days = card.charts?.[0]?.values.length;
  return days ? `${days} days` : null;
}

function CardLines({ briefing, card, zone }: { briefing: Briefing; card: Card; zone: string }) {
  const { lines = [], missing = [] } = card;
  if (lines.length + missing.length === 0) return null;
  return (
    <ul class="rows">
      {lines.map((line, index) => (
        <LineRow key={`${line.kind} ${index}`} briefing={briefing} line={line} zone={zone} />
      ))}
      {missing.map((line, index) => (
        <LineRow key={`${line.kind} missing ${index}`} briefing={briefing} line={line} zone={zone} missing />
      ))}
    </ul>
  );
}

/** Somebody whom only the briefing knows: the server has left out what must not be used. */
function asBriefed({ name, phone, email, channel, times }: BriefedPerson): Reachable {
  return {
    name,
    ...(phone && { phone }),
    ...(email && { email }),
    ...(channel && { preferred_channel: channel }),
    ...(times && { preferred_times: times }),
  };
}

interface BriefedPersonRowProps {
  briefing: Briefing;
  person: BriefedPerson;
  known: Person | undefined;
  zone: string;
}

function BriefedPersonRow({ briefing, person, known, zone }: BriefedPersonRowProps) {
  const ways = waysToReach(known ?? asBriefed(person));
  const said = person.lines?.some((line) => line.kind.startsWith('person.no_'));
  return (
    <li>
      <div class="person">
        <a href={`/people/${person.id}`}>
          <b>{person.name}</b> <Unsent type="person" id={person.id} />
          <p class="soft">{standing(person)}</p>
          {ways.prefers && <p class="soft">{ways.prefers}</p>}
          {ways.asked && !said && <p class="notice">{ways.asked}</p>}
        </a>
        <ReachButtons name={person.name} ways={ways} />
      </div>
      {person.lines && person.lines.length > 0 && (
        <ul class="rows">
          {person.lines.map((line, index) => (
            <LineRow key={`${line.kind} ${index}`} briefing={briefing} line={line} zone={zone} />
          ))}
        </ul>
      )}
    </li>
  );
}
