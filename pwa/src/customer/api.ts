/** The server, asked as whoever has the link: no session, no cookie, nothing kept. */
import type { Acceptance, Change, Offer, Prices, Question } from './types';

/** What the server said no with; `status` 0 when it was not reached. */
export class Refused extends Error {
  readonly status: number;
  readonly slug: string;

  constructor(status: number, slug: string, detail: string) {
    super(detail);
    this.status = status;
    this.slug = slug;
  }
}

export class OfferApi {
  readonly #base: string;

  constructor(token: string) {
    this.#base = `/api/v1/offers/${encodeURIComponent(token)}`;
  }

  get pdf(): string {
    return `${this.#base}/document.pdf`;
  }

  read = (): Promise<Offer> => this.#ask('', undefined);
  evaluate = (changes: Change[]): Promise<Offer> => this.#ask(':evaluate', { changes });
  /** What each other value of `choice` would cost: `term`, `quantity`, `selected` or `feature:<id>`. */
  prices = (changes: Change[], line: string, choice: string): Promise<Prices> => this.#ask(':prices', { changes, line, choice });
  ask = (text: string, line: string | null): Promise<Question> => this.#ask(':ask', line === null ? { text } : { text, line });
  decline = (name: string, reason: string): Promise<void> => this.#ask(':decline', name ? { name, reason } : { reason });
  tellViews = (on: boolean): Promise<void> => this.#ask(':tell-views', { on });
  accept = (accepted: { name: string; date: string; hash: string; changes?: Change[]; digest?: string }): Promise<Acceptance> =>
    this.#ask(':accept', accepted);

  async #ask<T>(act: string, body: unknown): Promise<T> {
    const init: RequestInit = { credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' };
    if (body !== undefined) {
      Object.assign(init, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    }
    const answer = await fetch(`${this.#base}${act}`, init).catch(() => {
      throw new Refused(0, 'unreachable', 'The server could not be reached. Nothing was changed; try again.');
    });
    if (!answer.ok) {
      const said = (await answer.json().catch(() => ({}))) as { type?: string; detail?: string; errors?: { detail: string }[] };
      const detail = said.errors?.map((one) => one.detail).join(' ') || said.detail || 'Something went wrong. Try again.';
      throw new Refused(answer.status, said.type?.split('/').pop() ?? '', detail);
    }
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }
}
