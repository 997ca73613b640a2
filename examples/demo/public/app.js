import { chat } from '/chat.js';
import { Link } from '/link.js';
import { paths } from '/paths.js';
import { roundTrip } from '/round-trip.js';
import { throughput } from '/throughput.js';
import { toggleTheme } from '/theme.js';
import { timeline } from '/timeline.js';

const link = new Link();
const button = document.getElementById('connect');
const status = document.getElementById('status');
const message = document.getElementById('message');
const NAMES = { idle: 'not connected', connecting: 'connecting …', connected: 'connected', lost: 'the server went away' };

function say(text) {
  message.textContent = text;
  message.hidden = text === '';
}

async function connect() {
  say('');
  try {
    await link.connect();
  } catch (error) {
    say(error instanceof TypeError ? 'The server does not answer. Is it running? Start it with npm start, then connect again.' : `Not connected: ${error.message}`);
  }
}

link.addEventListener('state', ({ detail }) => {
  status.dataset.state = detail;
  status.textContent = NAMES[detail];
  button.textContent = detail === 'connected' ? 'Disconnect' : 'Connect';
  button.disabled = detail === 'connecting';
  for (const control of document.querySelectorAll('[data-needs-link]')) control.disabled = detail !== 'connected';
  if (detail === 'lost') say('The connection ended on the other side. When the server runs again, connect again.');
});
button.addEventListener('click', () => (link.state === 'connected' ? link.close() : void connect()));
document.getElementById('theme').addEventListener('click', toggleTheme);
addEventListener('pagehide', () => link.close());

timeline(link);
chat(link);
throughput(link);
roundTrip(link);
paths(link);

/** For tests and for curious people at the console. */
window.demo = {
  link,
  connect,
  close: () => link.close(),
  /** Sends a text or bytes of a size on the channel 'echo'; resolves with whether it came back unchanged. */
  echo(kind, sizeBytes) {
    const channel = link.channels.echo;
    const bytes = new Uint8Array(sizeBytes).map((_, i) => (i * 31 + 7) & 255);
    const sent = kind === 'text' ? 'abcdefghij'.repeat(Math.ceil(sizeBytes / 10)).slice(0, sizeBytes) : bytes;
    return new Promise((resolve) => {
      channel.onmessage = ({ data }) => {
        if (typeof data === 'string') resolve(data === sent);
        else resolve(data.byteLength === sizeBytes && new Uint8Array(data).every((byte, i) => byte === bytes[i]));
      };
      channel.send(sent);
    });
  },
};
void connect();
