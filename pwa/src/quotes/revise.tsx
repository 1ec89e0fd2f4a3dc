/** The next version of a quote that was sent: what was sent stays as it is, and its link says that there is a newer one. */
import { save, write } from '../ui/save';
import type { Work } from './working';

export function ReviseButton({ work, quiet = false }: { work: Work; quiet?: boolean }) {
  const revise = async () => {
    const { quote } = work.page;
    if (quote) await save([write('quote.revise', { id: quote.id, revision: quote.revision })], 'Next version begun. Saved on this phone');
  };
  return (
    <button class={quiet ? 'btn ghost wide' : 'btn'} type="button" onClick={() => void revise()}>
      New version
    </button>
  );
}
