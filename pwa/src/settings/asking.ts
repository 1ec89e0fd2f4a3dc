/** Keeps the number of unsure events true: asked for when rows changed, at most once a minute. Answering needs a network anyway. */
import { effect } from '@preact/signals';
import { call } from '../store/api';
import { asked } from '../store/asked';
import { phone, session } from '../store/state';
import { dataVersion } from '../store/sync';

export interface Calendar {
  id: string;
  kind: 'file' | 'url' | 'caldav';
  name: string;
  /** its host */
  url: string | null;
  username: string | null;
  paused: boolean;
  /** series that wait for an answer */
  asked: number;
  last_polled_at: string | null;
  problem: Problem | null;
  faults: (Problem & { event: string })[];
  /** what is under an address that names none of several */
  choices: Choice[];
}

export interface Choice {
  url: string;
  name: string;
  followed: boolean;
}

export interface Problem {
  type: string;
  title: string;
  detail: string;
}

export const CALENDARS = '/api/v1/calendars';
const AGAIN_MS = 60_000;
let looked = 0;

export async function readCalendars(): Promise<Calendar[]> {
  const { data } = await call<{ data: Calendar[] }>(phone.env, CALENDARS);
  asked.value = data.reduce((sum, one) => sum + one.asked, 0);
  return data;
}

export function keepAsked(): void {
  effect(() => {
    if (dataVersion.value < 0 || !session.value || Date.now() - looked < AGAIN_MS) return;
    looked = Date.now();
    void readCalendars().catch(() => undefined); // out of reach: what was known stays
  });
}
