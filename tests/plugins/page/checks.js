// What the tests ask a view in the browser; each function is one check.

/** Texts with a contrast below 4.5 (WCAG 2), each with its ratio. */
function lowContrast() {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const linear = (part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255, 255];
  };
  const left = "svg, [aria-disabled], :disabled, option, .unseen, .said, .skip, noscript, .mark";
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!own || !one.checkVisibility() || one.closest(left)) continue;
    const [a, b] = [rgba(getComputedStyle(one).color), ground(one)].map(light).sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${one.tagName} ${one.className} ${one.textContent.slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return found;
}

/** What a screen reader cannot name, ids that stand twice, and how many headings and main parts there are. */
function unnamed() {
  const name = (one) => one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.[0]?.textContent;
  const named = [...document.querySelectorAll("a, button, input, select, summary, [role=region], [role=img]")];
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  return {
    silent: named.filter((one) => !name(one)).map((one) => one.outerHTML.slice(0, 80)),
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
    images: [...document.images].filter((one) => !one.hasAttribute("alt")).length,
    headings: document.querySelectorAll("h1").length,
    mains: document.querySelectorAll("main").length,
  };
}

/** Milliseconds to show the list of collections anew without a search. */
function redrawn() {
  const input = document.getElementById("search");
  const begun = performance.now();
  input.value = "";
  input.dispatchEvent(new Event("input"));
  document.body.getBoundingClientRect();
  return performance.now() - begun;
}
