/** The frame of every screen: title, the state of the phone at the top right, and the thumb's place at the bottom. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { asOf, offlineSince, phoneState } from '../store/sync';
import { attention, lost, unsent } from '../store/unsent';
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
  /** the bar holds more than one row */
  tallBar?: boolean;
  /** a large action above the navigation */
  action?: ComponentChildren;
  children: ComponentChildren;
}

const STALE_MS = 24 * 3_600_000;

export function Screen({ title, sub, back, bar, tallBar = false, action, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useArrival(heading, title);
  const [returning] = useState(place.peek().returning);
  const h1 = (
    <h1 ref={heading} tabIndex={-1}>
      {title}
    </h1>
  );
  return (
    <div class={`screen${tallBar ? ' tall' : ''}${action ? ' acting' : ''}`}>
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
      {action && (
        <section class="act" aria-label="Write">
          {action}
        </section>
      )}
      {bar ? (
        <section class="bar" aria-label="Actions">
          <div class={tallBar ? 'tall' : ''}>{bar}</div>
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
  { href: '/quotes', label: 'Quotes', icon: 'quotes' },
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

/** Always at the same place: what needs the rep, what is unsent, and from when what is shown is. Behind it, all of that in full. */
function Pill() {
  const state = phoneState.value;
  const needs = attention.value.length + (lost.value ? 1 : 0);
  const owing = needs === 0 && unsent.value.count > 0;
  const look = needs > 0 ? 'needs' : owing && state === 'current' ? 'owing' : state;
  return (
    <a class={`pill ${look}`} href={state === 'sign-in' && needs === 0 ? '/sign-in' : '/unsent'}>
      <span>
        <i />
        <em>
          {look === 'current' && <b>All sent · </b>}
          {needs > 0 ? (needs === 1 ? '1 needs attention' : `${needs} need attention`) : pillText(unsent.value.count)}
        </em>
      </span>
    </a>
  );
}

function pillText(owed: number): string {
  const at = (instant: string | null) => (instant ? moment(instant, now.value, timeZone.value) : '');
  const rest = owed > 0 ? `${owed} unsent` : null;
  switch (phoneState.value) {
    case 'sign-in':
      return rest ? `Sign in · ${rest}` : 'Sign in again';
    case 'offline':
      return rest ? `Offline · ${rest}` : `Offline since ${at(offlineSince.value)}`;
    case 'refused':
      return rest ?? (asOf.value ? `Not updated since ${at(asOf.value)}` : 'Cannot update');
    case 'updating':
    case 'waiting':
      return rest ? `Sending ${owed}` : 'Updating';
    case 'current':
      return rest ?? `as of ${at(asOf.value)}`;
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
      {SPOKEN[phoneState.value]} {attention.value.length > 0 && 'Something you entered needs attention.'}
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
