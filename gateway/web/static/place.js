// Where it happened: the device's own position, and a map to move the pin on where there is one.

const TILE = 256;
const STEP = 48;
const ZOOM = 16;

const toPixels = ({ latitude, longitude }) => {
  const scale = TILE * 2 ** ZOOM;
  const sine = Math.sin((latitude * Math.PI) / 180);
  return {
    x: ((longitude + 180) / 360) * scale,
    y: (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * scale,
  };
};

const toPlace = ({ x, y }) => {
  const scale = TILE * 2 ** ZOOM;
  const turn = Math.PI * (1 - (2 * y) / scale);
  return {
    latitude: (Math.atan(Math.sinh(turn)) * 180) / Math.PI,
    longitude: (x / scale) * 360 - 180,
  };
};

export function locate(form) {
  const box = form.querySelector("#position");
  if (!box || !navigator.geolocation) return;
  const status = box.querySelector("[role=status]");
  const forget = box.querySelector("[data-act=forget]");
  const map = box.querySelector(".map");
  const { latitude, longitude } = form.elements;
  box.hidden = false;

  function put(place) {
    latitude.value = place ? place.latitude.toFixed(6) : "";
    longitude.value = place ? place.longitude.toFixed(6) : "";
    forget.hidden = !place;
    status.textContent = place ? box.dataset.set : "";
    if (map) map.hidden = map.nextElementSibling.hidden = !place;
    if (map && place) draw(map, form.dataset.tiles, place);
  }

  const here = () => ({ latitude: Number(latitude.value), longitude: Number(longitude.value) });
  const move = (x, y) => {
    const from = toPixels(here());
    put(toPlace({ x: from.x + x, y: from.y + y }));
  };

  box.querySelector("[data-act=locate]").addEventListener("click", () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => put(coords),
      () => (status.textContent = box.dataset.refused),
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 60000 },
    ),
  );
  forget.addEventListener("click", () => {
    put(null);
    box.querySelector("[data-act=locate]").focus();
  });
  map?.addEventListener("click", (event) => {
    const frame = map.getBoundingClientRect();
    move(event.clientX - frame.x - frame.width / 2, event.clientY - frame.y - frame.height / 2);
  });
  map?.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    if (!moves[event.key]) return;
    event.preventDefault();
    move(...moves[event.key]);
  });
  if (latitude.value) put(here());
}

// The pin stands in the middle; the tiles that the frame needs lie around it.
function draw(map, template, place) {
  const { x, y } = toPixels(place);
  const left = x - map.clientWidth / 2;
  const top = y - map.clientHeight / 2;
  const tiles = [];
  for (let column = Math.floor(left / TILE); column * TILE < left + map.clientWidth; column++) {
    for (let row = Math.floor(top / TILE); row * TILE < top + map.clientHeight; row++) {
      const tile = new Image();
      tile.alt = "";
      tile.referrerPolicy = "strict-origin-when-cross-origin";
      tile.src = template.replace("{z}", ZOOM).replace("{x}", column).replace("{y}", row);
      tile.style.transform = `translate(${column * TILE - left}px, ${row * TILE - top}px)`;
      tiles.push(tile);
    }
  }
  map.replaceChildren(...tiles);
}
