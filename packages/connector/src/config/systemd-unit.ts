/** The command that a unit shall run. */
export type UnitCommand = {
  /** The program and its own arguments: Node, and the script that was started. */
  program: readonly string[];
  /** The words after them. */
  words: readonly string[];
  /** Where paths in the words start. */
  folder: string;
  user: string;
};

/**
 * A systemd unit that runs the connector with the very words that it was given. It may write to its cache only, and
 * ends for good when the gateway turns it away (1) or the settings are wrong (2): trying again would change nothing.
 * Source: systemd.exec(5), systemd.service(5) and systemd.unit(5) of systemd 252, read and checked with
 * `systemd-analyze verify` 2026-11-21.
 */
export function systemdUnit({ program, words, folder, user }: UnitCommand): string {
  return `[Unit]
Description=Switchyard connector
Wants=network-online.target
After=network-online.target

[Service]
User=${quote(user)}
WorkingDirectory=${folder.replaceAll('%', '%%')}
ExecStart=${[...program, ...words].map(quote).join(' ')}
Restart=always
RestartSec=5
RestartPreventExitStatus=1 2
# Running jobs get 30 seconds to end.
TimeoutStopSec=40
CacheDirectory=switchyard-connector
# A core file would hold prompts.
LimitCORE=0
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
LockPersonality=yes
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target
`;
}

/** One word of a command line of systemd: in quotes where it must be, with nothing in it that is expanded. */
function quote(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', () => '$$');
  if (/^[\w@%+=:,./$-]+$/u.test(plain)) return plain;
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
