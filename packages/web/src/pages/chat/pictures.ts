/** As the API takes them (docs/api.md, messages): kinds, number in a request, bytes of each. */
const KINDS = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
const PICTURES_MAX = 20;
const BYTES_MAX = 10 * 1024 * 1024;

export const PICTURE_KINDS = KINDS.join(',');

/** Reads files as data URLs. `problem`: why some were left out, in one sentence; empty: none was. */
export async function readPictures(
  files: readonly File[],
  already: number,
): Promise<{ pictures: string[]; problem: string }> {
  const fit = files.filter(({ type, size }) => KINDS.includes(type) && size > 0 && size <= BYTES_MAX);
  const taken = fit.slice(0, Math.max(0, PICTURES_MAX - already));
  const pictures = await Promise.all(taken.map(readDataUrl));
  if (fit.length < files.length) {
    return { pictures, problem: 'Only PNG, JPEG, GIF and WebP pictures of up to 10 MiB can be sent.' };
  }
  return { pictures, problem: taken.length < fit.length ? `At most ${PICTURES_MAX} pictures.` : '' };
}

function readDataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(typeof reader.result === 'string' ? reader.result : ''));
    reader.addEventListener('error', () => reject(reader.error ?? new Error('The file cannot be read.')));
    reader.readAsDataURL(file);
  });
}
