/** Keys of this page by owner: in memory only, so they are gone with the page. A file of its own, since every page loads it. */
export const browserKeys = new Map<string, Promise<string>>();

/** For when the person signs out. */
export function forgetBrowserKeys(): void {
  browserKeys.clear();
}
