const list = document.getElementById('timeline');
const MAX_ENTRIES = 150;

export function timeline(link) {
  let start = 0;
  let entries = [];

  /** The server's news come by another way than ours, so they are put in by time. */
  function add({ side, what, state, atMs }) {
    if (entries.length === 0) list.replaceChildren();
    const item = document.createElement('li');
    item.className = side;
    const span = document.createElement('span');
    const name = document.createElement('b');
    const time = document.createElement('time');
    name.textContent = state;
    time.textContent = ` ${Math.max(0, Math.round(atMs - start))} ms`;
    const who = document.createElement('span');
    who.className = 'hidden';
    who.textContent = `${side}: `;
    span.append(who, `${what} `, name, time);
    item.append(span);
    const before = entries.findIndex((entry) => entry.atMs > atMs);
    if (before < 0) list.append(item);
    else list.insertBefore(item, entries[before].item);
    entries.splice(before < 0 ? entries.length : before, 0, { atMs, item });
    if (entries.length > MAX_ENTRIES) entries.shift().item.remove();
    list.scrollTop = list.scrollHeight;
  }

  link.addEventListener('state', ({ detail }) => {
    if (detail !== 'connecting') return;
    start = Date.now();
    entries = [];
  });
  link.addEventListener('change', ({ detail }) => add(detail));
}
