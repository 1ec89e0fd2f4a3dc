/** The screens on which a rep configures, prices and quotes: a part of the app that is fetched when the phone has time, or when one is opened. */
import './quotes.css';
import type { VNode } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Database } from '../store/database';
import { stored } from '../store/reads';
import { newId } from '../store/mutate';
import { Empty, Screen } from '../ui/frame';
import { place, replace } from '../ui/router';
import { ConfigureScreen } from './configure';
import { CustomerScreen } from './customer';
import { LineScreen } from './line';
import { QuotesScreen } from './list';
import { ProductsScreen } from './products';
import { QuoteScreen } from './quote';
import { pathOf, readQuote, readQuotes, type QuotePage, type Start } from './reads';
import { VersionsScreen } from './versions';

interface Shown {
  key: string;
  node: VNode | null;
}

const QUOTES = { href: '/quotes', label: 'Quotes' };

/** The screen at a path under `/quotes`, or a quote that is begun at `/accounts/<id>/quote`. */
export function quotesAt(path: string): Shown {
  const [, room = '', id = '', task = '', part = '', rest = ''] = path.split('/');
  if (room === 'accounts') return { key: path, node: <Begin account={id} visit={place.value.query.get('visit') ?? ''} /> };
  if (!id) return reading('quotes', readQuotes, (all) => <QuotesScreen all={all} />);
  if (task === 'copy') return { key: path, node: <Begin copy={id} /> };
  const start = startOf(id, place.value.query);
  return reading(`quote ${id} ${start.account} ${start.copy}`, (db) => readQuote(db, id, start), (page) => (page ? screenOf(page, task, part, rest) : <NoQuote />), path);
}

function screenOf(page: QuotePage, task: string, part: string, rest: string): VNode {
  switch (task) {
    case '':
      return <QuoteScreen page={page} />;
    case 'products':
      return <ProductsScreen page={page} />;
    case 'lines':
      return rest === 'configure' ? <ConfigureScreen key={part} page={page} lineId={part} /> : <LineScreen key={part} page={page} lineId={part} />;
    case 'customer':
      return <CustomerScreen page={page} />;
    case 'versions':
      return <VersionsScreen page={page} />;
    default:
      return <NoQuote />;
  }
}

function reading<T>(key: string, read: (db: Database) => Promise<T>, show: (value: T) => VNode, screen = key): Shown {
  const { value } = stored(key, read);
  return { key: screen, node: value === undefined ? null : show(value) };
}

/** Where new quotes began, for the screens below theirs: nothing is kept of a quote before something is entered. */
const starts = new Map<string, Start>();

function startOf(id: string, query: URLSearchParams): Start {
  const asked = { account: query.get('account') ?? '', visit: query.get('visit') ?? '', copy: query.get('copy') ?? '' };
  if (asked.account || asked.copy) starts.set(id, asked);
  return starts.get(id) ?? asked;
}

/** A new quote has its id, and so its number, before anything is entered. */
function Begin({ account = '', visit = '', copy = '' }: { account?: string; visit?: string; copy?: string }) {
  useEffect(() => {
    const given = Object.entries({ account, visit, copy }).filter(([, value]) => value);
    replace(`${pathOf(newId())}?${new URLSearchParams(given)}`);
  }, []);
  return <Screen title="Quote" back={account ? { href: `/accounts/${account}`, label: 'Account' } : QUOTES} children={null} />;
}

function NoQuote() {
  return (
    <Screen title="No such quote" back={QUOTES}>
      <Empty title="This quote is not on this phone">
        <p>It may be older than a year, or of an account that moved to another territory.</p>
      </Empty>
    </Screen>
  );
}
