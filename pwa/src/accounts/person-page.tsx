/** Somebody at an account: how to reach them, what they prefer, what they allowed and when. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { standing, telephone, waysToReach } from '../briefing/contact';
import { call } from '../store/api';
import type { Account, Channel, Person } from '../store/rows';
import { phone } from '../store/state';
import { offlineSince } from '../store/sync';
import { timeZone, today } from '../ui/clock';
import { dayAndMonth, localDay } from '../ui/dates';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { Unsent } from '../outbox/marks';
import { CHANNELS } from './consent';

export interface PersonPage {
  person: Person;
  account: Account;
}

export function PersonScreen({ page }: { page: PersonPage | null }) {
  if (!page) {
    return (
      <Screen title="No such person" back={{ href: '/accounts', label: 'Accounts' }}>
        <Empty title="This person is not on this phone">
          <p>They may have moved to another territory.</p>
        </Empty>
      </Screen>
    );
  }
  const { person, account } = page;
  return (
    <Screen
      title={person.name} sub={[standing(person), account.name].filter(Boolean).join(' · ')}
      back={{ href: `/accounts/${account.id}`, label: account.name }}
      bar={
        <>
          <a class="btn ghost" href={`/people/${person.id}/consent`}>
            Consent
          </a>
          <a class="btn" href={`/people/${person.id}/change`}>
            Change
          </a>
        </>
      }
    >
      <Reach person={person} />
      <Allowed person={person} />
      {person.notes && (
        <section class="card">
          <h2>Notes</h2>
          <p class="prose">{person.notes}</p>
        </section>
      )}
    </Screen>
  );
}

function Reach({ person }: { person: Person }) {
  const ways = waysToReach(person);
  const rows: [string, string | undefined, string | null][] = [
    ['Mobile', person.mobile, ways.call ? telephone(person.mobile ?? '') : null],
    ['Phone', person.phone, ways.call ? telephone(person.phone ?? '') : null],
    ['E-mail', person.email, ways.mail ? `mailto:${person.email}` : null],
    ['Language', person.language && languageName(person.language), null],
    ['Left on', person.left_on && dayAndMonth(person.left_on, today.value), null],
  ];
  return (
    <section class="card">
      <h2>
        Reach <Unsent type="person" id={person.id} />
      </h2>
      {ways.asked && <p class="notice">{ways.asked}</p>}
      {ways.prefers && <p>{ways.prefers}</p>}
      <dl class="facts">
        {rows.map(
          ([label, text, href]) =>
            text && (
              <>
                <dt>{label}</dt>
                <dd>{href ? <a href={href}>{text}</a> : text}</dd>
              </>
            ),
        )}
      </dl>
    </section>
  );
}

/** `Swedish` for `sv`; what is no code stays as it was written. */
function languageName(code: string): string {
  try {
    return new Intl.DisplayNames('en', { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

const STATUS: Record<string, string> = { granted: 'allowed', withdrawn: 'not wanted', unknown: 'never asked' };

interface ConsentRecord {
  channel: Channel;
  status: string;
  recorded_at: string;
  source: string;
}

function Allowed({ person }: { person: Person }) {
  return (
    <section class="card">
      <h2>What they allow</h2>
      <dl class="facts">
        {CHANNELS.map(({ value, label }) => {
          const status = person.consent?.[value] ?? 'unknown';
          return (
            <>
              <dt>{label}</dt>
              <dd class={status === 'withdrawn' ? 'notice' : ''}>{STATUS[status]}</dd>
            </>
          );
        })}
      </dl>
      <History person={person} />
    </section>
  );
}

/** Who said what and when is kept on the server: it is asked for when the rep looks. */
function History({ person }: { person: Person }) {
  const records = useSignal<ConsentRecord[] | null>(null);
  const trouble = useSignal('');
  const open = useSignal(false);
  useEffect(() => {
    if (!open.value) return;
    call<{ consent?: ConsentRecord[] }>(phone.env, `/api/v1/people/${person.id}`).then(
      (found) => (records.value = found.consent ?? []),
      () => (trouble.value = offlineSince.value ? 'The history is on the server: it can be read when there is a network.' : 'The server did not tell the history.'),
    );
  }, [open.value, person]);
  return (
    <details onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        <Icon name="next" />
        Who said what, when
      </summary>
      {trouble.value && !records.value && <p class="soft">{trouble.value}</p>}
      {records.value?.length === 0 && <p class="soft">Nothing is recorded yet.</p>}
      {records.value && records.value.length > 0 && (
        <ul class="rows">
          {records.value.map((one) => (
            <li key={one.recorded_at + one.channel} class="item">
              <span>
                {CHANNELS.find((channel) => channel.value === one.channel)?.label}: {STATUS[one.status]}
                <span class="src">
                  {one.source} · {dayAndMonth(localDay(new Date(one.recorded_at), timeZone.value), today.value)}
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
