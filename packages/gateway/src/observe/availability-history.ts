import type { Clock, Timer } from '../core/clock.ts';

/** How a node or a model was at one moment. `slots` and `busySlots` are 0 where they have no meaning. */
export type AvailabilitySample = { available: boolean; slots: number; busySlots: number; waiting: number };

/** A quarter of an hour. */
export type AvailabilityBucket = {
  fromMs: number;
  /** Share of the looks at which it was available, 0 to 1. */
  available: number;
  /** Share of its slots in use while it was available, 0 to 1. */
  busy: number;
  /** Most requests that waited at a look. */
  waitingMax: number;
};

export type AvailabilityState = { available: boolean; sinceMs: number };

/** The last 24 hours of whatever is looked at, in memory: a restart forgets them. */
export type AvailabilityHistory = {
  note(subject: string, sample: AvailabilitySample): void;
  /** Oldest first; without the quarters of which nothing is known. */
  of(subject: string): AvailabilityBucket[];
  /** What it was at the newest look, and the first look since which it is so. Undefined: it was not looked at. */
  now(subject: string): AvailabilityState | undefined;
};

const BUCKET_MS = 15 * 60_000;
const BUCKETS = 96;
/** Numbers of one bucket: looks, looks at which it was available, busy permille of those, most waiting. */
const FIELDS = 4;
const FIELD_MAX = 0xffff;

/** Which bucket was written last, the numbers of all (768 bytes for each subject), and the newest state. */
type Ring = { last: number; numbers: Uint16Array; state: AvailabilityState };

export function createAvailabilityHistory(clock: Pick<Clock, 'nowMs'>): AvailabilityHistory {
  const rings = new Map<string, Ring>();
  let sweptAt = 0;

  const bucketNow = (): number => Math.floor(clock.nowMs() / BUCKET_MS);

  /** What nobody has looked at for a day is forgotten. */
  function sweep(bucket: number): void {
    if (bucket === sweptAt) return;
    sweptAt = bucket;
    for (const [subject, { last }] of rings) if (bucket - last >= BUCKETS) rings.delete(subject);
  }

  return {
    note(subject, { available, slots, busySlots, waiting }) {
      const bucket = bucketNow();
      sweep(bucket);
      const ring = rings.get(subject) ?? {
        last: bucket,
        numbers: new Uint16Array(BUCKETS * FIELDS),
        state: { available, sinceMs: clock.nowMs() },
      };
      rings.set(subject, ring);
      if (ring.state.available !== available) ring.state = { available, sinceMs: clock.nowMs() };
      // A clock that was set back goes on in the bucket that it was in.
      for (let at = ring.last + 1; at <= bucket && at <= ring.last + BUCKETS; at += 1) {
        const start = (at % BUCKETS) * FIELDS;
        ring.numbers.fill(0, start, start + FIELDS);
      }
      ring.last = Math.max(ring.last, bucket);
      const start = (ring.last % BUCKETS) * FIELDS;
      const add = (field: number, value: number): void => {
        ring.numbers[start + field] = Math.min(FIELD_MAX, (ring.numbers[start + field] ?? 0) + value);
      };
      add(0, 1);
      if (available) {
        add(1, 1);
        add(2, slots === 0 ? 0 : Math.round((1_000 * Math.min(busySlots, slots)) / slots));
      }
      add(3, Math.max(0, waiting - (ring.numbers[start + 3] ?? 0)));
    },
    of(subject) {
      const ring = rings.get(subject);
      if (ring === undefined) return [];
      const buckets: AvailabilityBucket[] = [];
      const newest = Math.max(ring.last, bucketNow());
      for (let at = newest - BUCKETS + 1; at <= ring.last; at += 1) {
        const start = (at % BUCKETS) * FIELDS;
        const [looks = 0, seen = 0, busyPermille = 0, waitingMax = 0] = ring.numbers.subarray(
          start,
          start + FIELDS,
        );
        if (at <= ring.last - BUCKETS || looks === 0) continue;
        const busy = seen === 0 ? 0 : busyPermille / seen / 1_000;
        buckets.push({ fromMs: at * BUCKET_MS, available: seen / looks, busy, waitingMax });
      }
      return buckets;
    },
    now: (subject) => rings.get(subject)?.state,
  };
}

/** How often everything is looked at. A bucket has 15 looks. */
const LOOK_MS = 60_000;

/**
 * Looks at all subjects once a minute. Not at once: a gateway that has just begun would find that nobody is there, because
 * its nodes are only about to come back.
 */
export function startAvailabilityLooks(
  clock: Clock,
  history: AvailabilityHistory,
  subjects: () => Iterable<readonly [subject: string, sample: AvailabilitySample]>,
): Timer {
  const look = (): void => {
    for (const [subject, sample] of subjects()) history.note(subject, sample);
  };
  return clock.every(LOOK_MS, look);
}
