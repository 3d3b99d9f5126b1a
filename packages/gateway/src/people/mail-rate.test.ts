import { expect, it } from 'vitest';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import type { Mail } from './mail.ts';
import { limitMail } from './mail-rate.ts';

it('sends a mailbox eight mails in an hour or two, in whatever spelling, and others theirs', () => {
  const clock = createVirtualClock();
  const sent: string[] = [];
  let dropped = 0;
  const mailer = limitMail({ send: ({ to }) => void sent.push(to) }, clock, () => (dropped += 1));
  const send = (to: string) => mailer.send({ to, subject: '', text: '', html: '' } satisfies Mail);
  for (let index = 0; index < 100; index += 1) send(`Ann+${index}@example.com`);
  expect([sent.length, dropped]).toEqual([8, 92]);
  send('ben@example.com');
  expect(sent.at(-1)).toBe('ben@example.com');
  clock.advance(2 * 3_600_000);
  send('ann@example.com');
  expect(sent.at(-1)).toBe('ann@example.com');
});
