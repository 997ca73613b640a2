export { bunRuntime as nativeRuntime, type BunRuntimeOptions as NativeRuntimeOptions } from './index.ts';
