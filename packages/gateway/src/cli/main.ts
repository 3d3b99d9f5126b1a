#!/usr/bin/env node
import { processStreams } from './output.ts';
import { runCommandLine } from './program.ts';

const { exitCode, endsAtOnce } = await runCommandLine(process.argv.slice(2), processStreams());
if (endsAtOnce) process.exit(exitCode);
process.exitCode = exitCode;
