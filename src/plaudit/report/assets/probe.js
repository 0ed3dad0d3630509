// Puts what a reward paid for edits on the page. Text goes in through textContent alone.
"use strict";
(() => {
  const { h, fmt, count, plural, scroll, head, header, fact, block, legend, chart, fitCharts } = kit;
  const page = JSON.parse(document.getElementById("data").textContent);
  const probe = page.probe;
  const main = document.getElementById("report");

  const isKnown = (x) => x !== null && x !== undefined;
  const percent = (x) => isKnown(x) ? `${(100 * x).toFixed(0)} %` : "–";
  const signed = (x) => isKnown(x) ? (x > 0 ? "+" : "") + fmt(x) : "–";
  const pays = (edit) => edit.paid.num > 0 || edit.flipped.num > 0;

  const SORTS = [
    { keeps: true, title: "Edits that keep the answer", says: "The score must not rise." },
    { keeps: false, title: "Edits that spoil the answer", says: "The score must fall." },
  ];

  // --- facts ---------------------------------------------------------------------------------

  function facts() {
    const paying = probe.edits.filter(pays).length;
    return h("dl", { class: "facts" },
      fact("Edits that paid", count(paying), `of ${count(probe.edits.length)}`, paying > 0),
      fact("Responses", count(probe.num_responses), `of ${plural(probe.num_rows, "row")}`),
      fact("Unscored before any edit", count(probe.num_unscored), null, probe.num_unscored > 0),
      fact("Edits left out", count(probe.left_out.length), null, probe.left_out.length > 0));
  }

  // --- the table of edits --------------------------------------------------------------------

  const between = ([, low, high], asText) => isKnown(low) ? `${asText(low)} to ${asText(high)}` : "";

  const cell = (text, sort) => h("td", { class: sort ? `short ${sort}` : "short" }, text);

  function shareCells(share) {
    if (!share.total) return [cell("–"), cell("")];
    const text = `${count(share.num)} of ${count(share.total)} (${percent(share.share[0])})`;
    return [cell(text, share.num > 0 && "alert"), cell(between(share.share, percent), "muted")];
  }

  function editRow(edit) {
    return h("tr", {},
      h("th", { scope: "row", title: edit.does }, edit.edit),
      cell(signed(edit.change[0])), cell(between(edit.change, signed), "muted"),
      shareCells(edit.paid), shareCells(edit.flipped),
      cell(count(edit.num_unscored), edit.num_unscored > 0 && "alert"));
  }

  const HEADS = [["edit", true], ["mean change"], ["95 %"], ["paid"], ["95 %"], ["pairs flipped"],
    ["95 %"], ["unscored"]];

  function tableOf({ keeps, title, says }) {
    const edits = probe.edits.filter((edit) => edit.keeps_answer === keeps);
    if (!edits.length) return null;
    return h("section", {}, h("h2", {}, title), h("p", { class: "muted" }, says),
      scroll(title, h("table", { class: "wide" }, head(HEADS), h("tbody", {}, edits.map(editRow)))));
  }

  function leftOut() {
    if (!probe.left_out.length) return null;
    return h("section", {}, h("h2", {}, "Edits left out"), scroll("Edits left out",
      h("table", { class: "wide" }, head([["edit", true], ["why", true]]), h("tbody", {},
        probe.left_out.map((edit) => h("tr", {}, h("th", { scope: "row" }, edit.edit),
          h("td", { class: "text" }, edit.why)))))));
  }

  // --- shares with their intervals -----------------------------------------------------------

  function paidChart() {
    const spans = probe.edits.filter((edit) => edit.paid.total).map((edit) => ({
      edit: edit.edit, value: edit.paid.share[0], low: edit.paid.share[1], high: edit.paid.share[2],
      paid: `${edit.paid.num} of ${edit.paid.total}` }));
    if (!spans.length) return null;
    const draw = (width) => Plot.plot({
      width, height: 46 + 22 * spans.length, marginLeft: 124, marginRight: 14, marginBottom: 30,
      ariaLabel: "Share of responses that an edit paid for: " +
        spans.map((s) => `${s.edit} ${s.paid}`).join("; "),
      x: { domain: [0, 1], label: null, grid: true, ticks: 5, tickFormat: percent },
      y: { domain: spans.map((s) => s.edit), label: null, tickSize: 0 },
      marks: [
        Plot.ruleX([0], { stroke: "var(--line)" }),
        Plot.ruleY(spans, { y: "edit", x1: "low", x2: "high", stroke: "var(--accent)", strokeWidth: 2 }),
        Plot.dot(spans, { y: "edit", x: "value", r: 4,
          fill: (s) => s.value > 0 ? "var(--bad)" : "var(--accent)" }),
        Plot.tip(spans, Plot.pointer({ y: "edit", x: "value", maxRadius: 30,
          title: (s) => `${s.edit}: ${s.paid} (${percent(s.low)} to ${percent(s.high)})` })),
      ],
    });
    return h("section", {}, h("h2", {}, "How often an edit paid"),
      h("figure", {}, h("figcaption", {}, "share of the responses, with its exact 95 % interval"),
        chart(draw)));
  }

  // --- before and after ----------------------------------------------------------------------

  function side(label, value, text, length) {
    const cut = length > text.length ? `, the first ${count(text.length)} shown` : "";
    return h("div", {},
      block(`${label}: ${fmt(value)} (${plural(length, "character")}${cut})`, text));
  }

  function payment(change) {
    const sides = h("div", { class: "charts" },
      side("Before", change.before, change.text, change.text_length),
      side("After", change.after, change.edited, change.edited_length));
    sides.style.gridTemplateColumns = "repeat(auto-fit, minmax(min(310px, 100%), 1fr))";
    return h("details", { class: "row" },
      h("summary", {},
        h("span", { class: "value" }, signed(change.after - change.before)),
        h("span", { class: "where" }, `row ${change.row + 1}, response ${change.response + 1}`),
        h("span", { class: "why" }, change.prompt)),
      h("div", { class: "body" }, block("Prompt", change.prompt), sides));
  }

  function paidFor(edit) {
    return [h("h3", {}, edit.edit), h("p", { class: "muted" }, edit.does), edit.worst.map(payment)];
  }

  function payments() {
    const paying = probe.edits.filter((edit) => edit.worst.length);
    return h("section", {}, h("h2", {}, "What was paid for, before and after"),
      paying.length ? paying.map(paidFor)
        : h("p", { class: "muted" }, "No edit paid for any response."));
  }

  // --- the page ------------------------------------------------------------------------------

  const TERMS = [
    ["mean change", "over all responses with a score before and after the edit; the interval is a " +
      "bootstrap over rows"],
    ["paid", "the score rose though the edit adds nothing, or did not fall though it spoils the " +
      "answer; the interval is exact"],
    ["pairs flipped", "the worse of two rivals, edited, overtakes the better one, unedited"],
    ["unscored", "responses that had a score and lost it"],
    ["⟨U+202E⟩, ⟨ESC⟩", "characters of the data that are invisible or would act on the display"],
  ];

  main.replaceChildren(...[header(page, "plaudit probe report"), facts(), ...SORTS.map(tableOf),
    paidChart(), payments(), leftOut(), legend(TERMS)].filter(Boolean));
  fitCharts();
  addEventListener("resize", fitCharts);
})();
