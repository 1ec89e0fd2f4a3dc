/** Work in the background, for administrators: what was given up and why, what waits, and the way to have it tried again. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from '../store/api';
import { phone } from '../store/state';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Empty, Screen } from '../ui/frame';
import { Icon } from '../ui/icons';
import { say } from '../ui/said';
import { OnTheServer, State, Trouble, whatWentWrong } from './pieces';
import { csrf } from './subscription';

interface Job {
  id: string;
  kind: string;
  attempts: number;
  created_at: string;
  last_error: string | null;
  payload: Record<string, unknown>;
}

interface Count {
  state: 'queued' | 'running' | 'parked';
  lane: 'push' | 'quick' | 'slow';
  jobs: number;
}

interface Page {
  data: Job[];
  next_cursor: string | null;
  counts: Count[];
}

const JOBS = '/api/v1/jobs';
const OFFLINE = 'It cannot be reached now. Background work needs a network to be looked after.';
const NAMES: Record<string, string> = {
  'briefing.rebuild': 'Composing briefings',
  'calendar.poll': 'Reading a calendar',
  'catalogue.compile': 'Compiling a catalogue',
  'news.poll': 'Fetching a news feed',
  'notice.due': 'Sending notices',
  'notice.plan': 'Planning notices',
  'notice.snoozed': 'Sending a notice again',
  'notice.sweep_organisation': 'Planning notices',
  'notice.test': 'Sending a test notice',
};
const LANES: [Count['lane'], string][] = [['push', 'Notices'], ['quick', 'Briefings and so on'], ['slow', 'Feeds, calendars']];

export function JobsScreen() {
  const parked = useSignal<Job[] | null>(null);
  const counts = useSignal<Count[]>([]);
  const more = useSignal<string | null>(null);
  const trouble = useSignal('');
  const load = async (after: string | null = null) => {
    try {
      const page = await call<Page>(phone.env, `${JOBS}?state=parked&limit=20${after ? `&cursor=${after}` : ''}`);
      parked.value = after ? [...(parked.value ?? []), ...page.data] : page.data;
      [counts.value, more.value, trouble.value] = [page.counts, page.next_cursor, ''];
    } catch (error) {
      trouble.value = whatWentWrong(error, OFFLINE);
    }
  };
  const left = (id: string) => {
    parked.value = parked.value?.filter((job) => job.id !== id) ?? null;
    void load();
  };
  useEffect(() => void load(), []);
  return (
    <Screen title="Background work" sub="What the server does by itself" back={{ href: '/me', label: 'Me' }}>
      {trouble.value && <OnTheServer trouble={trouble.value} again={() => void load()} />}
      {!parked.value && !trouble.value && <Empty title="Asking the server" />}
      {parked.value && <Standing counts={counts.value} />}
      {parked.value?.map((job) => <ParkedJob key={job.id} job={job} left={() => left(job.id)} />)}
      {more.value && (
        <button class="btn ghost wide" type="button" onClick={() => void load(more.value)}>
          Show more
        </button>
      )}
    </Screen>
  );
}

function Standing({ counts }: { counts: Count[] }) {
  const count = (state: Count['state'], lane?: Count['lane']) =>
    counts.reduce((sum, one) => (one.state === state && (!lane || one.lane === lane) ? sum + one.jobs : sum), 0);
  const parked = count('parked');
  return (
    <section class="card settings">
      <h2>How it stands</h2>
      <State sign={parked ? 'warn' : 'good'}>
        {parked ? `${parked} ${parked === 1 ? 'job was' : 'jobs were'} given up` : 'Nothing was given up'}
        <span class="src">{parked ? 'Each was tried until trying did not help. Nothing else waits for them.' : 'What fails is tried again by itself.'}</span>
      </State>
      <dl class="facts">
        <dt>Running now</dt>
        <dd>{count('running')}</dd>
        {LANES.map(([lane, name]) => [<dt key={lane}>{name}, waiting</dt>, <dd key={`${lane} waiting`}>{count('queued', lane)}</dd>])}
      </dl>
    </section>
  );
}

function ParkedJob({ job, left }: { job: Job; left: () => void }) {
  const asked = useSignal(false);
  const trouble = useSignal('');
  const busy = useSignal(false);
  const name = NAMES[job.kind] ?? job.kind;
  const ask = async (path: string, method: 'POST' | 'DELETE', said: string) => {
    busy.value = true;
    try {
      await call(phone.env, `${JOBS}/${job.id}${path}`, { method, ...csrf() });
      say(said);
      left();
    } catch (error) {
      trouble.value = whatWentWrong(error, OFFLINE);
    }
    busy.value = false;
  };
  const retry = () => ask(':retry', 'POST', 'It is tried again now');
  const discard = () => ask('', 'DELETE', 'It will not be done');
  return (
    <article class="card settings" aria-label={name}>
      <h2>
        Given up <span>from {age(job.created_at, now.value, timeZone.value)}</span>
      </h2>
      <div>
        <b>{name}</b>
        <span class="src">
          {job.kind} · tried {job.attempts === 1 ? 'once' : `${job.attempts} times`}
        </span>
      </div>
      <State sign="bad">{job.last_error ?? 'No reason was kept.'}</State>
      <details>
        <summary>
          <Icon name="next" />
          What it is about
        </summary>
        <p class="address">{JSON.stringify(job.payload, null, 1)}</p>
      </details>
      {asked.value ? (
        <div class="asked" role="group" aria-label="Discard this job?">
          <p>It is deleted and never done. What it would have changed stays as it is.</p>
          <div class="pair">
            <button class="btn ghost" type="button" onClick={() => (asked.value = false)}>
              Keep it
            </button>
            <button class="btn danger" type="button" onClick={() => void discard()} aria-busy={busy.value}>
              Discard
            </button>
          </div>
        </div>
      ) : (
        <div class="pair">
          <button class="btn ghost" type="button" onClick={() => (asked.value = true)}>
            Discard
          </button>
          <button class="btn" type="button" onClick={() => void retry()} aria-busy={busy.value}>
            Try again
          </button>
        </div>
      )}
      <Trouble text={trouble} />
    </article>
  );
}
