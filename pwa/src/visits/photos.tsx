/** Photos: taken or chosen, made small enough to travel, shown before they are saved. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { PhotoError, prepared, type Prepared } from '../store/photos';
import type { Blob as Bytes } from '../store/queue';
import { phone } from '../store/state';
import { newId, write, type Write } from '../ui/save';
import { Icon } from '../ui/icons';

export interface NewPhoto extends Prepared {
  id: string;
}

interface PhotosProps {
  photos: NewPhoto[];
  onChange: (photos: NewPhoto[]) => void;
}

export function Photos({ photos, onChange }: PhotosProps) {
  const trouble = useSignal('');
  const take = async (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    trouble.value = '';
    const taken: NewPhoto[] = [];
    for (const file of [...(input.files ?? [])]) {
      const fits = await madeToFit(file);
      if (typeof fits === 'string') trouble.value = fits;
      else taken.push(fits);
    }
    input.value = '';
    if (taken.length > 0) onChange([...photos, ...taken]);
  };
  return (
    <section class="card">
      <h2>
        Photos <span>{photos.length > 0 ? photos.length : ''}</span>
      </h2>
      {photos.length > 0 && (
        <ul class="thumbs">
          {photos.map((photo) => (
            <li key={photo.id}>
              <Picture blob={photo.blob} name={photo.name} />
              <button class="round" type="button" aria-label={`Remove ${photo.name}`} onClick={() => onChange(photos.filter((one) => one !== photo))}>
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <label class="btn ghost wide filepick">
        <input type="file" accept="image/*,application/pdf" multiple onChange={take} />
        <Icon name="photo" />
        {photos.length > 0 ? 'Another photo' : 'Add a photo'}
      </label>
      <p class="problem" role="alert">
        {trouble.value}
      </p>
    </section>
  );
}

/** On the page, in pixels of the screen. */
const THUMB_PX = 320;

/** A photo as it will be sent, or why it cannot be. */
export async function madeToFit(file: File): Promise<NewPhoto | string> {
  try {
    return { id: newId(), ...(await prepared(file)) };
  } catch (error) {
    if (error instanceof PhotoError) return error.message;
    throw error;
  }
}

/** What saves photos, and their bytes. */
export async function photoWrites(
  place: { account_id: string; visit_id?: string }, photos: NewPhoto[],
): Promise<{ writes: Write[]; bytes: Bytes[] }> {
  const made = await Promise.all(
    photos.map(async ({ blob, ...about }) => phone.attachment(new Uint8Array(await blob.arrayBuffer()), { ...place, ...about })),
  );
  return { writes: made.map(({ args }) => write('attachment.add', args)), bytes: made.map(({ blob }) => blob) };
}

function drawInto(canvas: HTMLCanvasElement, image: ImageBitmap, longest: number): void {
  const scale = Math.min(1, longest / Math.max(image.width, image.height));
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
}

/** A picture of bytes that are on this phone, drawn here; its name where the phone cannot draw it. */
export function Picture({ blob, name }: { blob: Blob; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useSignal(blob.type.startsWith('image/'));
  useEffect(() => {
    if (!blob.type.startsWith('image/')) return;
    void createImageBitmap(blob).then(
      (image) => canvas.current && drawInto(canvas.current, image, THUMB_PX),
      () => (drawn.value = false),
    );
  }, [blob]);
  return drawn.value ? <canvas ref={canvas} class="thumb" role="img" aria-label={name} /> : <span class="thumb paper">{name}</span>;
}
