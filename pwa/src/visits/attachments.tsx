/** Photos and documents of an account or a visit: from this phone while they are unsent, from the server when it is in reach. */
import { useSignal } from '@preact/signals';
import type { Database } from '../store/database';
import { stored } from '../store/reads';
import type { Attachment } from '../store/rows';
import { now, timeZone } from '../ui/clock';
import { age } from '../ui/dates';
import { Unsent } from '../outbox/marks';
import { Picture } from './photos';

/** The bytes of an attachment that this phone still has. */
const localBytes = (id: string) =>
  stored(`bytes ${id}`, async (db: Database) => {
    const [found, refused] = await Promise.all([db.get('blob', id), db.get('attention', id)]);
    const problem = refused?.kind === 'rejected' ? (refused.problem.detail ?? refused.problem.title) : undefined;
    return found ? { blob: new Blob([found.bytes], { type: found.media_type }), problem } : null;
  }).value;

export function AttachmentTile({ attachment }: { attachment: Attachment | undefined }) {
  if (!attachment) return <span class="thumb paper">A photo that is not on this phone any more</span>;
  return <Tile attachment={attachment} />;
}

function Tile({ attachment }: { attachment: Attachment }) {
  const { id, name, media_type } = attachment;
  const local = localBytes(id);
  const away = useSignal(false);
  const source = `/api/v1/attachments/${id}/content`;
  return (
    <figure class="tile">
      {local && <Picture blob={local.blob} name={name} />}
      {local === null && attachment.complete && media_type.startsWith('image/') && !away.value && (
        <img class="thumb" src={source} alt={name} width="160" height="120" loading="lazy" onError={() => (away.value = true)} />
      )}
      {local === null && away.value && <span class="thumb paper">{name}: on the server, out of reach now</span>}
      {local === null && !attachment.complete && <span class="thumb paper">{name}: not all of it is on the server yet</span>}
      {local === null && attachment.complete && !media_type.startsWith('image/') && (
        <a class="thumb paper" href={source} download={name}>
          {name}
        </a>
      )}
      {local === undefined && <span class="thumb paper" />}
      <figcaption class="src">
        {attachment.author}
        {attachment.taken_at && `, ${age(attachment.taken_at, now.value, timeZone.value)}`} <Unsent type="attachment" id={id} />
        {local?.problem && ` The server did not take it: ${local.problem}`}
        {local && !local.problem && ' · sending'}
      </figcaption>
    </figure>
  );
}

export function Attachments({ attachments }: { attachments: Attachment[] }) {
  if (attachments.length === 0) return null;
  return (
    <section class="card">
      <h2>
        Photos <span>{attachments.length}</span>
      </h2>
      <ul class="thumbs">
        {attachments.map((one) => (
          <li key={one.id}>
            <AttachmentTile attachment={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}
