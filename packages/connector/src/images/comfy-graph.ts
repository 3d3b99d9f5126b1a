import type { JsonObject } from '../engines/json.ts';
import type { RenderJob } from './image-engine.ts';
import type { Sampling } from './recipes.ts';

/** Node ids of the graph that messages of the engine are about. */
export const SAMPLER_NODE = '5';

const SAMPLING: Readonly<Record<Sampling, JsonObject>> = {
  'dpmpp_2m karras': { sampler_name: 'dpmpp_2m', scheduler: 'karras' },
};
const USUAL_SAMPLING: JsonObject = { sampler_name: 'euler', scheduler: 'normal' };

/**
 * The classes of the graph, each with the module of ComfyUI that it must come from. An extension can replace a class
 * by one of its own, which may do anything; such an engine is not used.
 */
export const GRAPH_CLASSES: ReadonlyMap<string, string> = new Map([
  ['CheckpointLoaderSimple', 'nodes'],
  ['CLIPTextEncode', 'nodes'],
  ['EmptyLatentImage', 'nodes'],
  ['KSampler', 'nodes'],
  ['VAEDecode', 'nodes'],
  ['SaveImageWebsocket', 'custom_nodes.websocket_image_save'],
]);

/**
 * The graph of every recipe for a checkpoint, version 1. It ends in ComfyUI's own `SaveImageWebsocket`, which sends the
 * picture without metadata and writes no file; `SaveImage` and `PreviewImage` would write one, with the prompt in it.
 * A change of what comes out is a new version of the recipes.
 */
export function checkpointGraph(job: RenderJob, checkpoint: string): JsonObject {
  return {
    '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: checkpoint } },
    '2': { class_type: 'CLIPTextEncode', inputs: { text: job.prompt, clip: ['1', 1] } },
    '3': { class_type: 'CLIPTextEncode', inputs: { text: job.negativePrompt, clip: ['1', 1] } },
    '4': { class_type: 'EmptyLatentImage', inputs: { width: job.width, height: job.height, batch_size: 1 } },
    [SAMPLER_NODE]: {
      class_type: 'KSampler',
      inputs: {
        model: ['1', 0],
        positive: ['2', 0],
        negative: ['3', 0],
        latent_image: ['4', 0],
        seed: job.seed,
        steps: job.steps,
        cfg: job.cfg,
        denoise: 1,
        ...(job.sampling === undefined ? USUAL_SAMPLING : SAMPLING[job.sampling]),
      },
    },
    '6': { class_type: 'VAEDecode', inputs: { samples: [SAMPLER_NODE, 0], vae: ['1', 2] } },
    '7': { class_type: 'SaveImageWebsocket', inputs: { images: ['6', 0] } },
  };
}
