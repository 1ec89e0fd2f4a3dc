/** The customer's link and the document: what can be handed over once the quote is sent. */
import { phoneState } from '../store/sync';
import { say } from '../ui/said';
import { ReviseButton } from './revise';
import type { Work } from './working';

/** Hand the link to whatever the rep talks to the customer with; where the phone cannot, it is copied. */
export async function share(work: Work): Promise<void> {
  const { quote } = work.page;
  if (!quote?.link) return;
  const url = new URL(quote.link, location.origin).href;
  try {
    if ('share' in navigator) await navigator.share({ title: `Quote ${quote.number}`, url });
    else await copy(url);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) await copy(url);
  }
}

async function copy(url: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(url);
    say('The link is copied');
  } catch {
    say('This browser does not let the link be copied. Press on it for long instead.');
  }
}

const WITH_CUSTOMER = new Set(['sent', 'viewed', 'accepted', 'declined', 'expired', 'withdrawn']);

export function SharedCard({ work }: { work: Work }) {
  const { quote, unsent } = work.page;
  if (!quote || unsent || !WITH_CUSTOMER.has(quote.status)) return null;
  const document = `/api/v1/quotes/${quote.id}/versions/${quote.version}/document.pdf`;
  return (
    <section class="card" aria-label="For the customer">
      <h2>For the customer</h2>
      {quote.link ? (
        <div class="stack">
          <a class="about" href={quote.link} target="_blank" rel="noopener">
            The customer’s page
          </a>
          <button class="btn ghost" type="button" onClick={() => void share(work)}>
            Share the link
          </button>
        </div>
      ) : (
        <p class="soft">The link comes with the next update.</p>
      )}
      <div class="stack spaced">
        {phoneState.value === 'offline' ? (
          <p class="soft">The PDF can be opened when there is a network.</p>
        ) : (
          <a class="btn ghost" href={document} target="_blank" rel="noopener">
            Open the PDF
          </a>
        )}
        {quote.status !== 'accepted' && <ReviseButton work={work} quiet />}
      </div>
    </section>
  );
}
