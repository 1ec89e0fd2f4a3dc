/** The frame of every screen: title, the state of the phone at the top right, and the thumb's place at the bottom. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { asOf, offlineSince, phoneState } from '../store/sync';
import { applyUpdate, updateReady } from '../store/update';
import { now, timeZone } from './clock';
import { inFull, moment } from './dates';
import { Icon, type IconName } from './icons';
import { leftAt, place } from './router';

interface ScreenProps {
  title: string;
  sub?: ComponentChildren;
  /** the screen above this one */
  back?: { href: string; label: string };
  /** the actions that this screen ends in, instead of the navigation */
  bar?: ComponentChildren;
  children: ComponentChildren;
}

const STALE_MS = 24 * 3_600_000;

export function Screen({ title, sub, back, bar, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useArrival(heading, title);
  const [returning] = useState(place.peek().returning);
  const h1 = (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  );
  return (
    <div class="screen">
      <header class="top">
        <div class="top-row">
          {back ? (
            <a class="back" href={back.href}>
              <Icon name="back" />
              {back.label}
            </a>
          ) : (
            h1
          )}
          <Pill />
        </div>
        {back && h1}
        {sub && <p class="sub">{sub}</p>}
        <Stale />
      </header>
      <main class={returning ? '' : 'fresh'}>{children}</main>
      {updateReady.value && (
        <aside class="update" aria-label="Update available">
          <span>A new version is ready.</span>
          <button class="btn" type="button" onClick={applyUpdate}>
            Update
          </button>
        </aside>
      )}
      {bar ? (
        <section class="bar" aria-label="Actions">
          <div>{bar}</div>
        </section>
      ) : (
        <Nav />
      )}
    </div>
  );
}

let arrivals = 0;

/** A new screen is announced by its title taking the focus; the first one is announced by the page itself. */
function useArrival(heading: { current: HTMLHeadingElement | null }, title: string): void {
  useLayoutEffect(() => {
    document.title = title === 'Doorstep' ? title : `${title} · Doorstep`;
  }, [title]);
  useLayoutEffect(() => {
    arrivals += 1;
    if (arrivals > 1) heading.current?.focus({ preventScroll: true });
    scrollTo(0, place.peek().returning ? leftAt() : 0);
  }, [heading]);
}

const TABS: { href: string; label: string; icon: IconName }[] = [
  { href: '/', label: 'Today', icon: 'today' },
  { href: '/accounts', label: 'Accounts', icon: 'accounts' },
  { href: '/me', label: 'Me', icon: 'me' },
];

function Nav() {
  return (
    <nav class="nav" aria-label="Main">
      <ul>
        {TABS.map((tab) => (
          <li key={tab.href}>
            <a href={tab.href} {...(place.value.path === tab.href ? { 'aria-current': 'page' } : {})}>
              <Icon name={tab.icon} />
              {tab.label}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** Always at the same place: whether what is shown is what the server knows, and from when it is. */
function Pill() {
  const state = phoneState.value;
  return (
    <a class={`pill ${state}`} href={state === 'sign-in' ? '/sign-in' : '/me'}>
      <span>
        <i />
        <em>
          {state === 'current' && <b>All sent · </b>}
          {pillText()}
        </em>
      </span>
    </a>
  );
}

function pillText(): string {
  const at = (instant: string | null) => (instant ? moment(instant, now.value, timeZone.value) : '');
  switch (phoneState.value) {
    case 'sign-in':
      return 'Sign in again';
    case 'offline':
      return `Offline since ${at(offlineSince.value)}`;
    case 'refused':
      return asOf.value ? `Not updated since ${at(asOf.value)}` : 'Cannot update';
    case 'updating':
    case 'waiting':
      return 'Updating';
    case 'current':
      return `as of ${at(asOf.value)}`;
  }
}

const SPOKEN: Record<string, string> = {
  'sign-in': 'Your session has ended. Sign in again to update.',
  offline: 'Offline. What is stored on this phone can be read.',
  refused: 'The server refused to update this phone.',
  updating: '',
  waiting: '',
  current: 'Up to date.',
};

/** Says a change of state to those who listen; one for the app, so that it outlives the screens. */
export function StateAnnouncer() {
  return (
    <div class="unseen" role="status" aria-live="polite">
      {SPOKEN[phoneState.value]}
    </div>
  );
}

function Stale() {
  if (!asOf.value || now.value.getTime() - Date.parse(asOf.value) < STALE_MS) return null;
  return (
    <p class="note">
      <b>Out of date.</b> These figures are of {inFull(asOf.value, timeZone.value)}. Much may have changed since.
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <b>{title}</b>
      {children}
    </div>
  );
}
