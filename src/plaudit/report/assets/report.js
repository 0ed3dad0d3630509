// Puts the figures on the page. Text goes in through textContent alone; nothing here reads markup.
"use strict";
(() => {
  const { h, fmt, count, plural, tick, scroll, head, header, fact, block, legend, chart, fitCharts } = kit;
  const page = JSON.parse(document.getElementById("data").textContent);
  const main = document.getElementById("report");
  const TOTAL = "reward (total)";

  const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
  const kinds = (faulted) => Object.entries(faulted).map(([k, n]) => `${count(n)} ${k}`).join(", ");
  const nameOf = (part) => part.name === "" ? TOTAL : part.name;
  // The counts that stand beside a mean.
  function beside(part) {
    const faults = sum(part.faulted);
    return [
      `${count(part.num_scored)} scored`,
      `${count(part.num_unscored)} unscored`,
      faults ? `faulted: ${kinds(part.faulted)}` : null,
      part.num_not_applicable ? `${count(part.num_not_applicable)} not applicable` : null,
    ].filter(Boolean).join(" · ");
  }

  function facts(run) {
    const c = run.counts, total = run.parts[0], faults = sum(c.faulted);
    const groups = c.groups
      ? fact("Groups without spread", `${fmt(100 * c.equal_groups / c.groups)} %`,
        `${count(c.equal_groups)} of ${plural(c.groups, "group")}: all scores equal`)
      : null;
    return h("dl", { class: "facts" },
      fact("Mean reward", fmt(total.mean),
        `${count(c.scored)} scored, ${count(c.unscored)} unscored` +
        (total.std === null ? "" : ` · std ${fmt(total.std)}`)),
      fact("Rows", count(c.rows), null),
      fact("Bad rows", count(c.bad_rows), "could not be read", c.bad_rows > 0),
      fact("Responses", count(c.responses),
        [c.empty ? `${count(c.empty)} empty` : null, c.cut ? `${count(c.cut)} cut by limit` : null,
          c.end_marks ? `${count(c.end_marks)} with end-of-turn marks` : null,
          c.reasoning ? `${count(c.reasoning)} with reasoning in a field` : null]
          .filter(Boolean).join(", ")),
      fact("Scored", count(c.scored), null),
      fact("Unscored", count(c.unscored), "no value, in no mean", c.unscored > 0),
      fact("Faulted", count(faults), kinds(c.faulted), faults > 0),
      groups);
  }

  // --- the table of parts --------------------------------------------------------------------

  function partHeading(part) {
    const cut = part.name.lastIndexOf("/") + 1;
    return h("th", { scope: "row" },
      cut ? h("span", { class: "outer" }, part.name.slice(0, cut)) : null,
      cut ? part.name.slice(cut) : nameOf(part));
  }

  function partRow(part) {
    const cell = (text, alert) => h("td", { class: alert && "alert" }, text);
    const faults = sum(part.faulted);
    return h("tr", { class: part.name === "" && "total" },
      partHeading(part), h("td", { class: "mean" }, fmt(part.mean)),
      cell(count(part.num_scored)), cell(count(part.num_unscored), part.num_unscored > 0),
      cell(faults ? kinds(part.faulted) : "0", faults > 0), cell(count(part.num_not_applicable)),
      cell(fmt(part.std)), cell(fmt(part.low)), cell(fmt(part.high)));
  }

  function partsTable(run) {
    const labels = [["Part", true], ["Mean"], ["Scored"], ["Unscored"], ["Faulted"],
      ["Not applicable"], ["Std"], ["Min"], ["Max"]];
    const hidden = run.num_hidden_parts
      ? h("p", { class: "muted" }, `${plural(run.num_hidden_parts, "value")} of further parts are not shown.`)
      : null;
    return h("section", {}, h("h2", {}, "Parts"),
      scroll("Means of the parts", h("table", { class: "wide" },
        h("caption", {}, "Means over scored responses, with what they leave out."),
        head(labels), h("tbody", {}, run.parts.map(partRow)))), hidden);
  }

  // --- charts --------------------------------------------------------------------------------

  function barsOf(part) {
    const bars = part.values.map(([value, n]) => ({ value: fmt(value), n }));
    return (width) => Plot.plot({
      width, height: 150, marginTop: 18, marginLeft: 44, marginBottom: 24,
      ariaLabel: `Counts of ${nameOf(part)}: ` + bars.map((b) => `${b.value}: ${b.n}`).join(", "),
      x: { type: "band", domain: [...new Set(bars.map((b) => b.value))], label: null,
        padding: bars.length < 4 ? 0.6 : 0.25, tickSize: 0,
        tickRotate: bars.length > 7 ? -40 : 0 },
      y: { grid: true, ticks: 3, label: null, tickSize: 0, tickFormat: tick },
      marks: [
        Plot.barY(bars, { x: "value", y: "n", fill: "var(--accent)" }),
        Plot.text(bars, { x: "value", y: "n", text: (b) => count(b.n), dy: -7 }),
      ],
    });
  }

  function binsOf(part) {
    const { low, step, counts } = part.histogram;
    const bins = counts.map((n, i) => ({ from: low + i * step, to: low + (i + 1) * step, n }));
    return (width) => Plot.plot({
      width, height: 150, marginTop: 18, marginLeft: 44, marginBottom: 24,
      ariaLabel: `Distribution of ${nameOf(part)} from ${fmt(part.low)} to ${fmt(part.high)}, ` +
        `mean ${fmt(part.mean)}`,
      x: { label: null, ticks: Math.max(2, Math.round(width / 70)), tickSize: 3 },
      y: { grid: true, ticks: 3, label: null, tickSize: 0, tickFormat: tick },
      marks: [
        Plot.rectY(bins, { x1: "from", x2: "to", y: "n", fill: "var(--accent)", insetLeft: 0.5,
          insetRight: 0.5, title: (b) => `${fmt(b.from)} to ${fmt(b.to)}: ${count(b.n)}`, tip: true }),
        Plot.ruleX([part.mean], { stroke: "var(--warm)", strokeWidth: 1.5 }),
        Plot.text([part.mean], { x: (x) => x, frameAnchor: "top", dy: -14, fill: "var(--warm)",
          text: (x) => `mean ${fmt(x)}` }),
      ],
    });
  }

  function distribution(part) {
    const body = part.values ? chart(barsOf(part))
      : part.histogram ? chart(binsOf(part))
        : h("p", { class: "blank" }, part.num_scored ? "The range is too wide to draw." : "No scored response.");
    return h("figure", {}, h("h3", { title: nameOf(part) }, nameOf(part)),
      h("figcaption", {}, `mean ${fmt(part.mean)} · ${beside(part)}`), body);
  }

  function distributions(run) {
    const seen = run.counts.responses;
    const binned = run.parts.some((part) => part.histogram);
    const from = binned && run.num_sampled < seen
      ? ` Binned ones are drawn from a uniform sample of ${count(run.num_sampled)} of ${plural(seen, "response")}.`
      : "";
    return h("section", {}, h("h2", {}, "Distributions"),
      h("p", { class: "muted" }, `Number of responses by value.${from}`),
      h("div", { class: "charts" }, run.parts.map(distribution)));
  }

  // The extent of one coordinate, widened where it is a single point.
  function domain(points, key, log) {
    const all = points.map((point) => point[key]);
    const low = Math.min(...all), high = Math.max(...all);
    if (low < high) return [low, high];
    const margin = Math.max(1, Math.abs(low) / 2);
    return log ? [low / 2, low * 2] : [low - margin, low + margin];
  }

  // Means over up to ten equal shares of the points, by length.
  function trend(points) {
    const sorted = [...points].sort((a, b) => a.length - b.length);
    const spread = sorted.length && sorted[0].length < sorted[sorted.length - 1].length;
    const shares = spread ? Math.min(10, Math.floor(sorted.length / 10)) : 0;
    return Array.from({ length: shares }, (_, i) => {
      const some = sorted.slice(i * sorted.length / shares, (i + 1) * sorted.length / shares);
      const mean = (key) => some.reduce((total, point) => total + point[key], 0) / some.length;
      return { length: mean("length"), value: mean("value") };
    });
  }

  function pointsOf(run, index, log) {
    const values = run.points.columns[index];
    return run.points.length
      .map((length, i) => ({ length: log ? Math.max(1, length) : length, value: values[i] }))
      .filter((point) => point.value !== null);
  }

  function scatter(part, points, log) {
    const line = trend(points);
    return (width) => Plot.plot({
      width, height: Math.min(340, Math.max(220, width * 0.45)), marginLeft: 48, marginBottom: 38,
      marginTop: 20, inset: 6,
      ariaLabel: `${nameOf(part)} against response length, ${points.length} points, ` +
        `Pearson ${fmt(part.pearson_length)}, Spearman ${fmt(part.spearman_length)}`,
      x: { label: "response length, characters →", labelAnchor: "center", grid: true,
        type: log ? "log" : "linear", ticks: Math.max(3, Math.round(width / 110)),
        tickFormat: tick, domain: domain(points, "length", log) },
      y: { label: null, grid: true, ticks: 5, tickFormat: fmt, domain: domain(points, "value") },
      marks: [
        Plot.dot(points, { x: "length", y: "value", fill: "var(--accent)",
          r: points.length < 200 ? 3.2 : 2.2, fillOpacity: points.length < 200 ? 0.7 : 0.35 }),
        Plot.line(line, { x: "length", y: "value", stroke: "var(--warm)", strokeWidth: 2 }),
        Plot.dot(line, { x: "length", y: "value", r: 3, fill: "var(--warm)" }),
        Plot.tip(points, Plot.pointer({ x: "length", y: "value", maxRadius: 20,
          title: (p) => `${fmt(p.value)} at ${count(p.length)} characters` })),
      ],
    });
  }

  function isSkewed(lengths) {
    const sorted = [...lengths].sort((a, b) => a - b);
    return sorted[sorted.length - 1] > 10 * Math.max(1, sorted[sorted.length >> 1]);
  }

  function scoreAgainstLength(run) {
    const shown = run.points.length.length;
    const figure = h("figure", {});
    const select = h("select", {},
      run.parts.map((part, i) => h("option", { value: i }, nameOf(part))));
    const log = h("input", { type: "checkbox", checked: isSkewed(run.points.length) });
    function draw() {
      const part = run.parts[select.value], points = pointsOf(run, select.value, log.checked);
      const caption = `Pearson r = ${fmt(part.pearson_length)}, Spearman ρ = ` +
        `${fmt(part.spearman_length)} · mean ${fmt(part.mean)} · ${beside(part)}`;
      figure.replaceChildren(h("h3", {}, nameOf(part)), h("figcaption", {}, caption),
        points.length ? chart(scatter(part, points, log.checked))
          : h("p", { class: "blank" }, "No scored response."));
    }
    for (const control of [select, log]) {
      control.addEventListener("change", () => { draw(); fitCharts(); });
    }
    draw();
    return h("section", {}, h("h2", {}, "Score against length"),
      h("p", { class: "muted" }, `One point for each scored response of ${count(shown)}` +
        (shown < run.counts.responses ? `, a uniform sample of ${count(run.counts.responses)}` : "") +
        "; the line joins the means of equal shares of the points. Coefficients over " +
        `${plural(run.num_sampled, "response")}.`),
      h("div", { class: "controls" }, h("label", {}, "Part ", select),
        h("label", {}, log, "logarithmic length")), figure);
  }

  // --- correlation ---------------------------------------------------------------------------

  function tinted(r) {
    const cell = h("td", {}, r === null ? "–" : r.toFixed(2).replace("-0.00", "0.00"));
    if (r !== null) {
      const colour = r < 0 ? "var(--warm)" : "var(--accent)";
      cell.style.background = `color-mix(in srgb, ${colour} ${Math.round(Math.abs(r) * 55)}%, var(--bg))`;
    }
    return cell;
  }

  function correlation(run) {
    const { names, r } = run.correlation;
    const labels = [...names.map((name) => name === "" ? TOTAL : name), "length"];
    const table = h("table", { class: labels.length > 16 ? "matrix dense" : "matrix" },
      h("thead", {}, h("tr", {}, h("td", {}),
        labels.map((label) => h("th", { scope: "col", title: label }, h("span", {}, label))))),
      h("tbody", {}, r.map((row, i) =>
        h("tr", {}, h("th", { scope: "row", title: labels[i] }, labels[i]), row.map(tinted)))));
    const left = run.parts.length - names.length;
    return h("section", {}, h("h2", {}, "Correlation between parts"),
      h("p", { class: "muted" }, `Pearson's r over ${plural(run.num_sampled, "response")}, each pair ` +
        "where both are scored. Blue together, orange against each other; – where one is constant " +
        `or fewer than three have both.${left ? ` ${plural(left, "part")} left out.` : ""}`),
      scroll("Correlation between parts", table));
  }

  // --- rows ----------------------------------------------------------------------------------

  const reasonOf = (row) => [row.error, row.note].filter(Boolean).join(" · ");

  function rowBody(row) {
    const marks = [`${plural(row.length, "character")}`];
    if (row.finish_reason) marks.push(`finish reason ${row.finish_reason}`);
    if (row.count > 1) marks.push(`${count(row.count)} equal responses`);
    if (row.id) marks.push(`id ${row.id}`);
    return h("div", { class: "body" },
      h("p", { class: "muted" }, marks.join(" · ")),
      row.parts.length ? [h("h4", {}, "Parts"), h("ul", { class: "chips" },
        row.parts.map(([name, value]) => h("li", {}, `${name} ${fmt(value)}`)))] : null,
      row.error ? block(`Error${row.fault ? `, ${row.fault} fault` : ""}`, row.error) : null,
      row.note ? block("Note", row.note) : null,
      block("Prompt", row.prompt), block("Response", row.text),
      row.columns.length ? [h("h4", {}, "Columns"), scroll("Columns", h("table", {}, h("tbody", {},
        row.columns.map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, key),
          h("td", { class: "text" }, value))))))] : null);
  }

  function rowDetails(row) {
    const place = `row ${count(row.row + 1)}` +
      (row.num_responses > 1 ? `, response ${row.response + 1} of ${row.num_responses}` : "") +
      (row.count > 1 ? ` (×${count(row.count)})` : "");
    const parts = row.parts.filter(([name]) => !name.includes("/"))
      .map(([name, value]) => `${name} ${fmt(value)}`).join(", ");
    const why = (reasonOf(row) || parts || row.text || "(empty response)").slice(0, 300);
    return h("details", { class: "row" }, h("summary", {},
      h("span", { class: "value" }, fmt(row.value)), h("span", { class: "where" }, place),
      h("span", { class: "why", dir: "auto" },
        row.fault ? [h("span", { class: "badge" }, `${row.fault} fault`), " "] : null, why)),
    rowBody(row));
  }

  function rowList(title, rows, none) {
    return [h("h3", {}, title),
      rows.length ? rows.map(rowDetails) : h("p", { class: "muted" }, none)];
  }

  function rowsSection(run) {
    const { worst, best, failed } = run.rows;
    return h("section", {}, h("h2", {}, "Rows to look at"),
      h("p", { class: "muted" },
        "Value, place and reason; open one to read it. Equal responses with equal scores count as one."),
      rowList("Lowest", worst, "No scored response."),
      rowList("Highest", best, worst.length ? "All are listed above or score the same." : "No scored response."),
      failed.length ? rowList("First that were faulted or unscored", failed, "") : null);
  }

  // --- errors --------------------------------------------------------------------------------

  function errorTable(run) {
    if (!run.errors.length) return h("p", { class: "muted" }, "No response was faulted or unscored.");
    const labels = [["Count"], ["Fault", true], ["Message (first of its kind)", true], ["First seen", true]];
    const rows = run.errors.map((error) => h("tr", {}, h("td", {}, count(error.count)),
      h("td", { class: "text short" }, error.fault), h("td", { class: "text" }, error.message),
      h("td", { class: "text short" }, `row ${count(error.row + 1)}, response ${error.response + 1}`)));
    return [scroll("Errors", h("table", { class: "wide errors" }, head(labels), h("tbody", {}, rows))),
      run.num_other_errors
        ? h("p", { class: "muted" }, `${plural(run.num_other_errors, "further error")} of other kinds.`) : null];
  }

  function badRowTable(run) {
    const rows = run.bad_rows.map((bad) => h("tr", {}, h("th", { scope: "row" }, bad.where),
      h("td", { class: "text" }, bad.field || "–"), h("td", { class: "text" }, bad.message)));
    const more = run.counts.bad_rows - run.bad_rows.length;
    return [h("h3", {}, `Bad rows: ${count(run.counts.bad_rows)}`),
      scroll("Bad rows", h("table", { class: "wide" },
        head([["Place", true], ["Field", true], ["What is wrong", true]]), h("tbody", {}, rows))),
      more > 0 ? h("p", { class: "muted" }, `and ${plural(more, "more row")}.`) : null];
  }

  function errors(run) {
    return h("section", {}, h("h2", {}, "Errors"), errorTable(run),
      run.bad_rows.length ? badRowTable(run) : null);
  }

  // --- the page ------------------------------------------------------------------------------

  const TERMS = [
    ["Scored", "the response has a value, a low one where it is wrong."],
    ["Unscored", "there is no value and there is a reason; it is in no mean."],
    ["Faulted", "a response fault earns the reward's minimum and counts in the mean; an input fault "
      + "(a bad reference) or a system fault (a failed judge) leaves the response unscored. "
      + "A part is counted as faulted where the error names it."],
    ["Not applicable", "the part was not asked about this response: its condition did not hold, or "
      + "another part ran instead."],
    ["Groups without spread", "all scored responses to one prompt earned the same, so an advantage "
      + "within the group is zero."],
    ["⟨U+202E⟩, ⟨ESC⟩", "characters of the data that are invisible or would act on the display."],
  ];

  function runSections(run) {
    const name = page.runs.length > 1 ? h("h2", { class: "run" }, run.name) : null;
    if (!run.counts.responses) {
      return [name, facts(run), h("p", {}, "There were no responses to score."), errors(run)];
    }
    return [name, facts(run), partsTable(run), distributions(run), scoreAgainstLength(run),
      run.parts.length > 1 ? correlation(run) : null, rowsSection(run), errors(run)];
  }

  main.replaceChildren(header(page, "plaudit reward report"), ...page.runs.flatMap(runSections).filter(Boolean), legend(TERMS));
  fitCharts();
  addEventListener("resize", fitCharts);
})();
