/** What the browser wakes the worker for when no page is open: a network that is back, and notices. By the event's name. */
import { pushQueue } from './queue';

export { tapped as notificationclick, told as push, renewed as pushsubscriptionchange } from './notices';

/** Background Sync, where the browser has it. A push that fails is tried again by the browser. */
export const sync = (): Promise<void> =>
  navigator.locks.request('doorstep-sync', pushQueue); // after a page that is syncing: it may leave nothing
