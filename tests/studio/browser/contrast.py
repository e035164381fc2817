"""Contrast of what stands on the page, WCAG 2.2, from the colours that the browser computed."""

from __future__ import annotations

from typing import Any

TEXT = 4.5
"""1.4.3 (AA), for text below 18 points; all of the page's is."""

FAINT = """(wanted) => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) =>
    [a * r + (1 - a) * R, a * g + (1 - a) * G, a * b + (1 - a) * B, 1];
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) {
      // A picture may have any colour: white is the worst under white text.
      if (each !== element && each.querySelector(":scope > img:not([hidden])")) {
        layers.push([255, 255, 255, 1]);
        break;
      }
      const layer = rgba(getComputedStyle(each).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reduceRight((under, layer) => over(layer, under), [0, 0, 0, 1]);
  };
  const opacity = (element) => {
    let product = 1;
    for (let each = element; each; each = each.parentElement)
      product *= Number(getComputedStyle(each).opacity);
    return product;
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [], read = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const option = element.matches("option, noscript, style, script");
    if (!own || option || !element.checkVisibility() || element.matches(":disabled")) continue;
    const under = ground(element);
    const [r, g, b, a] = rgba(getComputedStyle(element).color);
    const colour = over([r, g, b, a * opacity(element)], under);
    const [low, high] = [luminance(colour), luminance(under)].sort((x, y) => x - y);
    const ratio = (high + 0.05) / (low + 0.05);
    const text = element.textContent.trim().slice(0, 40);
    read.push(text);
    if (ratio < wanted) found.push(`${text}: ${ratio.toFixed(2)}`);
  }
  return { found, read };
}"""


def faint_texts(page: Any) -> list[str]:
    """Texts that stand out too little from what is behind them. Disabled controls may."""
    page.emulate_media(reduced_motion="reduce")  # colours on their way are no colours of the page
    seen = page.evaluate(FAINT, TEXT)
    assert len(seen["read"]) > 5, seen["read"]
    found: list[str] = seen["found"]
    return found
