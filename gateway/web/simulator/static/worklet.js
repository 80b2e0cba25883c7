// Runs beside the sound: hands on what the microphone hears.

registerProcessor("listener", class extends AudioWorkletProcessor {
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
});
