import type { Page } from 'playwright-core';
import type { Brain } from '../../support/provider/brain.ts';
import { heading } from './steps.ts';

/** What a person has made in their browser: some pictures, and a chat about one of them. */

/** What the demo model can draw, the best last. */
const PROMPTS = ['a rocket in space, stars', 'a red house in the meadow, day', 'a boat in the sea at sunset'];
const GUIDANCE = '4';
const SEED = '7';
const FIRST = 'What do you see in my picture?';
const SECOND = 'I want 12 prints of it, at $4.35 each. What do I pay?';

/** Answers the two questions above: looks and thinks first, reckons then. */
export const talk: Brain = ({ pictures, results, tools }) => {
  if (pictures.length > 0) {
    return {
      reasoning:
        'Two white sails and an orange hull, so it is a boat. The sky is red above a bright line: the sun goes down.',
      text: 'A **sailing boat** on a calm sea, at sunset:\n\n- two white sails over an orange hull\n- a red sky with the last light on the horizon',
    };
  }
  if (results.length > 0)
    return { text: `Twelve prints at $4.35 each are **$${Number(results[0]).toFixed(2)}**.` };
  if (!tools.includes('calculate')) return { text: 'I have nothing to reckon with.' };
  return { calls: [{ name: 'calculate', input: { expression: '12 * 4.35' } }] };
};

/** Has pictures drawn and chats about the last of them. */
export async function fillStudio(page: Page, site: string): Promise<void> {
  await page.goto(`${site}/create`);
  await page.getByText('Advanced').click();
  await page.getByLabel('Guidance').last().fill(GUIDANCE);
  await page.getByLabel('Seed').last().fill(SEED);
  for (const [at, prompt] of PROMPTS.entries()) {
    await page.getByLabel('Prompt').fill(prompt);
    await page.keyboard.press('Control+Enter');
    const pictures = page.getByRole('list', { name: 'Pictures' }).getByRole('button');
    await pictures.nth(at).waitFor({ timeout: 120_000 });
  }
  const picture = await downloadNewest(page);

  await page.goto(`${site}/app/chat`);
  await page.getByLabel('Model', { exact: true }).selectOption('seer-30b');
  await page.getByText('Tools', { exact: true }).click();
  await page.getByRole('switch', { name: /Clock and calculator/ }).click();
  await page.getByLabel('Pictures', { exact: true }).setInputFiles(picture);
  await page.getByRole('img', { name: 'Attached, 1' }).waitFor();
  await say(page, FIRST, 1);
  await say(page, SECOND, 3);
}

/** `answers`: how many there are afterwards; the call of a tool is one. */
async function say(page: Page, text: string, answers: number): Promise<void> {
  const message = page.getByLabel('Message', { exact: true });
  await message.fill(text);
  await message.press('Enter');
  const all = page.getByRole('article', { name: /^Answer of/ });
  await all
    .nth(answers - 1)
    .getByText('tokens in')
    .waitFor();
}

async function downloadNewest(page: Page): Promise<string> {
  await page.getByRole('list', { name: 'Pictures' }).getByRole('button').first().click();
  const saved = page.waitForEvent('download');
  await page.getByRole('dialog', { name: 'Picture' }).getByRole('button', { name: 'Download' }).click();
  const download = await saved;
  const file = `${await download.path()}.png`;
  await download.saveAs(file);
  return file;
}

/** Opens the chat that is kept, with its thoughts unfolded. */
export async function openKeptChat(page: Page): Promise<void> {
  await heading(page, 'Chat');
  await page.getByRole('button', { name: 'History' }).click();
  const history = page.getByRole('dialog', { name: 'Your chats' });
  await history
    .getByRole('button', { name: FIRST.slice(0, 10) })
    .first()
    .click();
  await page.getByText('Thinking', { exact: true }).first().click();
}

/** The page as it is while somebody thinks of the next picture. */
export async function fillPrompt(page: Page): Promise<void> {
  await page.getByLabel('Prompt').fill(PROMPTS.at(-1) ?? '');
}
