/** What the rep is told about freshness: signals of this phone. */
import { phone } from './state';

export type { PhoneState } from './shown';
export const { asOf, checkedAt, offlineSince, signInNeeded, refusal, updating, dataVersion, phoneState } = phone.shown;

/** The time by the server's clock, as far as this phone knows it. */
export const phoneNow = phone.now;
