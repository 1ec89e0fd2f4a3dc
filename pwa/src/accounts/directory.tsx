/** All accounts of the rep, found as they type. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Account, Person } from '../store/rows';
import { asOf } from '../store/sync';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { place, replace } from '../ui/router';
import { buildDirectory, find, type Entry } from './search';

const FIRST = 30;
const MORE = 60;

export function DirectoryScreen({ rows }: { rows: { accounts: Account[]; people: Person[] } }) {
  const directory = useMemo(() => buildDirectory(rows.accounts, rows.people), [rows]);
  const query = place.value.query.get('q') ?? '';
  const hits = useMemo(() => find(directory, query), [directory, query]);
  const type = (event: Event) => {
    const text = (event.currentTarget as HTMLInputElement).value;
    replace(text ? `/accounts?q=${encodeURIComponent(text)}` : '/accounts');
  };
  return (
    <Screen title="Accounts" sub={count(rows.accounts.length)}>
      <search class="search">
        <label class="find">
          <span class="unseen">Find by name, town or person</span>
          <Icon name="search" />
          <input
            type="search" value={query} onInput={type} placeholder="Name, town or person"
            autocomplete="off" autocapitalize="off" spellcheck={false} enterkeyhint="search"
          />
        </label>
        {query && (
          <button class="clear" type="button" aria-label="Clear the search" onClick={() => replace('/accounts')}>
            <Icon name="close" />
          </button>
        )}
      </search>
      <p class="unseen" role="status">
        {query && `${count(hits.length)} found`}
      </p>
      {hits.length > 0 ? <Hits key={query} hits={hits} /> : <NoHits query={query} />}
    </Screen>
  );
}

const count = (n: number): string => (n === 1 ? '1 account' : `${n} accounts`);

/** A long list is drawn as far as it is looked at. */
function Hits({ hits }: { hits: Entry[] }) {
  const shown = useSignal(FIRST);
  const end = useRef<HTMLLIElement>(null);
  const more = useComputed(() => shown.value < hits.length);
  useEffect(() => {
    if (!end.current) return undefined;
    const seen = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) shown.value += MORE;
    }, { rootMargin: '600px' });
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [hits, shown.value]);
  return (
    <ul class="card list hits">
      {hits.slice(0, shown.value).map(({ account, by }) => (
        <li key={account.id}>
          <a href={`/accounts/${account.id}`}>
            <span>
              <b>{account.name}</b>
              <span class="src">{[by, account.address?.city === by ? null : account.address?.city, account.industry].filter(Boolean).join(' · ')}</span>
            </span>
            <Icon name="next" />
          </a>
        </li>
      ))}
      {more.value && <li ref={end} aria-hidden="true" />}
    </ul>
  );
}

function NoHits({ query }: { query: string }) {
  if (query) {
    return (
      <Empty title={`Nothing found for “${query}”`}>
        <p>Searched: names, other names, towns and people of every account in your territory.</p>
      </Empty>
    );
  }
  return asOf.value ? (
    <Empty title="No accounts yet">
      <p>No account is in your territory. Whoever manages territories can add some.</p>
    </Empty>
  ) : (
    <Empty title="Fetching your customers">
      <p>They are searched on this phone, with or without a network.</p>
    </Empty>
  );
}
