/** How a person may be reached: what they consented to and prefer comes before what is in the record. */
import type { Person } from '../store/rows';

export type Reachable = Pick<
  Person, 'name' | 'phone' | 'mobile' | 'email' | 'preferred_channel' | 'preferred_times' | 'consent' | 'left_on'
>;

export interface Ways {
  /** a number that may be called */
  call: string | null;
  /** an address that may be written to */
  mail: string | null;
  preferred: 'call' | 'mail' | null;
  /** what they asked for, in words: shown as a warning */
  asked: string | null;
  /** what they prefer, in words */
  prefers: string | null;
}

const PREFERENCES: Record<string, string> = {
  phone: 'Prefers a call', email: 'Prefers e-mail', sms: 'Prefers a text message', visit: 'Prefers a visit',
};

export function waysToReach(person: Reachable): Ways {
  const { consent = {}, preferred_channel: channel, preferred_times: times } = person;
  if (person.left_on) return { call: null, mail: null, preferred: null, asked: 'Has left', prefers: null };
  if (channel === 'none') {
    return { call: null, mail: null, preferred: null, asked: 'Asked not to be contacted', prefers: null };
  }
  const noCall = consent.phone === 'withdrawn';
  const noMail = consent.email === 'withdrawn';
  const call = noCall ? null : (person.mobile ?? person.phone ?? null);
  const mail = noMail ? null : (person.email ?? null);
  const preference = channel && PREFERENCES[channel];
  return {
    call,
    mail,
    preferred: channel === 'phone' && call ? 'call' : channel === 'email' && mail ? 'mail' : null,
    asked: refusals(noCall, noMail),
    prefers: [preference, times].filter(Boolean).join(', ') || null,
  };
}

function refusals(noCall: boolean, noMail: boolean): string | null {
  if (noCall && noMail) return 'Asked not to be called or mailed';
  if (noCall) return 'Asked not to be called';
  return noMail ? 'Asked not to be mailed' : null;
}

const ROLES: Record<string, string> = {
  decision_maker: 'decides', influencer: 'influences', technical: 'technical', finance: 'finance', user: 'uses it',
  gatekeeper: 'gatekeeper',
};

/** `Plant manager · decides` */
export function standing(person: { title?: string; role?: string }): string {
  return [person.title, person.role && ROLES[person.role]].filter(Boolean).join(' · ');
}

export const telephone = (number: string): string => `tel:${number.replaceAll(/[^+\d]/g, '')}`;
