/**
 * Port: how likely a picture shows adult content, 0 to 1. Runs here or on a machine of the operator, never on the node
 * that made the picture. Where it rejects, the picture is not handed out.
 */
export type OutputClassifier = { adultScore(png: Buffer): Promise<number> };
