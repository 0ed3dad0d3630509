// Puts a judge's figures on the page. Text goes in through textContent alone.
"use strict";
(() => {
  const { h, fmt, count, plural, scroll, head, header, fact, block, legend, chart, fitCharts } = kit;
  const page = JSON.parse(document.getElementById("data").textContent);
  const judge = page.judge;
  const main = document.getElementById("report");
  const TITLES = { pairs: "Pairs", ratings: "Ratings", yes_no: "Yes or no" };
  const MOST_BARS = 60;

  const percent = (x) => x === null || x === undefined ? "–" : `${(100 * x).toFixed(1)} %`;
  const named = (by) => by.filter((value) => value !== "").join(" · ") || "all rows";
  const totalOf = (table) => table.rows[table.rows.length - 1];
  const cellsOf = (table) => table.rows.filter((row) => !row.is_total);
  const isKnown = (x) => x !== null && x !== undefined;

  function between(row, name, asText = percent) {
    const ends = row.intervals[name];
    return ends && isKnown(ends[0]) ? `95 %: ${asText(ends[0])} to ${asText(ends[1])}` : "";
  }

  // --- facts ---------------------------------------------------------------------------------

  // A tile; none where there is no figure.
  const tile = (name, value, ...rest) =>
    value === "–" || value === undefined ? null : fact(name, value, ...rest);

  const FACTS = {
    pairs: (row) => [
      tile("Right, in one order", percent(row.accuracy), between(row, "accuracy")),
      tile("Right in both orders", percent(row.both_right), between(row, "both_right")),
      tile("Verdict flips with the order", percent(row.flip_rate), isKnown(row.flip_rate)
        ? `same in ${percent(row.same_verdict)}` : "no pair was judged in both orders"),
      tile("Picks of the first shown", percent(row.first_position), between(row, "first_position"))],
    ratings: (row) => [
      tile("Spearman", fmt(row.spearman),
        isKnown(row.pearson) ? `Pearson ${fmt(row.pearson)}` : null),
      tile("Equal to the label", percent(row.exact), between(row, "exact")),
      tile("Weighted kappa", fmt(row.kappa_quadratic), between(row, "kappa_quadratic", fmt)),
      tile("Distance from the label", fmt(row.difference),
        isKnown(row.bias) ? `bias ${fmt(row.bias)}` : null)],
    yes_no: (row) => [
      tile("Right", percent(row.accuracy), between(row, "accuracy")),
      tile("Cohen's kappa", fmt(row.kappa), between(row, "kappa", fmt)),
      tile("Wrong yes", count(row.false_yes), `of ${count(row.false_yes + row.true_no)} incorrect`),
      tile("Wrong no", count(row.false_no), `of ${count(row.false_no + row.true_yes)} correct`)],
  };

  function facts() {
    const c = judge.counts, table = judge.tables[0], row = table && totalOf(table), u = judge.usage;
    const calls = u.paid_calls ?? u.calls;
    return h("dl", { class: "facts" },
      row ? FACTS[table.kind](row) : null,
      row ? tile("Unreadable replies", percent(row.unreadable), null, row.unreadable > 0) : null,
      fact("Unscored responses", count(c.unscored), `of ${count(c.responses)}`, c.unscored > 0),
      fact("Rows", count(c.rows), c.bad_rows ? `${count(c.bad_rows)} could not be read` : null,
        c.bad_rows > 0),
      u.cost > 0 ? fact("Cost", fmt(u.cost), isKnown(calls) ? plural(calls, "call") : null)
        : isKnown(calls) ? fact("Calls", count(calls), null)
          : fact("Without a label", count(c.unlabelled), null));
  }

  // --- tables --------------------------------------------------------------------------------

  function cell(row, column) {
    const value = row[column.name];
    const text = !isKnown(value) ? "–" : column.is_share ? (100 * value).toFixed(1)
      : Number.isInteger(value) && Math.abs(value) >= 1000 ? count(value)
        : Number.isInteger(value) ? fmt(value) : value.toFixed(2).replace("-0.00", "0.00");
    const asText = column.is_share ? percent : fmt;
    return h("td", { title: between(row, column.name, asText) || undefined }, text);
  }

  // Columns of a table that fit a page of 1280 pixels beside its names; the rest goes below.
  const MOST_COLUMNS = 10;

  function partOf(table, columns) {
    const names = judge.by.length ? judge.by : [""];
    const labels = [...names.map((name) => [name, true]),
      ...columns.map((c) => [c.is_share ? `${c.heading} %` : c.heading])];
    const rows = table.rows.map((row) => h("tr", { class: row.is_total && "total" },
      (judge.by.length ? row.by : ["all rows"]).map((value, i) =>
        h(i ? "td" : "th", i ? { class: "text short" } : { scope: "row" }, value)),
      columns.map((column) => cell(row, column))));
    return scroll(TITLES[table.kind], h("table", { class: "wide cells" }, head(labels),
      h("tbody", {}, rows)));
  }

  function tableOf(table) {
    const num = Math.ceil(table.columns.length / MOST_COLUMNS);
    const size = Math.ceil(table.columns.length / num);
    const parts = Array.from({ length: num }, (_, i) =>
      partOf(table, table.columns.slice(i * size, (i + 1) * size)));
    return h("section", {}, h("h2", {}, TITLES[table.kind]),
      h("p", { class: "muted" }, "Point at a figure for its 95 % interval. Rows are taken as " +
        "independent of each other."), parts);
  }

  // --- figures by cell -----------------------------------------------------------------------

  // One line for each cell: the interval, the figure, and where given a second figure.
  function cellChart(table, { name, title, also, at, domain, says }) {
    const rows = cellsOf(table).filter((row) => isKnown(row[name])).slice(0, MOST_BARS);
    if (!rows.length) return null;
    const spans = rows.map((row) => ({ label: named(row.by), value: row[name],
      low: row.intervals[name]?.[0], high: row.intervals[name]?.[1], also: also && row[also] }));
    const longest = Math.max(...spans.map((span) => span.label.length));
    const room = (width) => Math.floor(Math.min(width / 2.1, 16 + 6.4 * longest));
    const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;
    const draw = (width) => Plot.plot({
      width, height: 44 + 20 * spans.length, marginLeft: room(width), marginRight: 18,
      marginTop: 8, marginBottom: 28,
      ariaLabel: `${title}: ` + spans.map((s) => `${s.label} ${percent(s.value)}`).join(", "),
      x: { domain, tickFormat: (x) => `${Math.round(100 * x)} %`, ticks: Math.max(2, width / 110),
        grid: true, label: null },
      y: { type: "point", domain: [...new Set(spans.map((span) => span.label))], label: null,
        tickSize: 0, padding: 0.6,
        tickFormat: (text) => cut(text, Math.floor((room(width) - 12) / 6)) },
      marks: [
        isKnown(at) ? Plot.ruleX([at], { stroke: "var(--muted)", strokeDasharray: "3 3" }) : null,
        Plot.ruleY(spans, { y: "label", x1: "low", x2: "high", stroke: "var(--accent)",
          strokeWidth: 2 }),
        Plot.dot(spans, { y: "label", x: "value", r: 4, fill: "var(--accent)" }),
        also ? Plot.dot(spans.filter((s) => isKnown(s.also)), { y: "label", x: "also", r: 4,
          stroke: "var(--warm)", strokeWidth: 1.8, fill: "var(--panel)" }) : null,
        Plot.tip(spans, Plot.pointer({ y: "label", x: "value", maxRadius: 30,
          title: (s) => `${s.label}: ${percent(s.value)}` +
            (isKnown(s.low) ? ` (${percent(s.low)} to ${percent(s.high)})` : "") +
            (isKnown(s.also) ? `; ○ ${percent(s.also)}` : "") })),
      ],
    });
    return h("figure", {}, h("h3", {}, title), h("figcaption", {}, says), chart(draw));
  }

  const BY_CELL = {
    pairs: [
      { name: "accuracy", title: "Right", also: "both_right", at: 0.5, domain: [0, 1],
        says: "single orders, with 95 % interval; ○ right in both orders; dashed: chance in one" },
      { name: "first_position", title: "Picks of the response shown first", at: 0.5,
        domain: [0, 1], says: "of decided orders, with 95 % interval; dashed: no preference" },
      { name: "longer_wins", title: "Wins of the longer response", also: "longer_is_better", at: 0.5,
        domain: [0, 1], says: "of decided pairs, with 95 % interval; ○ by the labels" },
    ],
    ratings: [{ name: "exact", title: "Equal to the label", domain: [0, 1],
      says: "after rounding, with 95 % interval" }],
    yes_no: [{ name: "accuracy", title: "Right", at: 0.5, domain: [0, 1],
      says: "with 95 % interval; dashed: chance" }],
  };

  function byCell(table) {
    const figures = BY_CELL[table.kind].map((told) => cellChart(table, told)).filter(Boolean);
    if (!figures.length || cellsOf(table).length < 2) return null; // the tiles have the one figure
    const hidden = cellsOf(table).length - MOST_BARS;
    return h("section", {}, h("h2", {}, `${TITLES[table.kind]} by ${judge.by.join(", ") || "cell"}`),
      hidden > 0 ? h("p", { class: "muted" }, `${plural(hidden, "further row")} of the table not drawn.`)
        : null,
      h("div", { class: "charts" }, figures));
  }

  // --- curves --------------------------------------------------------------------------------

  function reliability(curve) {
    const bins = curve.reliability, most = Math.max(...bins.map((bin) => bin.num));
    return (width) => Plot.plot({
      width, height: Math.min(300, width), marginLeft: 48, marginBottom: 38,
      ariaLabel: "Reliability: " + bins.map((b) =>
        `said ${percent(b.probability)}, came true ${percent(b.share)}, ${b.num} items`).join("; "),
      x: { domain: [curve.low, 1], label: "probability given →", labelAnchor: "center", grid: true,
        ticks: 5, tickFormat: (x) => `${Math.round(100 * x)} %` },
      y: { domain: [0, 1], label: null, grid: true, ticks: 5,
        tickFormat: (x) => `${Math.round(100 * x)} %` },
      marks: [
        Plot.line([[curve.low, curve.low], [1, 1]], { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.line(bins, { x: "probability", y: "share", stroke: "var(--accent)" }),
        Plot.dot(bins, { x: "probability", y: "share", fill: "var(--accent)",
          r: (bin) => 3 + 7 * Math.sqrt(bin.num / most) }),
        Plot.tip(bins, Plot.pointer({ x: "probability", y: "share",
          title: (b) => `said ${percent(b.probability)}, came true ${percent(b.share)}: ` +
            plural(b.num, "item") })),
      ],
      r: { type: "identity" },
    });
  }

  function lengths(curve) {
    return (width) => Plot.plot({
      width, height: Math.min(300, width), marginLeft: 48, marginBottom: 38,
      ariaLabel: "Wins of the longer response: " + curve.lengths.map((b) =>
        `${fmt(b.ratio)} times as long ${percent(b.share)}`).join("; "),
      x: { type: "log", label: "times as long as the rival →", labelAnchor: "center", grid: true,
        ticks: 4, tickFormat: (x) => fmt(x) },
      y: { domain: [0, 1], label: null, grid: true, ticks: 5,
        tickFormat: (x) => `${Math.round(100 * x)} %` },
      marks: [
        Plot.ruleY([0.5], { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.line(curve.lengths, { x: "ratio", y: "share", stroke: "var(--accent)" }),
        Plot.dot(curve.lengths, { x: "ratio", y: "share", r: 4, fill: "var(--accent)" }),
        Plot.tip(curve.lengths, Plot.pointer({ x: "ratio", y: "share",
          title: (b) => `${fmt(b.ratio)} times as long: wins ${percent(b.share)} of ` +
            plural(b.num, "pair") })),
      ],
    });
  }

  function histogram(curve) {
    const bins = curve.histogram, isWhole = bins.every((b) => b.low === b.high);
    const name = (b) => isWhole ? fmt(b.low) : `${fmt(b.low)} to ${fmt(b.high)}`;
    return (width) => Plot.plot({
      width, height: Math.min(300, width), marginLeft: 48, marginBottom: 38,
      ariaLabel: "Ratings: " + bins.map((b) => `${name(b)}: ${b.num}`).join("; "),
      x: { label: "rating →", labelAnchor: "center" },
      y: { label: null, grid: true, ticks: 5 },
      marks: [
        Plot.rectY(bins, { x1: (b) => isWhole ? b.low - 0.4 : b.low,
          x2: (b) => isWhole ? b.high + 0.4 : b.high, y: "num", fill: "var(--accent)" }),
        Plot.ruleY([0]),
        Plot.tip(bins, Plot.pointerX({ x: (b) => (b.low + b.high) / 2, y: "num",
          title: (b) => `${name(b)}: ${plural(b.num, "response")}` })),
      ],
    });
  }

  function scatter(curve) {
    const points = curve.scatter, most = Math.max(...points.map((p) => p.num));
    const ends = [Math.min(...points.map((p) => Math.min(p.label, p.value))),
      Math.max(...points.map((p) => Math.max(p.label, p.value)))];
    return (width) => Plot.plot({
      width, height: Math.min(300, width), marginLeft: 48, marginBottom: 38, inset: 12,
      ariaLabel: "Ratings against labels: " + points.slice(0, 40).map((p) =>
        `label ${fmt(p.label)}, rating ${fmt(p.value)}, ${p.num} times`).join("; "),
      x: { label: "label →", labelAnchor: "center", grid: true, ticks: 5 },
      y: { label: "↑ rating", grid: true, ticks: 5 },
      r: { type: "identity" },
      marks: [
        Plot.line([[ends[0], ends[0]], [ends[1], ends[1]]],
          { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.dot(points, { x: "label", y: "value", fill: "var(--accent)", fillOpacity: 0.6,
          r: (p) => 2 + 8 * Math.sqrt(p.num / most) }),
        Plot.tip(points, Plot.pointer({ x: "label", y: "value",
          title: (p) => `label ${fmt(p.label)}, rating ${fmt(p.value)}: ` +
            plural(p.num, "response") })),
      ],
    });
  }

  function rowOf(curve) {
    const table = judge.tables.find((one) => one.kind === curve.kind);
    return table.rows.find((row) => String(row.by) === String(curve.by)) ?? totalOf(table);
  }

  function curveFigures(curve) {
    const row = rowOf(curve), has = (x) => isKnown(x);
    const slope = (b, error) => has(b) ? `${fmt(b)} ± ${fmt(error)}` : "–";
    return [
      curve.histogram.length ? h("figure", {}, h("h3", {}, "Ratings"),
        h("figcaption", {}, "responses by the rating that they got"),
        chart(histogram(curve))) : null,
      curve.scatter.length ? h("figure", {}, h("h3", {}, "Ratings against labels"),
        h("figcaption", {}, "larger: more responses; dashed: rating and label are equal"),
        chart(scatter(curve))) : null,
      curve.reliability.length ? h("figure", {}, h("h3", {}, "Calibration"),
        h("figcaption", {}, `ECE ${percent(row.ece)} · Brier ${fmt(row.brier)} · T = ` +
          `${fmt(row.temperature)}` + (has(row.ece_after) ? `, then ECE ${percent(row.ece_after)}` : "")),
        chart(reliability(curve))) : null,
      curve.lengths.length ? h("figure", {}, h("h3", {}, "Wins of the longer response"),
        h("figcaption", {}, `slope ${slope(row.length_slope, row.length_slope_error)} per ln ratio; ` +
          "given the label " +
          slope(row.length_slope_given_gold, row.length_slope_given_gold_error)),
        chart(lengths(curve))) : null,
    ];
  }

  function curves() {
    const known = judge.curves.filter((c) => c.reliability.length || c.lengths.length ||
      c.histogram.length || c.scatter.length);
    if (!known.length) return null;
    const isRated = known.every((c) => c.kind === "ratings");
    const select = h("select", {}, known.map((c, i) =>
      h("option", { value: i }, `${TITLES[c.kind]}: ${named(c.by)}`)));
    const place = h("div", { class: "charts" });
    function draw() {
      place.replaceChildren(...curveFigures(known[select.value]).filter(Boolean));
    }
    select.addEventListener("change", () => { draw(); fitCharts(); });
    draw();
    if (isRated)
      return h("section", {},
        h("h2", {}, known.some((c) => c.scatter.length) ? "Ratings and labels" : "Spread of the ratings"),
        known.length > 1 ? h("div", { class: "controls" }, h("label", {}, "Rows ", select)) : null,
        place);
    return h("section", {}, h("h2", {}, "Calibration and length"),
      h("p", { class: "muted" }, "How often what the judge said with a probability came true (of a " +
        "pair: the response it leans to), and how the share of wins goes with the length."),
      known.length > 1 ? h("div", { class: "controls" }, h("label", {}, "Rows ", select)) : null,
      place);
  }

  // --- models --------------------------------------------------------------------------------

  function share(x, num) {
    const made = h("td", { title: num ? plural(num, "pair") : undefined },
      isKnown(x) ? (100 * x).toFixed(0) : "–",
      num ? [h("br"), h("span", { class: "muted" }, `n ${count(num)}`)] : null);
    if (isKnown(x)) {
      const colour = x < 0.5 ? "var(--warm)" : "var(--accent)";
      made.style.background =
        `color-mix(in srgb, ${colour} ${Math.round(Math.abs(x - 0.5) * 110)}%, var(--bg))`;
    }
    return made;
  }

  function ownFamily(own) {
    if (!own.num) return null;
    const due = isKnown(own.is_better) ? `; by the labels ${percent(own.is_better)} would be due` : "";
    return h("p", {}, `Its own family (${own.family}) wins ${percent(own.wins)} of ` +
      `${plural(own.num, "pair")} against others (95 %: ${percent(own.interval[0])} to ` +
      `${percent(own.interval[1])})${due}.`);
  }

  function matrixOf(told) {
    const table = h("table", { class: told.models.length > 16 ? "matrix dense" : "matrix" },
      h("thead", {}, h("tr", {}, h("td", {}),
        told.models.map((name) => h("th", { scope: "col", title: name }, h("span", {}, name))))),
      h("tbody", {}, told.models.map((name, i) => h("tr", {},
        h("th", { scope: "row", title: name }, name),
        told.wins[i].map((x, j) => share(x, told.nums[i][j]))))));
    return [h("h3", {}, told.judge || "Judge without a name"), ownFamily(told.own),
      scroll("Wins by model", table),
      told.num_hidden ? h("p", { class: "muted" }, `${plural(told.num_hidden, "model")} less often met.`)
        : null];
  }

  function models() {
    if (!judge.models.length) return null;
    return h("section", {}, h("h2", {}, "Who wins against whom"),
      h("p", { class: "muted" }, "Per cent of pairs that the row's model wins against the column's. " +
        "A family is the first word of a name: a guess."), judge.models.map(matrixOf));
  }

  // --- the jury ------------------------------------------------------------------------------

  function jury() {
    const told = judge.jury;
    if (!told || !told.names) return null;
    const cellOf = (i, j) => i === j ? h("td", {}, "") : share(told.agreement[i][j], told.nums[i][j]);
    const rowsOf = (names) => names.map((name, i) => h("tr", {},
      h("th", { scope: "row", title: name }, name), names.map((_, j) => {
        const made = cellOf(i, j), k = told.kappa[i][j];
        if (i !== j && isKnown(k)) {
          made.title = `Cohen's kappa ${fmt(k)}, ${made.title}`;
          made.append(h("br"), h("span", { class: "muted" }, `κ ${k.toFixed(2)}`));
        }
        return made;
      })));
    return h("section", {}, h("h2", {}, "The jury"),
      h("p", {}, `Fleiss' kappa ${fmt(told.fleiss)} over ${plural(told.num_items, "item")} that two ` +
        "or more jurors judged."),
      h("p", { class: "muted" }, "Per cent of items on which the row's juror and the column's gave " +
        "the same verdict, the items that both judged, and Cohen's kappa."),
      scroll("Agreement of jurors", h("table", { class: "matrix" },
        h("thead", {}, h("tr", {}, h("td", {}),
          told.names.map((name) => h("th", { scope: "col", title: name }, h("span", {}, name))))),
        h("tbody", {}, rowsOf(told.names)))));
  }

  // --- what failed, what it took -------------------------------------------------------------

  function failures() {
    if (!judge.reasons.length && !judge.messages.length) return null;
    const reasons = judge.reasons.map((one) => h("tr", {}, h("td", {}, count(one.count)),
      h("td", { class: "text" }, one.reason)));
    const messages = judge.messages.map((one) => h("tr", {}, h("td", {}, count(one.count)),
      h("td", { class: "text short" }, one.kind), h("td", { class: "text" }, one.message),
      h("td", { class: "text" }, one.where)));
    const more = judge.num_other_messages;
    return h("section", {}, h("h2", {}, "Without a verdict"),
      reasons.length ? scroll("Reasons", h("table", { class: "errors" },
        head([["Items"], ["Reason", true]]), h("tbody", {}, reasons))) : null,
      messages.length ? scroll("Messages", h("table", { class: "wide errors" },
        head([["Count"], ["Kind", true], ["Message (first of its kind)", true], ["First seen", true]]),
        h("tbody", {}, messages))) : null,
      more ? h("p", { class: "muted" }, `${plural(more, "further message")} of other kinds.`) : null);
  }

  function usage() {
    const told = Object.entries(judge.usage);
    if (!told.length) return null;
    return h("section", {}, h("h2", {}, "Calls"), scroll("Calls", h("table", {}, h("tbody", {},
      told.map(([name, value]) => h("tr", {},
        h("th", { scope: "row" }, name.replace(/_s$/, " (s)").replaceAll("_", " ")),
        h("td", {}, Number.isInteger(value) ? count(value) : fmt(value))))))));
  }

  // --- rows ----------------------------------------------------------------------------------

  function rowDetails(row) {
    const values = row.values.map(fmt).join(" : ");
    const title = (i) => row.texts.length > 1 ? `Response ${i + 1}` : "Response";
    return h("details", { class: "row" }, h("summary", {},
      h("span", { class: "value" }, values), h("span", { class: "where" }, row.where),
      h("span", { class: "why", dir: "auto" },
        `label ${row.gold}` + (judge.by.length ? ` · ${named(row.by)}` : ""))),
    h("div", { class: "body" },
      h("ul", { class: "chips" }, row.parts.map(([name, value]) => h("li", {}, `${name} ${fmt(value)}`))),
      block("Prompt", row.prompt),
      row.texts.map((text, i) =>
        block(`${title(i)}, ${plural(row.lengths[i], "character")}: ${fmt(row.values[i])}`, text)),
      row.notes.slice(0, 1).map((note) => block("What the judge said", note))));
  }

  function rows() {
    const isLabelled = judge.tables.some((table) => table.rows.some((row) => row.num_labelled));
    if (!isLabelled) return null;
    return h("section", {}, h("h2", {}, "Furthest from the labels"),
      judge.worst.length ? judge.worst.map(rowDetails)
        : h("p", { class: "muted" }, "No verdict that contradicts a label."));
  }

  // --- the page ------------------------------------------------------------------------------

  const terms = new Map(judge.tables.flatMap((table) =>
    table.columns.map((column) => [column.heading, column.meaning])));
  terms.set("⟨U+202E⟩, ⟨ESC⟩", "characters of the data that are invisible or would act on the display");

  main.replaceChildren(...[
    header(page, "plaudit judge report"), facts(),
    judge.tables.length ? null : h("p", {}, "There were no verdicts."),
    ...judge.tables.flatMap((table) => [tableOf(table), byCell(table)]),
    curves(), jury(), models(), failures(), usage(), judge.tables.length ? rows() : null,
    legend([...terms])].filter(Boolean));
  fitCharts();
  addEventListener("resize", fitCharts);
})();
