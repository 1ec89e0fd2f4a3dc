/** Who is signed in on this phone, and how that begins and ends. */
import { phone } from './state';

export type { SignedOut } from './phone';
export { UnsentOfAnotherError } from './shown';

export const begin = (): Promise<void> => phone.begin();

/** See `Phone.signIn`; with `evenIfUnsent`, another rep's unsent work on this phone is removed. */
export const signIn = (email: string, password: string, evenIfUnsent = false): Promise<void> =>
  phone.signIn(email, password, evenIfUnsent);

/** See `Phone.signOut`: 'unsent' means that nothing was done, because there is work that could not be sent. */
export const signOut = (evenIfUnsent = false) => phone.signOut(evenIfUnsent);

export const pullNow = (): Promise<void> => phone.syncNow();
