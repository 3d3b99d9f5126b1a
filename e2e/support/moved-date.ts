/** Loaded into a program before its own code: its wall clock is what `movable-clock.ts` says. Timers run as ever. */

const RealDate = Date;
let aheadMs = Number(process.env['TEST_CLOCK_AHEAD_MS'] ?? 0);

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + aheadMs] : args, self),
  get: (target, name) => (name === 'now' ? () => RealDate.now() + aheadMs : Reflect.get(target, name)),
});

process.on('message', (message: { moveClockByMs?: number }) => {
  aheadMs += message.moveClockByMs ?? 0;
  process.send?.({ aheadMs });
});
// The channel alone keeps nothing alive.
process.channel?.unref();
