/** What the node tells its gateway. The same as in package.json. */
export const CONNECTOR_VERSION = '0.1.0';
