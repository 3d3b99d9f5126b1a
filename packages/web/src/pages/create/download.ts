import { saveFile } from '../../ui/save-file.ts';
import { withText } from './png-text.ts';
import type { GalleryPicture } from './use-gallery.ts';

/** Saves a picture as a file. `withSettings`: what it was made from stands in it, as JSON. */
export async function downloadPicture(picture: GalleryPicture, withSettings: boolean): Promise<void> {
  const { png, seed, model, settings, createdAt } = picture;
  const bytes = new Uint8Array(await png.arrayBuffer());
  const described = withSettings
    ? withText(bytes, 'parameters', JSON.stringify({ ...settings, seed, model }))
    : bytes;
  const name = `picture-${createdAt.slice(0, 19).replaceAll(':', '-')}-${seed}.png`;
  saveFile(name, new Blob([described], { type: 'image/png' }));
}
