// A setup whose runtime throws, from a timer, when a socket is bound to one address.
const [major, minor] = process.versions.node.split('.').map(Number);
const isBuilt = process.versions.bun === undefined && process.versions.deno === undefined && (major < 22 || (major === 22 && minor < 18));
const { defaultRuntime } = await import(isBuilt ? '../../dist/runtime/index.js' : '../../src/runtime/index.ts');

export default () => {
  const runtime = defaultRuntime();
  return {
    runtime: {
      ...runtime,
      bindUdp(options) {
        if (options.local.address === '127.0.0.9') {
          setTimeout(() => {
            throw new Error('broken on purpose');
          }, 1);
        }
        return runtime.bindUdp(options);
      },
    },
  };
};
