#!/usr/bin/env node
import { processStreams } from './output.ts';
import { runCommandLine } from './program.ts';

process.exitCode = await runCommandLine(process.argv.slice(2), processStreams());
