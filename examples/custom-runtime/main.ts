// npm run example custom-runtime
import { createPeerConnection, type DataChannel } from 'sansrtc';
import { runtimeConformance } from 'sansrtc/conformance';
import { nodeRuntime } from 'sansrtc/runtime/node';
import { optionsWithoutPage } from '../shared/options.ts';
import { pacedRuntime } from './paced-runtime.ts';

optionsWithoutPage({});

const RATE_BPS = 400_000_000;
const MESSAGES = 500;
const MESSAGE_BYTES = 16_000;

const paced = pacedRuntime({ rateBps: RATE_BPS });

let passed = 0;
for (const { name, run } of runtimeConformance()) {
  try {
    await run(paced);
    passed++;
  } catch (error) {
    console.log(`conformance: ${name}: ${String(error)}`);
  }
}
console.log(`conformance: ${passed} of ${runtimeConformance().length} cases`);

let onChannel: (channel: DataChannel) => void = () => {};
const incoming = new Promise<DataChannel>((resolve) => {
  onChannel = resolve;
});
const options = { udpAddrs: ['127.0.0.1:0'] };
const ours = await createPeerConnection({ ...options, runtime: paced, handler: { onIceCandidate: (candidate) => void theirs.addIceCandidate(candidate) } });
const theirs = await createPeerConnection({
  ...options,
  runtime: nodeRuntime(),
  handler: { onIceCandidate: (candidate) => void ours.addIceCandidate(candidate), onDataChannel: (channel) => onChannel(channel) },
});

const channel = ours.createDataChannel('numbers');
await ours.setLocalDescription();
await theirs.setRemoteDescription(ours.localDescription!);
await theirs.setLocalDescription();
await ours.setRemoteDescription(theirs.localDescription!);

const other = await incoming;
let receivedBytes = 0;
const all = new Promise<void>((resolve) => {
  other.handler = {
    onMessage: (data) => {
      receivedBytes += data.length;
      if (receivedBytes === MESSAGES * MESSAGE_BYTES) resolve();
    },
  };
});
await channel.opened;
const { packets: packetsBefore, batches: batchesBefore } = paced.counts;
const start = performance.now();
for (let i = 0; i < MESSAGES; i++) await channel.send(new Uint8Array(MESSAGE_BYTES));
await all;
const seconds = (performance.now() - start) / 1000;
const batches = paced.counts.batches - batchesBefore;
console.log(`${receivedBytes / 1e6} MB from a paced connection to a plain one in ${seconds.toFixed(2)} s: ${((8 * receivedBytes) / seconds / 1e6).toFixed(0)} Mbit/s`);
console.log(`${paced.counts.packets - packetsBefore} packets in ${batches} batches to the worker`);

await Promise.all([ours.close(), theirs.close()]);
await paced.end();
