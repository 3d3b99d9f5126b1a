import type { Price } from './models.ts';

/** GET `accounts/:account/deployments`. Role: viewer. Oldest first. */
export type DeploymentsAnswer = { deployments: ConsoleDeployment[] };

export type ConsoleDeployment = {
  id: string;
  name: string;
  /** What the nodes call the model. */
  model: string;
  /** null: every private node of the account. */
  nodes: { id: string; name: string }[] | null;
  /** `hidden`: the catalogue has a model of this name. `busy`: all slots are in use. `unknown`: nobody knows. */
  state: 'available' | 'busy' | 'offline' | 'hidden' | 'unknown';
  /** null while no node offers the model. */
  live: {
    nodesOnline: number;
    slots: number;
    freeSlots: number;
    contextTokens: number;
    maxOutputTokens: number;
    capabilities: { tools: boolean; vision: boolean; thinking: boolean; jsonSchema: boolean };
  } | null;
  price: Price;
  createdAt: string;
};

/** POST `accounts/:account/deployments`. Role: developer. Answers `ConsoleDeployment`. */
export type AddDeployment = {
  name: string;
  /** What the nodes call the model. Default: the name. */
  model?: string;
  /** Ids or names of private nodes. Default: every one of the account, later ones too. */
  nodes?: string[];
};

/** PATCH `accounts/:account/deployments/:deployment`. `nodes` null: every private node. Answers `ConsoleDeployment`. DELETE takes the name away. */
export type UpdateDeployment = { model?: string; nodes?: string[] | null };
