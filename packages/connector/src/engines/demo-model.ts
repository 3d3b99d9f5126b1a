/** The name of the shipped model, as the gateway's default configuration asks for it. */
export const DEMO_MODEL_NAME = 'mote-chat';
