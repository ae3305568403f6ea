/** The command line: the operator's hand where there is no HTTP. Nothing is built on it. */
export { runCommandLine } from './run-command-line.js';
