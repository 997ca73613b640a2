import { RtcError } from 'sansrtc';

/** Ends the program with a line that says what the person before it can mend. */
export function stop(message: string): never {
  console.error(message);
  return process.exit(2);
}

/** Prints an error: in a line where it is one of the connection's, with its place where the example is wrong. */
export function complain(error: unknown): void {
  console.error(error instanceof RtcError ? error.message : error);
}
