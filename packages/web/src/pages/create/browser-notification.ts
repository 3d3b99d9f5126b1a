/** Whether this browser could show a notification of this page: not over plain http, and not when it was forbidden. */
export function canNotify(): boolean {
  return window.isSecureContext && 'Notification' in window && Notification.permission !== 'denied';
}

/** Asks the person, unless they have said so before. Only for a press of a button: browsers refuse it otherwise. */
export async function askForNotifications(): Promise<boolean> {
  return (await Notification.requestPermission()) === 'granted';
}

/** Shows it where the browser can. Some, as on Android, show none of a page; the page itself says it anyway. */
export function notify(title: string, body: string): void {
  try {
    new Notification(title, { body, tag: 'model-available' });
  } catch {
    // The page says it.
  }
}
