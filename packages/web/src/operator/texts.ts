/** `12`, `0.35`: rates below 10 keep two digits. */
export function rateText(perSecond: number): string {
  return perSecond.toLocaleString('en-US', { maximumFractionDigits: perSecond < 10 ? 2 : 0 });
}

/** `4.2 %` of a share between 0 and 1. */
export function shareText(share: number): string {
  return `${(share * 100).toLocaleString('en-US', { maximumFractionDigits: 1 })} %`;
}

/** `1 key`, `1,250 keys`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
