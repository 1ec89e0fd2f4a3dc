/** The server's word that there is something to pull: a stream that carries no data, held by one tab that is looked at. */
import type { Environment, Events, Timer } from './environment';

const LOCK = 'doorstep-live';
const PATH = '/api/v1/sync/events';
const CLOSED = 2;
/** Before a stream that the server refused is asked for again; the phone polls meanwhile. */
const RETRY_MS = 60_000;

export class Live {
  /** Whether the stream is open: polling can be rare then. */
  open = false;
  private holding: { release: () => void; waiting: AbortController } | null = null;
  private events: Events | null = null;
  private timer: Timer;
  private stopped = false;

  constructor(private readonly env: Environment, private readonly poked: (again: boolean) => void) {}

  /** Listen while this tab is looked at, if no other tab does. */
  watch(): void {
    if (this.stopped || !this.env.visible()) this.release();
    else if (!this.holding) this.hold();
  }

  stop(): void {
    this.stopped = true;
    this.release();
  }

  private hold(): void {
    const waiting = new AbortController();
    const released = new Promise<void>((release) => (this.holding = { release, waiting }));
    const listen = async () => {
      if (waiting.signal.aborted) return;
      this.connect();
      await released;
    };
    void this.env.locks.request(LOCK, { signal: waiting.signal }, listen).catch(() => undefined);
  }

  private release(): void {
    this.env.clearTimeout(this.timer);
    this.events?.close();
    this.events = null;
    this.open = false;
    this.holding?.waiting.abort();
    this.holding?.release();
    this.holding = null;
  }

  private connect(): void {
    const events = this.env.events(PATH);
    if (!events) return;
    this.events = events;
    events.addEventListener('open', () => {
      this.open = true;
      this.poked(false); // what happened while there was no stream
    });
    events.addEventListener('poke', () => this.poked(true));
    events.onerror = () => {
      this.open = false;
      if (events.readyState !== CLOSED || this.events !== events) return; // else the browser connects again by itself
      this.poked(false); // why it was refused (signed out, revoked) is told to whoever asks
      this.timer = this.env.setTimeout(() => this.holding && this.connect(), RETRY_MS);
    };
  }
}
