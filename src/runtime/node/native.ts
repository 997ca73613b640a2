export { nodeRuntime as nativeRuntime, type NodeRuntimeOptions as NativeRuntimeOptions } from './index.ts';
