// Encrypts and decrypts frames: what stays clear, what is encrypted (with its tag), the IV.
const IV_BYTES = 12;
const counts = { decrypted: 0, refused: 0 };
let key;

const clearBytes = (data) => ((data[0] & 1) === 0 ? 10 : 3); // of a VP8 keyframe, or of another frame

function join(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(new Uint8Array(part), at);
    at += part.byteLength;
  }
  return joined.buffer;
}

async function seal(frame, controller) {
  const data = new Uint8Array(frame.data);
  const clear = data.slice(0, clearBytes(data));
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: clear }, key, data.subarray(clear.length));
  frame.data = join(clear, sealed, iv);
  controller.enqueue(frame);
}

async function open(frame, controller) {
  const data = new Uint8Array(frame.data);
  const clear = data.slice(0, clearBytes(data));
  try {
    const algorithm = { name: 'AES-GCM', iv: data.slice(-IV_BYTES), additionalData: clear };
    frame.data = join(clear, await crypto.subtle.decrypt(algorithm, key, data.subarray(clear.length, -IV_BYTES)));
    counts.decrypted++;
    controller.enqueue(frame);
  } catch {
    counts.refused++; // and is not shown
  }
}

onmessage = async ({ data }) => (key = await crypto.subtle.importKey('raw', data, 'AES-GCM', false, ['encrypt', 'decrypt']));

onrtctransform = ({ transformer: { readable, writable, options } }) => {
  readable.pipeThrough(new TransformStream({ transform: options.seals ? seal : open })).pipeTo(writable);
};

setInterval(() => postMessage(counts), 500);
