export { type ConformanceCase, cryptoConformance } from '../crypto/conformance.ts';
export { type RuntimeConformanceCase, type RuntimeConformanceOptions, runtimeConformance, type TlsEcho } from '../runtime/conformance.ts';
