// Node.js 20 does not let a worker thread begin with TypeScript: there the workers run what was built.
const [major, minor] = process.versions.node.split('.').map(Number);
const isBuilt = process.versions.bun === undefined && process.versions.deno === undefined && (major < 22 || (major === 22 && minor < 18));
await import(isBuilt ? '../../dist/pool/worker.js' : '../../src/pool/worker.ts');
