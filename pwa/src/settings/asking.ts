/** Keeps what calendars want of the rep true: asked for when rows changed, at most once a minute. Answering needs a network anyway. */
import { effect } from '@preact/signals';
import { call } from '../store/api';
import { asked, learn, stuck } from '../store/asked';
import { writeMeta } from '../store/database';
import { database, phone, session } from '../store/state';
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
  /** polls in a row that gave nothing */
  failures: number;
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
/** What passes by itself often has by then: some five hours. */
const LASTING = 5;
/** What does not pass by itself. */
const FOR_THE_REP = /\/(calendar-(ambiguous|forbidden|not-caldav|not-found|secret-lost)|not-a-calendar|too-large)$/;

let looked = 0;

export async function readCalendars(): Promise<Calendar[]> {
  const { data } = await call<{ data: Calendar[] }>(phone.env, CALENDARS);
  learn({ asked: data.reduce((sum, one) => sum + one.asked, 0), stuck: data.find(isStuck)?.problem?.title ?? '' });
  return data;
}

function isStuck({ problem, failures, paused }: Calendar): boolean {
  if (!problem) return false;
  if (problem.type.endsWith('/calendar-gone')) return true; // which is why it is paused
  return !paused && (failures >= LASTING || FOR_THE_REP.test(problem.type));
}

export function keepAsked(): void {
  effect(() => {
    if (dataVersion.value < 0 || !session.value || Date.now() - looked < AGAIN_MS) return;
    looked = Date.now();
    void readCalendars().catch(() => undefined); // out of reach: what was known stays
  });
  effect(() => {
    const wanted = { asked: asked.value, stuck: stuck.value };
    const db = database.value;
    if (db) void writeMeta(db, 'wanted', wanted).catch(() => undefined); // closing: it is asked for again
  });
}
