// The browser's microphone as a telephone would hear it: a WAV file, 8 kHz, one channel, 16 bits.

const RATE = 8000;

let context = null;
let stream = null;
let heard = [];

/** Begin to listen. Returns false when there is no microphone, or the visitor keeps it shut. */
export async function start() {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    context = new AudioContext({ sampleRate: RATE });
    await context.audioWorklet.addModule(new URL("worklet.js", import.meta.url));
  } catch {
    release();
    return false;
  }
  heard = [];
  const node = new AudioWorkletNode(context, "listener");
  node.port.onmessage = ({ data }) => heard.push(data);
  context.createMediaStreamSource(stream).connect(node);
  return true;
}

/** End, and return what was heard as a file. */
export function stop() {
  release();
  return new File([wav(heard.flatMap((block) => [...block]))], "recording.wav", { type: "audio/wav" });
}

function release() {
  stream?.getTracks().forEach((track) => track.stop());
  context?.close();
  stream = context = null;
}

function wav(samples) {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const text = (offset, said) => [...said].forEach((c, n) => view.setUint8(offset + n, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, n) =>
    view.setInt16(44 + n * 2, Math.max(-1, Math.min(1, sample)) * 0x7fff, true));
  return view.buffer;
}
