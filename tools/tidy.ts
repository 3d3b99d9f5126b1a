/** Checks of the repository itself that no linter has. Prints what it finds and exits 1 when an error is among it. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bannedCalls } from './tidy/banned-calls.ts';
import { boundaries } from './tidy/boundaries.ts';
import { executableBits } from './tidy/executable-bits.ts';
import { fileSize } from './tidy/file-size.ts';
import { forbiddenWords } from './tidy/forbidden-words.ts';
import { imageFlags } from './tidy/image-flags.ts';
import { markdown } from './tidy/markdown.ts';
import { nodeVersion } from './tidy/node-version.ts';
import { packageFiles } from './tidy/package-files.ts';
import { readRepository } from './tidy/repository.ts';

const rules = [
  boundaries,
  bannedCalls,
  fileSize,
  forbiddenWords,
  markdown,
  packageFiles,
  nodeVersion,
  imageFlags,
  executableBits,
];

const repository = readRepository(dirname(dirname(fileURLToPath(import.meta.url))));
const counts = { error: 0, warning: 0 };
for (const rule of rules) {
  for (const finding of rule.check(repository)) {
    counts[finding.level] += 1;
    const place = finding.line === undefined ? finding.path : `${finding.path}:${finding.line}`;
    console.log(`${finding.level} ${rule.name} ${place} ${finding.message}`);
  }
}
console.log(`${repository.files.length} files: ${counts.error} errors, ${counts.warning} warnings`);
process.exitCode = counts.error > 0 ? 1 : 0;
