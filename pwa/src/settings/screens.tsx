/** Settings that are kept on the server: a part of the app that is fetched when the phone has time, or when one is opened. */
import './settings.css';
import type { VNode } from 'preact';
import { keepAsked } from './asking';
import { CalendarsScreen } from './calendars';
import { JobsScreen } from './jobs';
import { MatchesScreen } from './matches';
import { NoticesScreen } from './notices';
import { keepTold } from './subscription';

const SCREENS: Record<string, () => VNode> = {
  calendars: CalendarsScreen,
  jobs: JobsScreen,
  matches: MatchesScreen,
  notices: NoticesScreen,
};

/** The screen of `/me/<name>`; null when there is none. */
export function settingsAt(name: string): VNode | null {
  const Named = SCREENS[name];
  return Named ? <Named /> : null;
}

void keepTold().catch(() => undefined); // out of reach: at the next opening
keepAsked();
