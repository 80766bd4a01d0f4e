/**
 * What a user reads of anything that was thrown: `path: fault; mend`, one line, never a stack trace. This file imports
 * nothing, so that the command line starts without loading core.
 */
export function faultMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // A code with a slash is Backplane's own (`config/unknown-device`): its message is made to be printed as it is.
  if (code.includes('/')) return error.message;
  if (error instanceof SyntaxError || error instanceof TypeError || error instanceof ReferenceError) {
    return `internal fault: ${error.message.split('\n')[0]}; BACKPLANE_STACK=1 shows where`;
  }
  return error.message.split('\n')[0] ?? error.name;
}

/** For those who write plugins: where it was thrown, if they ask. */
export function tellStack(error: unknown): void {
  if (process.env.BACKPLANE_STACK && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
