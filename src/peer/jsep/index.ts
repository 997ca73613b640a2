export type { BundlePolicy, JsepConfig } from './config.ts';
export type {
  CandidateInit,
  Description,
  DescriptionInit,
  DescriptionType,
  JsepChanges,
  JsepEffect,
  SessionDescriptionInit,
  SignalingState,
  SignalledCandidate,
} from './events.ts';
export { Jsep } from './machine.ts';
