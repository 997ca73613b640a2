// Loaded into every test process. A test file that ends the process would take the tests that had not run yet with it, and
// node:test would count what is left as passed.
if (process.env.NODE_TEST_CONTEXT !== undefined && /\.test\.[mc]?[jt]s$/.test(process.argv[1] ?? '')) {
  const exit = process.exit;
  process.exit = (code) => {
    console.error(`${process.argv[1]} called process.exit(${code ?? ''})`);
    return exit(Number(code) || 1);
  };
}
