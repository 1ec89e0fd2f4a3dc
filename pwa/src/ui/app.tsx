/** Which screen is shown. The screen before stays until the rows of the next are read: no blank page, no spinner. */
import { Component, type ComponentChildren, type VNode } from 'preact';
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { AccountScreen } from '../accounts/account';
import { DirectoryScreen } from '../accounts/directory';
import { closeEvidence, EvidenceSheet } from '../briefing/evidence';
import { unsentRows } from '../outbox/marks';
import { readOutbox } from '../outbox/reads';
import { LeaseOver } from '../settings/lease';
import { MeScreen } from '../settings/me';
import { SignIn } from '../settings/sign-in';
import type { Database } from '../store/database';
import { readAccount, readCounts, readDirectory, readVisit, stored } from '../store/reads';
import { database, leaseOver, ready, session, storageProblem } from '../store/state';
import { readThread, readVisitThread } from '../talk/reads';
import { storedToday, storedVisit } from '../visits/agenda';
import { Today } from '../visits/today';
import { VisitScreen } from '../visits/visit';
import { readWritten } from '../visits/written';
import { whenIdle } from './fold';
import { Empty, Screen, StateAnnouncer } from './frame';
import { place } from './router';
import { SaidAloud } from './said';
import { readTyped, type Typed } from './typed';

/** The first screens are drawn and read ahead by then. */
const SETTLED_MS = 3000;

export interface Shown {
  key: string;
  /** null while its rows are being read */
  node: VNode | null;
}

export function App() {
  const last = useRef<Shown>({ key: '', node: null });
  useEffect(fetchWritingLater, []);
  if (storageProblem.value) return <NoStorage />;
  const next = !session.value || !database.value ? door() : leaseOver.value ? lease() : screenAt(place.value.path, session.value.user.id);
  if (!ready.value) return null; // but the rows of the first screen are on their way already
  if (next.key !== last.current.key) closeEvidence();
  if (next.node) last.current = next;
  if (session.value) unsentRows(); // kept at hand, so that a mark is there when its row is
  return (
    <>
      <StateAnnouncer />
      <Boundary key={last.current.key}>{last.current.node}</Boundary>
      <SaidAloud />
      <EvidenceSheet />
    </>
  );
}

const door = (): Shown => ({ key: 'sign-in', node: <SignIn /> });
const lease = (): Shown => ({ key: 'lease', node: place.value.path === '/sign-in' ? <SignIn /> : <LeaseOver /> });
const nowhere = (path: string): Shown => ({ key: path, node: <NotFound /> });

/** Screens that are fetched when the phone has time, or when one of them is opened. */
class Part<Screens> {
  private readonly screens = signal<Screens | null>(null);
  private readonly unreachable = signal(false);
  private asked: Promise<void> | null = null;

  constructor(private readonly load: () => Promise<Screens>) {}

  fetch = (): void => {
    this.asked ??= this.load().then(
      (screens) => {
        this.screens.value = screens;
        this.unreachable.value = false;
      },
      () => {
        this.unreachable.value = true;
        this.asked = null;
      },
    );
  };

  /** A screen of this part. */
  at(path: string, show: (screens: Screens) => Shown): Shown {
    if (this.screens.value) return show(this.screens.value);
    this.fetch();
    return { key: path, node: this.unreachable.value ? <NotHereYet again={this.fetch} /> : null };
  }
}

type Writing = typeof import('./writing');
const writing = new Part(() => import('./writing'));
const quoting = new Part(() => import('../quotes/screens'));
const settings = new Part(() => import('../settings/screens'));

/** Not while the rep opens the app and taps a visit: that is when a phone has the least time. */
function fetchWritingLater(): () => void {
  const timer = setTimeout(() => whenIdle(() => {
    writing.fetch();
    settings.fetch();
  }), SETTLED_MS);
  return () => clearTimeout(timer);
}

function screenAt(path: string, userId: string): Shown {
  const [, room = '', id = '', task = ''] = path.split('/');
  const at = (show: (screens: Writing) => Shown) => writing.at(path, show);
  const quotes = () => quoting.at(path, ({ quotesAt }) => quotesAt(path));
  switch (room) {
    case '':
    case 'today':
      return todayScreen(userId);
    case 'visits':
      return task ? at((screens) => visitTask(screens, path, id, task)) : visitScreen(id);
    case 'accounts':
      if (!id) return reading('directory', readDirectory, (rows) => <DirectoryScreen rows={rows} />);
      if (task === 'quote') return quotes();
      return task ? at((screens) => accountTask(screens, path, id, task)) : accountScreen(id);
    case 'quotes':
      return quotes();
    case 'people':
      return at((screens) => personScreen(screens, path, id, task));
    case 'goals':
      return at((screens) => goalScreen(screens, path, id));
    case 'choose':
      return at(({ ChooseScreen }) => reading('directory', readDirectory, (rows) => <ChooseScreen what={id} rows={rows} />, path));
    case 'unsent':
      return at((screens) => (id ? editScreen(screens, path, id) : outboxScreen(screens)));
    case 'me':
      if (id === 'devices') return at(({ DevicesScreen }) => ({ key: path, node: <DevicesScreen /> }));
      if (id === 'leaving') return at(({ LeavingScreen }) => ({ key: path, node: <LeavingScreen /> }));
      if (id) return settings.at(path, ({ settingsAt }) => ({ key: path, node: settingsAt(id) ?? <NotFound /> }));
      return reading('me', readCounts, (counts) => <MeScreen counts={counts} />);
    case 'sign-in':
      return door();
    default:
      return nowhere(path);
  }
}

function todayScreen(userId: string): Shown {
  const { value } = storedToday(userId);
  return { key: 'today', node: value === undefined ? null : <Today agenda={value} userId={userId} /> };
}

function visitScreen(id: string): Shown {
  const { value } = storedVisit(id);
  return { key: `visit ${id}`, node: value === undefined ? null : <VisitScreen page={value} /> };
}

function visitTask({ LogScreen, PlanScreen, ThreadScreen }: Writing, path: string, id: string, task: string): Shown {
  switch (task) {
    case 'log':
      return form(path, (db) => readVisit(db, id), (page, typed) =>
        page?.account ? <LogScreen about={{ ...page, account: page.account }} path={path} typed={typed} /> : <NotFound />);
    case 'move':
      return form(path, (db) => readVisit(db, id), (page, typed) =>
        page?.account ? <PlanScreen account={page.account} people={page.people} visit={page.visit} path={path} typed={typed} /> : <NotFound />);
    case 'talk':
      return form(path, (db) => readVisitThread(db, id), (thread, typed) => <ThreadScreen thread={thread} path={path} typed={typed} />);
    default:
      return nowhere(path);
  }
}

const readAccountRows = async (db: Database, id: string) => {
  const [page, written, quotes] = await Promise.all([readAccount(db, id), readWritten(db, id), db.getAllFromIndex('quote', 'account_id', id)]);
  return page && { ...page, written, quotes };
};

const accountScreen = (id: string): Shown =>
  reading(`account ${id}`, (db) => readAccountRows(db, id), (page) => <AccountScreen page={page} />);

function accountTask(screens: Writing, path: string, id: string, task: string): Shown {
  const { AccountForm, GoalScreen, LogScreen, NoteScreen, PersonForm, PlanScreen, PromiseScreen, ThreadScreen } = screens;
  if (task === 'talk') {
    return form(path, (db) => readThread(db, id, null), (thread, typed) => <ThreadScreen thread={thread} path={path} typed={typed} />);
  }
  const visitId = place.value.query.get('visit');
  const address = path + (visitId ? `?visit=${visitId}` : '');
  return form(address, (db) => readAccount(db, id), (page, typed) => {
    if (!page) return <NotFound />;
    const at = { account: page.account, people: page.people, path: address, typed };
    switch (task) {
      case 'walk-in':
        return <LogScreen about={{ account: at.account, people: at.people, visit: null }} path={address} typed={typed} />;
      case 'plan':
        return <PlanScreen {...at} visit={null} />;
      case 'note':
        return <NoteScreen {...at} visitId={visitId} />;
      case 'promise':
        return <PromiseScreen {...at} visitId={visitId} />;
      case 'goal':
        return <GoalScreen {...at} goal={null} />;
      case 'person':
        return <PersonForm {...at} person={null} />;
      case 'change':
        return <AccountForm {...at} />;
      default:
        return <NotFound />;
    }
  });
}

async function readPerson(db: Database, id: string) {
  const person = await db.get('person', id);
  const account = person && (await db.get('account', person.account_id));
  return person && account ? { person, account } : null;
}

function personScreen({ ConsentForm, PersonForm, PersonScreen }: Writing, path: string, id: string, task: string): Shown {
  if (!task) return reading(`person ${id}`, (db) => readPerson(db, id), (page) => <PersonScreen page={page} />);
  return form(path, (db) => readPerson(db, id), (page, typed) => {
    if (!page) return <PersonScreen page={null} />;
    if (task === 'consent') return <ConsentForm person={page.person} path={path} typed={typed} />;
    return task === 'change' ? <PersonForm {...page} path={path} typed={typed} /> : <NotFound />;
  });
}

function goalScreen({ GoalScreen }: Writing, path: string, id: string): Shown {
  const read = async (db: Database) => {
    const goal = await db.get('goal', id);
    const page = goal && (await readAccount(db, goal.account_id));
    return goal && page ? { goal, account: page.account, people: page.people } : null;
  };
  return form(path, read, (page, typed) => (page ? <GoalScreen {...page} path={path} typed={typed} /> : <NotFound />));
}

const outboxScreen = ({ OutboxScreen }: Writing): Shown => reading('outbox', readOutbox, (outbox) => <OutboxScreen outbox={outbox} />);

const editScreen = ({ EditScreen }: Writing, path: string, id: string): Shown =>
  form(path, (db) => db.get('attention', id), (item, typed) => <EditScreen item={item} path={path} typed={typed} />);

/** A screen of what `read` finds; screens that read the same have the same `key`. */
function reading<T>(key: string, read: (db: Database) => Promise<T>, show: (value: T) => VNode, screen = key): Shown {
  const { value } = stored(key, read);
  return { key: screen, node: value === undefined ? null : show(value) };
}

/** A form: what it is about, and what was typed into it before. */
function form<T>(path: string, read: (db: Database) => Promise<T>, show: (value: T, typed: Typed<never> | null) => VNode): Shown {
  const both = async (db: Database) => {
    const [value, typed] = await Promise.all([read(db), readTyped<never>(db, path)]);
    return { value, typed };
  };
  return reading(path, both, ({ value, typed }) => show(value, typed), path);
}

function NotHereYet({ again }: { again: () => void }) {
  return (
    <Screen title="Not on this phone yet" back={{ href: '/', label: 'Today' }}>
      <Empty title="This part of the app could not be fetched">
        <p>It is fetched once, when there is a network. Everything that is stored can be read meanwhile.</p>
        <button class="btn ghost" type="button" onClick={again}>
          Try again
        </button>
      </Empty>
    </Screen>
  );
}

function NotFound() {
  return (
    <Screen title="Not found" back={{ href: '/', label: 'Today' }}>
      <Empty title="There is no such page">
        <p>The link may be old, or mistyped.</p>
      </Empty>
    </Screen>
  );
}

function NoStorage() {
  return (
    <div class="door">
      <main>
        <h1>Doorstep cannot keep anything here</h1>
        <p>This browser does not let the app store data ({storageProblem.value}). Private windows often do that: open it in a usual one.</p>
      </main>
    </div>
  );
}

/** A screen that breaks says so and leaves the way out open, instead of an empty page. */
class Boundary extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ broken: true });
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <Screen title="Something broke" back={{ href: '/', label: 'Today' }}>
        <Empty title="This screen could not be shown">
          <p>What is stored on this phone is safe. Go back to Today, or open the app again.</p>
        </Empty>
      </Screen>
    );
  }
}
