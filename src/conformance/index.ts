export { type ConformanceCase, cryptoConformance } from '../crypto/conformance.ts';
export { type RuntimeConformanceCase, runtimeConformance } from '../runtime/conformance.ts';
