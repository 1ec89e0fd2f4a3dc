/** The front door. */
import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { RefusedError, UnreachableError } from '../store/api';
import { signIn } from '../store/session';
import { session } from '../store/state';
import { duration } from '../ui/dates';
import { go } from '../ui/router';

export function SignIn() {
  const problem = useSignal('');
  const busy = useSignal(false);
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
      await signIn(String(form.get('email')).trim(), String(form.get('password')));
      if (location.pathname === '/sign-in') go('/');
    } catch (error) {
      problem.value = whatWentWrong(error);
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
            {busy.value ? 'Signing in…' : session.value ? 'Sign in again' : 'Sign in'}
          </button>
          {session.value && (
            <a class="btn ghost wide" href="/">
              Keep reading what is stored
            </a>
          )}
        </form>
      </main>
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
