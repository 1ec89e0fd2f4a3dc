/** The front door. */
import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { RefusedError, UnreachableError } from '../store/api';
import { signIn, UnsentOfAnotherError } from '../store/session';
import { leaseOver, session } from '../store/state';
import { duration } from '../ui/dates';
import { go } from '../ui/router';

export function SignIn({ children }: { children?: ComponentChildren }) {
  const problem = useSignal('');
  const busy = useSignal(false);
  const other = useSignal<UnsentOfAnotherError | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = 'Sign in · Doorstep';
    heading.current?.focus({ preventScroll: true });
  }, []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy.value) return;
    const form = new FormData(event.currentTarget as HTMLFormElement);
    busy.value = true;
    problem.value = '';
    try {
      await signIn(String(form.get('email')).trim(), String(form.get('password')), other.value !== null);
      if (location.pathname === '/sign-in') go('/');
    } catch (error) {
      if (error instanceof UnsentOfAnotherError) other.value = error;
      else problem.value = whatWentWrong(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <div class="door">
      <main>
        <img class="mark" src="/icon.svg" alt="" width="64" height="64" />
        <h1 ref={heading} tabIndex={-1}>
          Doorstep
        </h1>
        <p class="soft">Know the customer before you knock.</p>
        {children}
        <OtherRepsWork other={other.value} />
        <form onSubmit={submit}>
          <label>
            E-mail
            <input
              type="email" name="email" required autocomplete="username" autocapitalize="off" spellcheck={false}
              defaultValue={session.value?.user.email ?? ''}
            />
          </label>
          <label>
            Password
            <input type="password" name="password" required autocomplete="current-password" />
          </label>
          <p class="problem" role="alert">
            {problem.value}
          </p>
          <button class="btn wide" type="submit" aria-busy={busy.value}>
            {busy.value ? 'Signing in…' : other.value ? 'Delete it and sign in' : session.value ? 'Sign in again' : 'Sign in'}
          </button>
          {session.value && !leaseOver.value && (
            <a class="btn ghost wide" href="/">
              Keep reading what is stored
            </a>
          )}
        </form>
      </main>
    </div>
  );
}

/** Somebody else's unsent work is on this phone: it is theirs to send. */
function OtherRepsWork({ other }: { other: UnsentOfAnotherError | null }) {
  if (!other) return null;
  const { count, photos } = other.unsent;
  const entries = count + other.attention + photos;
  return (
    <div class="note" role="alert">
      <p>
        <b>{other.who} has unsent work on this phone.</b> {entries === 1 ? '1 entry is' : `${entries} entries are`} not on the server. Let {other.who} sign in
        and send it first: signing in as somebody else deletes it.
      </p>
    </div>
  );
}

function whatWentWrong(error: unknown): string {
  if (error instanceof UnreachableError) {
    return 'The server cannot be reached. Signing in is the one thing that needs a network: try again when there is one.';
  }
  if (error instanceof RefusedError) {
    if (error.status === 401) return 'This e-mail and password do not belong together.';
    if (error.status === 429) {
      return `Too many tries. Wait ${error.retryAfter ? duration(Math.max(60, error.retryAfter) * 1000) : 'a while'} and try again.`;
    }
    return error.message;
  }
  return 'Signing in failed. This browser may not allow Doorstep to keep data on this phone.';
}
