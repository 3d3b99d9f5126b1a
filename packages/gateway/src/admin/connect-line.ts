/**
 * What the owner of a new node pastes into a terminal of its machine: keeps the token in a file that only they can
 * read, then runs the connector. The token is in the line, so it is shown as rarely as the token itself.
 * @param gateway undefined: nobody knows the gateway's address, and the line has a place for it
 */
export function connectLine(node: {
  gateway: string | undefined;
  token: string;
  kind: 'shared' | 'private';
}): string {
  const keep = `(umask 077; echo ${node.token} > node-token)`;
  const connect = `npx switchyard connect --gateway ${node.gateway ?? 'https://YOUR-GATEWAY'} --token-file node-token`;
  return `${keep} && ${connect}${node.kind === 'private' ? ' --private' : ''}`;
}
