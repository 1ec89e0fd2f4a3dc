/** Which account is it about? Found as the rep types. */
import { useMemo } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import type { Account, Person } from '../store/rows';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { buildDirectory, find } from './search';

const TITLES: Record<string, string> = { 'walk-in': 'Log a walk-in', plan: 'Plan a visit', note: 'Write a note', quote: 'Quote' };
const MOST = 30;

export function ChooseScreen({ what, rows }: { what: string; rows: { accounts: Account[]; people: Person[] } }) {
  const directory = useMemo(() => buildDirectory(rows.accounts, rows.people), [rows]);
  const query = useSignal('');
  const hits = find(directory, query.value).slice(0, MOST);
  return (
    <Screen title={TITLES[what] ?? 'Choose'} sub="Which account is it about?" back={{ href: '/', label: 'Today' }}>
      <search class="search">
        <label class="find">
          <span class="unseen">Find by name, town or person</span>
          <Icon name="search" />
          <input
            type="search" value={query.value} onInput={(event) => (query.value = event.currentTarget.value)} placeholder="Name, town or person"
            autocomplete="off" autocapitalize="off" spellcheck={false} enterkeyhint="search"
          />
        </label>
      </search>
      {hits.length === 0 ? (
        <Empty title="Nothing found" />
      ) : (
        <ul class="card list hits">
          {hits.map(({ account, by }) => (
            <li key={account.id}>
              <a href={`/accounts/${account.id}/${what}`}>
                <span>
                  <b>{account.name}</b>
                  <span class="src">{[by, account.address?.city === by ? null : account.address?.city].filter(Boolean).join(' · ')}</span>
                </span>
                <Icon name="next" />
              </a>
            </li>
          ))}
        </ul>
      )}
    </Screen>
  );
}
