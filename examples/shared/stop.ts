/** Ends the program with a line that says what the person before it can mend. */
export function stop(message: string): never {
  console.error(message);
  return process.exit(2);
}

/** Prints an error: in a line, but with its place where it is the program that is wrong. */
export function complain(error: unknown): void {
  const isBug = [TypeError, ReferenceError, RangeError].some((kind) => error instanceof kind);
  console.error(error instanceof Error && !isBug ? error.message : error);
}
