export { denoRuntime as nativeRuntime, type DenoRuntimeOptions as NativeRuntimeOptions } from './index.ts';
