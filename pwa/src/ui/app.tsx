/** Which screen is shown. The screen before stays until the rows of the next are read: no blank page, no spinner. */
import { Component, type ComponentChildren, type VNode } from 'preact';
import { useRef } from 'preact/hooks';
import { AccountScreen } from '../accounts/account';
import { DirectoryScreen } from '../accounts/directory';
import { closeEvidence, EvidenceSheet } from '../briefing/evidence';
import { MeScreen } from '../settings/me';
import { SignIn } from '../settings/sign-in';
import { readAccount, readCounts, readDirectory, stored, storedVisit } from '../store/reads';
import { database, ready, session, storageProblem } from '../store/state';
import type { Database } from '../store/database';
import { storedToday } from '../visits/agenda';
import { Today } from '../visits/today';
import { VisitScreen } from '../visits/visit';
import { Empty, Screen, StateAnnouncer } from './frame';
import { place } from './router';

interface Shown {
  key: string;
  /** null while its rows are being read */
  node: VNode | null;
}

export function App() {
  const last = useRef<Shown>({ key: '', node: null });
  if (storageProblem.value) return <NoStorage />;
  const next = !session.value || !database.value ? door() : screenAt(place.value.path, session.value.user.id);
  if (!ready.value) return null; // but the rows of the first screen are on their way already
  if (next.key !== last.current.key) closeEvidence();
  if (next.node) last.current = next;
  return (
    <>
      <StateAnnouncer />
      <Boundary key={last.current.key}>{last.current.node}</Boundary>
      <EvidenceSheet />
    </>
  );
}

const door = (): Shown => ({ key: 'sign-in', node: <SignIn /> });

function screenAt(path: string, userId: string): Shown {
  const [, room = '', id] = path.split('/');
  if (room === '' || room === 'today') return todayScreen(userId);
  if (room === 'visits' && id) return visitScreen(id);
  if (room === 'accounts' && id) return reading(`account ${id}`, (db) => readAccount(db, id), (page) => <AccountScreen page={page} />);
  if (room === 'accounts') return reading('directory', readDirectory, (rows) => <DirectoryScreen rows={rows} />);
  if (room === 'me') return reading('me', readCounts, (counts) => <MeScreen counts={counts} />);
  if (room === 'sign-in') return door();
  return { key: path, node: <NotFound /> };
}

function todayScreen(userId: string): Shown {
  const { value } = storedToday(userId);
  return { key: 'today', node: value === undefined ? null : <Today agenda={value} /> };
}

function visitScreen(id: string): Shown {
  const { value } = storedVisit(id);
  return { key: `visit ${id}`, node: value === undefined ? null : <VisitScreen page={value} /> };
}

function reading<T>(key: string, read: (db: Database) => Promise<T>, show: (value: T) => VNode): Shown {
  const { value } = stored(key, read);
  return { key, node: value === undefined ? null : show(value) };
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
