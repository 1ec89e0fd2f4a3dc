/** Photos and files that the rep adds: made small, kept on this phone, sent in pieces when there is a network. */
import { phone } from './state';
import type { AttachmentAdd } from './mutations.gen';
import type { Saved } from './writes';

const MOST_BYTES = 5 * 1024 * 1024;
const LONGEST_SIDE = 2048;
const QUALITY = 0.85;
const TYPES: readonly string[] = ['image/jpeg', 'image/png', 'image/webp', 'image/heic', 'application/pdf'];

/** The file cannot be added; the message is for the rep. */
export class PhotoError extends Error {
  override name = 'PhotoError';
}

export interface Photo {
  /** of the attachment, to be named in a message */
  id: string;
  saved: Saved;
}

/**
 * Add a photo (or a PDF) to an account, or to a visit at it.
 *
 * @throws PhotoError (no photo, too large), NotSavedError
 */
export async function addPhoto(file: File, at: { account_id: string; visit_id?: string; id?: string }): Promise<Photo> {
  const { blob, ...about } = await prepared(file);
  return phone.attach(new Uint8Array(await blob.arrayBuffer()), { ...at, ...about });
}

/** A photo as it will be sent, before it is saved. */
export interface Prepared {
  name: string;
  media_type: AttachmentAdd['media_type'];
  taken_at: string;
  blob: Blob;
}

/** @throws PhotoError (no photo, too large) */
export async function prepared(file: File): Promise<Prepared> {
  const small = await smaller(file);
  if (!TYPES.includes(small.type)) throw new PhotoError('Only photos and PDF files can be added.');
  if (small.size > MOST_BYTES) throw new PhotoError('This file is larger than 5 MB, so it cannot be added.');
  if (!small.size) throw new PhotoError('This file is empty.');
  const taken_at = new Date(file.lastModified).toISOString();
  return { name: named(file.name, small.type), media_type: small.type as AttachmentAdd['media_type'], taken_at, blob: small };
}

/** At most 2,048 pixels a side, as JPEG, without what the camera wrote beside the picture (place, device); else as it is. */
async function smaller(file: File): Promise<Blob> {
  if (!file.type.startsWith('image/') || !('createImageBitmap' in globalThis)) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    context.fillStyle = '#fff'; // what is transparent would be black in a JPEG
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
    return made ?? file;
  } catch {
    return file; // this browser cannot read the picture: the server keeps it as it is
  }
}

const named = (name: string, type: string): string => {
  const stem = name.replace(/\.[^.]*$/, '').slice(0, 180) || 'photo';
  return type === 'image/jpeg' ? `${stem}.jpg` : name.slice(-200);
};
