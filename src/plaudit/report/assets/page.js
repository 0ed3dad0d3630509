// What the pages share. Text goes in through textContent alone; nothing here reads markup.
"use strict";
const kit = (() => {
  function h(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined) node.append(child);
    }
    return node;
  }

  // --- numbers -------------------------------------------------------------------------------

  const whole = new Intl.NumberFormat("en-US");
  const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
  const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

  function fmt(x) {
    if (x === null || x === undefined) return "–";
    const size = Math.abs(x);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) return x.toExponential(2);
    return short.format(x === 0 ? 0 : x);
  }
  const count = (n) => whole.format(n);
  const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many ?? one + "s"}`;
  const tick = (n) => !Number.isInteger(n) ? "" : Math.abs(n) >= 1e4 ? compact.format(n) : whole.format(n);

  // --- parts of a page -----------------------------------------------------------------------

  const scroll = (label, node) =>
    h("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" }, node);

  function head(labels) {
    return h("thead", {}, h("tr", {}, labels.map(([text, isText]) =>
      h("th", { scope: "col", class: isText && "text" }, text))));
  }

  function header(page, kind) {
    return h("header", {},
      h("p", { class: "overline" }, kind),
      h("h1", {}, page.title),
      page.meta.length ? h("dl", { class: "meta" }, page.meta.map(([key, value]) =>
        h("div", {}, h("dt", {}, key), h("dd", {}, value)))) : null,
      page.command ? h("pre", { "aria-label": "command" }, page.command) : null,
      page.recipe ? h("details", { class: "plain" }, h("summary", {}, "Recipe"),
        h("pre", { tabindex: "0" }, page.recipe)) : null);
  }

  function fact(label, value, note, alert) {
    return h("div", { class: alert && "alert" }, h("dt", {}, label),
      h("dd", {}, value, note ? h("small", {}, note) : null));
  }

  function block(label, text) {
    return [h("h4", {}, label),
      h("pre", { dir: "auto", tabindex: "0" }, text === "" ? "(empty)" : text)];
  }

  function legend(terms) {
    return h("details", { class: "plain" }, h("summary", {}, "What the words mean"),
      h("table", {}, h("tbody", {}, terms.map(([term, meaning]) =>
        h("tr", {}, h("th", { scope: "row" }, term), h("td", { class: "text" }, meaning))))));
  }

  // --- charts --------------------------------------------------------------------------------

  const charts = new Set();

  // A place that `fitCharts` fills, and fills again when its width has changed.
  function chart(draw) {
    const place = h("div", {});
    charts.add({ place, draw, width: 0 });
    return place;
  }

  function fitCharts() {
    for (const item of charts) {
      const width = Math.floor(item.place.clientWidth);
      if (!item.place.isConnected) charts.delete(item);
      else if (width >= 40 && width !== item.width) {
        const svg = item.draw(width);
        svg.setAttribute("role", "img");
        item.width = width;
        item.place.replaceChildren(svg);
      }
    }
  }

  return { h, fmt, count, plural, tick, scroll, head, header, fact, block, legend, chart, fitCharts };
})();
