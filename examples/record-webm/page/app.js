import { connect } from '/connect.js';
import { camera, preferCodec, showFigures } from '/media.js';
import { $ } from '/page.js';

const stream = await camera();
$('mine').srcObject = stream;

/** The program's offer has a section for the picture and one for the sound; each takes its track. */
async function fill(pc) {
  for (const transceiver of pc.getTransceivers()) {
    if (transceiver.sender.track || transceiver.currentDirection) continue;
    const track = stream.getTracks().find(({ kind }) => kind === transceiver.receiver.track.kind);
    if (track.kind === 'video') preferCodec(transceiver, 'video/VP8');
    transceiver.direction = 'sendonly';
    await transceiver.sender.replaceTrack(track);
  }
}

const { pc, signal } = await connect({ begin: (connection) => (connection.onsignalingstatechange = () => connection.signalingState === 'have-remote-offer' && fill(connection)) });
showFigures(pc);
$('stop').onclick = () => signal.send({ stop: true });
