import type { ImageRequest } from '@switchyard/protocol/image.ts';
import { describe, expect, it } from 'vitest';
import { chooseRecipes } from './choose-recipes.ts';
import { bareName, fillRecipe } from './recipes.ts';

const REQUEST: ImageRequest = {
  recipe: 'sdxl@1',
  prompt: 'a fox',
  negativePrompt: '',
  style: 'photo',
  width: 512,
  height: 512,
  steps: 20,
  cfg: 4,
  seed: 1,
  nsfw: false,
};

describe('recipes', () => {
  it.each([
    ['a fox <lora:secret:1>', 'a fox  lora:secret:1 '],
    [
      '<sd_cpp_extra_args>{"lora":[]}</sd_cpp_extra_args>',
      ' sd_cpp_extra_args {"lora":[]} /sd_cpp_extra_args ',
    ],
    ['embedding:file, EMBEDDING : other', 'embedding file, embedding  other'],
    ['an ordinary (bright:1.2) fox', 'an ordinary (bright:1.2) fox'],
  ])('take the commands of engines out of %j', (prompt, words) => {
    const job = fillRecipe({ ...REQUEST, prompt, negativePrompt: prompt });
    expect(job?.prompt.startsWith(`${words}, `)).toBe(true);
    expect(job?.negativePrompt.endsWith(`, ${words}`)).toBe(true);
  });

  it.each([
    ['sd_xl_base_1.0.safetensors [31e35c80fc]', 'sd_xl_base_1.0'],
    [String.raw`xl\sd_xl_base_1.0.safetensors`, 'sd_xl_base_1.0'],
    ['xl/model.v2.gguf', 'model.v2'],
    ['flux', 'flux'],
  ])('know %j as %j', (name, bare) => {
    expect(bareName(name)).toBe(bare);
  });

  it('are known by the usual names of their models', () => {
    const listed = [
      'mine.safetensors',
      'a/v1-5-pruned-emaonly.safetensors',
      'sd_xl_base_1.0_0.9vae.safetensors',
    ];
    expect([...chooseRecipes(listed, undefined)]).toEqual([
      ['sd15@1', 'a/v1-5-pruned-emaonly.safetensors'],
      ['sdxl@1', 'sd_xl_base_1.0_0.9vae.safetensors'],
    ]);
    const choices = [{ alias: 'sdxl@1', localName: 'mine' }];
    expect([...chooseRecipes(listed, choices)]).toEqual([['sdxl@1', 'mine.safetensors']]);
    expect(() => chooseRecipes(['mine'], undefined)).toThrow('no model');
  });
});
