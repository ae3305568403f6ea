import 'reflect-metadata';

import { runCommandLine } from './command-line/index.js';

void runCommandLine();
