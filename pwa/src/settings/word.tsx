/** On Today: events that wait for an answer, and calendars that want something of the rep before they can be read again. */
import { asked } from '../store/asked';
import { Icon } from '../ui/icons';
import { stuck } from './asking';

export function Word() {
  return (
    <>
      {asked.value > 0 && <ToDo href="/me/matches" sign="?" what="Whose visit is this?" of={`${asked.value} in your calendars`} />}
      {stuck.value && <ToDo href="/me/calendars" sign="!" what="A calendar is not read" of={stuck.value} />}
    </>
  );
}

function ToDo({ href, sign, what, of }: { href: string; sign: string; what: string; of: string }) {
  return (
    <a class="card talk-card" href={href}>
      <span class="sign warn" aria-hidden="true">
        {sign}
      </span>
      <span>
        <b>{what}</b>
        <span class="src">{of}</span>
      </span>
      <Icon name="next" />
    </a>
  );
}
