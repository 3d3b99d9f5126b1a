import { useParams } from 'wouter';

/** A part of the address, as it was before it was put in. Empty when it is not there or is no text. */
export function useAddressPart(name: string): string {
  const part = useParams()[name] ?? '';
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
