/** The rep's visits as a calendar, under an address that only they have. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, UnreachableError } from '../store/api';
import { phone } from '../store/state';
import { phoneState } from '../store/sync';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { say } from '../ui/said';
import { State, Trouble, whatWentWrong } from './pieces';
import { csrf } from './subscription';

interface Feed {
  created_at: string | null;
  last_read_at: string | null;
  /** only just after it was made */
  address?: string;
}

const FEED = '/api/v1/calendar-feed';

export function FeedCard() {
  /** null until the server has said: an address that there is must not be replaced by one who cannot know of it */
  const feed = useSignal<Feed | null>(null);
  const asking = useSignal<'none' | 'new' | 'revoke'>('none');
  const trouble = useSignal('');
  const ask = async (method: 'GET' | 'POST' | 'DELETE', said = '') => {
    trouble.value = '';
    try {
      const answer = await call<Feed | undefined>(phone.env, FEED, { method, ...(method === 'GET' ? {} : csrf()) });
      feed.value = answer ?? { created_at: null, last_read_at: null };
      asking.value = 'none';
      if (said) say(said);
    } catch (error) {
      const quiet = method === 'GET' && error instanceof UnreachableError; // the screen says so already
      if (!quiet) trouble.value = whatWentWrong(error, 'The server cannot be reached now. This needs a network.');
    }
  };
  const out = phoneState.value === 'offline';
  useEffect(() => {
    if (!feed.peek()) void ask('GET');
  }, [out]);
  const { address, created_at: made, last_read_at: read } = feed.value ?? { created_at: null, last_read_at: null };
  return (
    <section class="card settings">
      <h2>Your visits, in another calendar</h2>
      {address ? (
        <JustMade address={address} />
      ) : made ? (
        <State sign="good">
          <b>There is an address.</b> It was shown when it was made.
          <span class="src">
            made {age(made, now.value, timeZone.value)} · {read ? `last read ${age(read, now.value, timeZone.value)}` : 'not read yet'}
          </span>
        </State>
      ) : (
        <p class="soft">An address that any calendar app can follow shows your visits there, each with a link to its briefing. Whoever has the address can read it.</p>
      )}
      {asking.value !== 'none' ? (
        <div class="asked" role="group" aria-label="Sure?">
          <p>{asking.value === 'new' ? 'The address of before shows nothing from then on.' : 'Nothing is under the address from then on.'}</p>
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (asking.value = 'none')}>
              Keep it
            </button>
            {asking.value === 'new' ? (
              <button class="btn" type="button" onClick={() => void ask('POST', 'A new address')}>
                Make a new one
              </button>
            ) : (
              <button class="btn danger" type="button" onClick={() => void ask('DELETE', 'Taken back')}>
                Take it back
              </button>
            )}
          </div>
        </div>
      ) : made ? (
        <div class="pair">
          <button class="btn ghost" type="button" onClick={() => (asking.value = 'new')}>
            New address
          </button>
          <button class="btn ghost" type="button" onClick={() => (asking.value = 'revoke')}>
            Take it back
          </button>
        </div>
      ) : (
        feed.value && (
          <button class="btn ghost wide" type="button" onClick={() => void ask('POST', 'Made')}>
            Make an address
          </button>
        )
      )}
      <Trouble text={trouble} />
    </section>
  );
}

function JustMade({ address }: { address: string }) {
  const copy = () =>
    navigator.clipboard.writeText(address).then(() => say('Copied'), () => say('It could not be copied: mark it and copy it by hand'));
  return (
    <>
      <p>
        <b>Copy it now</b>: it is shown this once.
      </p>
      <p class="address">{address}</p>
      <button class="btn wide" type="button" onClick={() => void copy()}>
        Copy
      </button>
    </>
  );
}
