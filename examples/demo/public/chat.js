const log = document.getElementById('chat-log');
const form = document.getElementById('chat-form');
const input = document.getElementById('chat-text');
const MAX_LINES = 200;

function show(text, isMine) {
  const line = document.createElement('li');
  line.textContent = text;
  line.className = isMine ? 'mine' : 'theirs';
  log.append(line);
  while (log.children.length > MAX_LINES) log.firstChild.remove();
  log.scrollTop = log.scrollHeight;
}

export function chat(link) {
  link.addEventListener('state', ({ detail }) => {
    if (detail !== 'connected') return;
    link.channels.chat.onmessage = ({ data }) => show(data, false);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '' || link.channels.chat?.readyState !== 'open') return;
    link.channels.chat.send(text);
    show(text, true);
    input.value = '';
  });
}
