/** Signing out: first what is unsent is sent or handed over, then everything is removed. It says what it does. */
import { useSignal } from '@preact/signals';
import { SaveAsFile } from '../outbox/screen';
import { signOut } from '../store/session';
import { offlineSince } from '../store/sync';
import { attention, unsent } from '../store/unsent';
import { Screen } from '../ui/frame';
import { go } from '../ui/router';

export function LeavingScreen() {
  const step = useSignal<'asked' | 'working' | 'unsent'>('asked');
  const leave = async (evenIfUnsent: boolean) => {
    step.value = 'working';
    const done = await signOut(evenIfUnsent);
    if (done === 'unsent') step.value = 'unsent';
    else if (done === 'owed') go('/');
  };
  const { count, photos } = unsent.value;
  const needs = attention.value.length;
  const owed = [
    count > 0 && (count === 1 ? '1 unsent entry' : `${count} unsent entries`),
    photos > 0 && (photos === 1 ? '1 photo' : `${photos} photos`),
    needs > 0 && (needs === 1 ? '1 entry that needs attention' : `${needs} entries that need attention`),
  ].filter(Boolean).join(', ');
  return (
    <Screen
      title="Sign out" back={{ href: '/me', label: 'Me' }}
      bar={
        step.value === 'unsent' ? (
          <>
            <button class="btn ghost" type="button" onClick={() => void leave(false)}>
              Try to send
            </button>
            <button class="btn danger" type="button" onClick={() => void leave(true)}>
              Delete and sign out
            </button>
          </>
        ) : (
          <button class="btn" type="button" onClick={() => void leave(false)} aria-busy={step.value === 'working'}>
            {step.value === 'working' ? (count > 0 ? 'Sending what is unsent…' : 'Signing out…') : 'Sign out'}
          </button>
        )
      }
    >
      {step.value === 'unsent' ? (
        <section class="card" role="alert">
          <h2>Not everything is sent</h2>
          <p>
            <b>{owed} would be lost.</b> {offlineSince.value ? 'The server cannot be reached now.' : ''} Wait for a network and try again, settle what needs
            attention, or keep a copy as a file first.
          </p>
          {needs > 0 && (
            <a class="btn ghost wide spaced" href="/unsent">
              See what needs attention
            </a>
          )}
          <SaveAsFile />
        </section>
      ) : (
        <section class="card">
          <h2>What happens</h2>
          <ol class="steps">
            <li>{owed ? `What is not sent yet goes to the server first: ${owed}.` : 'Nothing is unsent: the server has everything that you entered.'}</li>
            <li>Every account, briefing, note and figure is removed from this phone.</li>
            <li>{offlineSince.value ? 'The server is told when it can be reached again.' : 'The server ends your session.'}</li>
          </ol>
        </section>
      )}
    </Screen>
  );
}
