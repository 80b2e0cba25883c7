// Solves an ALTCHA challenge (version 2, PBKDF2): counts up until a derived key has the prefix.

const fromHex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

async function derive({ cost, keyLength, salt, nonce, algorithm }, counter) {
  const password = new Uint8Array(nonce.length + 4);
  password.set(nonce);
  new DataView(password.buffer).setUint32(nonce.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: algorithm.split("/")[1], salt, iterations: cost };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, keyLength * 8));
}

// The solution as the server reads it; null where the browser cannot (no secure connection).
export async function solve(challenge) {
  if (!globalThis.crypto?.subtle) return null;
  const { parameters } = challenge;
  const known = { ...parameters, salt: fromHex(parameters.salt), nonce: fromHex(parameters.nonce) };
  for (let counter = 0; ; counter++) {
    const derivedKey = toHex(await derive(known, counter));
    if (derivedKey.startsWith(parameters.keyPrefix)) {
      return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
    }
  }
}
