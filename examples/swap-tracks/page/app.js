import { connect } from '/connect.js';
import { drawn, showFigures, showTracks } from '/media.js';
import { $ } from '/page.js';

const streams = [drawn({ audio: false, hue: 170 }), drawn({ audio: false, hue: 20 })];
const mine = streams.map((stream, i) => Object.assign($(`mine-${i}`), { srcObject: stream }));

const { pc } = await connect({
  begin(connection) {
    showTracks(connection);
    for (const stream of streams) connection.addTransceiver(stream.getTracks()[0], { direction: 'sendonly', streams: [stream] });
  },
  onWord: ({ now }) => now !== undefined && mine.forEach((video, i) => video.classList.toggle('chosen', i === now)),
});
showFigures(pc);
