import jsqr from 'jsqr';
import type { Page } from 'playwright-core';

/** What a camera would read from a QR code somewhere in what the page shows now. Undefined: it finds none. */
export async function readQrCode(page: Page): Promise<string | undefined> {
  const png = (await page.screenshot()).toString('base64');
  // An empty page has no content policy that keeps a script from reading pictures.
  const desk = await page.context().newPage();
  const pixels = await desk.evaluate<{ data: string; width: number; height: number }>(
    `(async () => {
      const bytes = Uint8Array.from(atob('${png}'), (letter) => letter.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const { width, height } = picture;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      let letters = '';
      for (let at = 0; at < data.length; at += 8192)
        letters += String.fromCharCode(...data.subarray(at, at + 8192));
      return { data: btoa(letters), width, height };
    })()`,
  );
  await desk.close();
  const data = new Uint8ClampedArray(Buffer.from(pixels.data, 'base64'));
  return jsqr.default(data, pixels.width, pixels.height, { inversionAttempts: 'dontInvert' })?.data;
}
